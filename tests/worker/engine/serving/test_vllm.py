"""The vLLM backend against a stand-in package that takes only what vLLM's documentation names, and answers as its engine does.

It shows that the calls are right as documented; vLLM itself needs a GPU and is not installed here.
"""

import asyncio
import enum
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from app import manifest, storage
from app.catalog.methods.dora import Dora
from app.catalog.methods.ia3 import Ia3
from app.catalog.methods.lora import Lora
from app.catalog.methods.qlora import Qlora
from tests.studio.processes import wait_until
from tests.tiny_chat import CONTEXT, make_chat_base, make_tokenizer
from tests.tiny_generation import install_chat_model, make_chat_spec
from worker.engine.modeling.adapter_files import SPEC
from worker.engine.serving import vllm
from worker.engine.serving.chat_model import ChatModel, GenerationStats
from worker.engine.serving.sampler import SamplingParameters
from worker.engine.serving.vllm import VllmChatModel, VllmEngine
from worker.inference.model_pool import ModelPool

ASK = [{"role": "user", "content": "Hello?"}]


@dataclass
class AsyncEngineArgs:
    """The documented names that are used."""

    model: str
    dtype: str
    max_model_len: int
    max_num_seqs: int
    gpu_memory_utilization: float
    enable_lora: bool
    max_loras: int
    max_lora_rank: int
    trust_remote_code: bool
    disable_log_stats: bool


class RequestOutputKind(enum.Enum):
    CUMULATIVE, DELTA, FINAL_ONLY = 0, 1, 2


@dataclass
class SamplingParams:
    max_tokens: int
    temperature: float
    top_p: float
    top_k: int
    seed: int | None
    repetition_penalty: float
    stop_token_ids: list[int]
    output_kind: RequestOutputKind
    detokenize: bool


@dataclass
class LoRARequest:
    lora_name: str
    lora_int_id: int
    lora_path: str


@dataclass
class AsyncLLM:
    """Says the letters of its adapter's number, two tokens at a time, for ever or until the limit."""

    args: AsyncEngineArgs
    requests: list[dict[str, Any]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    down: bool = False

    @classmethod
    def from_engine_args(cls, engine_args: AsyncEngineArgs) -> "AsyncLLM":
        asyncio.get_running_loop()
        assert engine_args.max_lora_rank in (1, 8, 16, 32, 64, 128, 256, 320, 512)
        ENGINES.append(cls(engine_args))
        return ENGINES[-1]

    async def generate(
        self,
        prompt: dict[str, list[int]],
        sampling_params: SamplingParams,
        request_id: str,
        *,
        lora_request: LoRARequest | None = None,
    ) -> AsyncIterator[SimpleNamespace]:
        assert set(prompt) == {"prompt_token_ids"} and request_id not in [request["id"] for request in self.requests]
        self.requests.append(
            {"id": request_id, "ids": prompt["prompt_token_ids"], "how": sampling_params, "lora": lora_request}
        )
        text, token = 0, 40 + (lora_request.lora_int_id if lora_request else 0)
        try:
            while text < sampling_params.max_tokens:
                await asyncio.sleep(0)
                new = [token] * min(2, sampling_params.max_tokens - text)
                text += len(new)
                done = text >= sampling_params.max_tokens
                yield SimpleNamespace(outputs=[SimpleNamespace(token_ids=new)], finished=done)
        except (asyncio.CancelledError, GeneratorExit):
            self.dropped.append(request_id)
            raise

    def shutdown(self) -> None:
        self.down = True


ENGINES: list[AsyncLLM] = []


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package of the name, with the modules and names of the documentation."""
    ENGINES.clear()
    registry = SimpleNamespace(get_supported_archs=lambda: {"LlamaForCausalLM"})
    parts = {
        "vllm": {"ModelRegistry": registry},
        "vllm.engine": {},
        "vllm.engine.arg_utils": {"AsyncEngineArgs": AsyncEngineArgs},
        "vllm.v1": {},
        "vllm.v1.engine": {},
        "vllm.v1.engine.async_llm": {"AsyncLLM": AsyncLLM},
        "vllm.lora": {},
        "vllm.lora.request": {"LoRARequest": LoRARequest},
        "vllm.sampling_params": {"RequestOutputKind": RequestOutputKind, "SamplingParams": SamplingParams},
    }
    for name, names in parts.items():
        module = ModuleType(name)
        module.__dict__.update(names)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_chat_base(tmp_path_factory.mktemp("vllm") / "base")


def make_adapter(base: Path, folder: Path, **options: Any) -> Path:
    config = LoraConfig(**{"r": 4, "target_modules": "all-linear", **options})
    get_peft_model(AutoModelForCausalLM.from_pretrained(base), config).save_pretrained(folder)
    return folder


def test_replies_come_from_the_engine_with_sampling_and_adapter(package, base, tmp_path):
    answers, tokenizer = VllmEngine(0.7, 8), AutoTokenizer.from_pretrained(base)
    plain = answers.chat_model(base, tokenizer, CONTEXT, None, "base")
    one, other = (answers.chat_model(base, tokenizer, CONTEXT, tmp_path / name, name) for name in ("one", "other"))
    again = answers.chat_model(base, tokenizer, CONTEXT, tmp_path / "one", "one")
    stats = []
    for chat_model in (plain, one, other, again):
        stats.append(GenerationStats())
        text = "".join(chat_model.stream(ASK, SamplingParameters(5, 0.4, 0.9, 7), stats[-1]))
        assert text == tokenizer.decode(stats[-1].tokens) and stats[-1].finish == "length"
    assert [reply.tokens for reply in stats] == [[40] * 5, [41] * 5, [42] * 5, [41] * 5]
    (engine,) = ENGINES
    assert (engine.args.model, engine.args.gpu_memory_utilization, engine.args.enable_lora) == (str(base), 0.7, True)
    first = engine.requests[1]
    assert first["ids"] == one.tokenize(ASK)[0].tolist()
    assert first["lora"] == LoRARequest("adapter-1", 1, str(tmp_path / "one"))
    how = first["how"]
    assert (how.temperature, how.top_p, how.seed, how.max_tokens) == (0.4, 0.9, 7, 5)
    assert how.stop_token_ids == [tokenizer.eos_token_id] and how.output_kind is RequestOutputKind.DELTA


def test_closed_stream_aborts_the_request(package, base):
    answers = VllmEngine(0.7, 8)
    chat_model = answers.chat_model(base, AutoTokenizer.from_pretrained(base), CONTEXT, None, "base")
    stream = chat_model.stream(ASK, SamplingParameters(10**6, 0.0), stats := GenerationStats())
    # The reply ends by itself at the context length, so the stream has to be closed soon.
    next(stream)
    stream.close()
    assert stats.finish == "cancelled"
    wait_until(lambda: bool(ENGINES[0].dropped) or len(stats.tokens) >= CONTEXT - stats.prompt_tokens, "it is dropped")


def test_engine_is_replaced_for_another_base_model(package, base, tmp_path):
    answers, tokenizer = VllmEngine(0.7, 8), AutoTokenizer.from_pretrained(base)
    before = answers.chat_model(base, tokenizer, CONTEXT, None, "base")
    second = make_chat_base(tmp_path / "second", 3)
    answers.chat_model(second, tokenizer, CONTEXT, None, "second")
    assert [engine.down for engine in ENGINES] == [True, False] and answers.describe() == "second"
    with pytest.raises(Exception, match="another base model"):
        list(before.stream(ASK, SamplingParameters(4), GenerationStats()))


@pytest.mark.parametrize(
    ("method", "options", "served"),
    [
        (Lora(), {}, True),
        (Lora(), {"use_rslora": True}, True),
        (Lora(), {"r": 65}, False),
        (Lora(), {"bias": "all"}, False),
        (Dora(), {"use_dora": True}, False),
        (Qlora(), {}, False),
        (Ia3(), {}, False),
    ],
)
def test_vllm_supports_only_plain_lora_up_to_the_maximum_rank(package, base, tmp_path, method, options, served):
    adapter = make_adapter(base, tmp_path / "adapter", **options)
    assert VllmEngine(0.7, 8).supports(base, method, adapter) is served
    assert not ENGINES


def test_unknown_architectures_and_unsupported_sampling_stay_with_transformers(package, base, tmp_path):
    answers = VllmEngine(0.7, 8)
    assert answers.supports(base, None, None)
    other = make_chat_base(tmp_path / "other")
    config = (other / "config.json").read_text()
    (other / "config.json").write_text(config.replace("LlamaForCausalLM", "NobodyForCausalLM"))
    assert not answers.supports(other, None, None)
    (other / "config.json").write_text(config)
    (other / "generation_config.json").write_text('{"min_p": 0.2}')
    assert not answers.supports(other, None, None)


def test_model_pool_uses_vllm_where_supported_and_transformers_otherwise(package, studio_home, tmp_path):
    name = install_chat_model()
    held = ModelPool()
    held._vllm = VllmEngine(0.7, 8)
    folders = {}
    for kind, options in (("lora", {}), ("dora", {"use_dora": True})):
        folders[kind] = make_adapter(storage.model_dir(name), tmp_path / kind, **options)
        make_tokenizer().save_pretrained(folders[kind])
        spec = make_chat_spec({"kind": kind}).model_copy(update={"base_model": name})
        (folders[kind] / SPEC).write_text(spec.model_dump_json())
        manifest.write(folders[kind])
    found = [held.chat_model(name, folder) for folder in (None, folders["lora"], folders["dora"])]
    assert [type(model) for model in found] == [VllmChatModel, VllmChatModel, ChatModel]
    assert "".join(found[1].stream(ASK, SamplingParameters(3), stats := GenerationStats())) and stats.tokens == [41] * 3
    assert held.status().vllm and held.status().bases == [name]


def test_vllm_is_not_used_without_its_package(monkeypatch):
    assert not vllm.is_installed()
