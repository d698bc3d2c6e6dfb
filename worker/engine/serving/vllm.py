"""Generation by vLLM instead of transformers, where it is installed, enabled, and supports base model and method.

Written against the interface that vLLM documents for 0.2x to 0.32 (``AsyncLLM.from_engine_args``, ``AsyncLLM.generate``,
``SamplingParams``, ``LoRARequest``, ``ModelRegistry``). vLLM is imported only here and only inside functions. One base model
at a time: the engine reserves its share of the GPU's memory.
"""

import asyncio
import importlib.util
import json
import logging
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig

from app.catalog.methods.base import Method
from app.catalog.methods.lora_family import LoraFamily
from app.errors import Conflict
from worker.engine.serving.chat_model import ChatModel, GenerationStats, Reply, all_stop_ids
from worker.engine.serving.mixed_adapters import UNSUPPORTED_FIELDS
from worker.engine.serving.sampler import SamplingParameters, supports_generation_config

# The largest LoRA rank of an engine, which reserves memory for it; vLLM accepts 1, 8, 16, 32, 64, 128, 256, 320 and 512.
MAX_RANK = 64
START_SECONDS = 600.0

log = logging.getLogger(__name__)


def is_installed() -> bool:
    """Whether the package is installed; it is not imported."""
    return importlib.util.find_spec("vllm") is not None


class VllmEngine:
    """The engine for one base model, and the event loop that it runs in.

    Args:
        memory: share of the GPU's memory that the engine takes, between 0 and 1.
        max_batch_size: sequences in one step.
    """

    def __init__(self, memory: float, max_batch_size: int) -> None:
        self._memory, self._max_batch_size = memory, max_batch_size
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="vllm").start()
        self._lock = threading.Lock()
        self._engine: Any = None
        self._base: Path | None = None
        self._ids: dict[str, int] = {}
        self._request_numbers = count(1)

    def supports(self, base: Path, method: Method | None, adapter: Path | None) -> bool:
        """Whether vLLM generates with this base model and, if given, adapter what transformers and peft would."""
        from vllm import ModelRegistry

        model_config = json.loads((base / "config.json").read_text(encoding="utf-8"))
        architectures = model_config.get("architectures") or []
        if not set(architectures) & set(ModelRegistry.get_supported_archs()) or not supports_generation_config(
            generation_config(base)
        ):
            return False
        if method is None or adapter is None:
            return True
        if (
            not isinstance(method, LoraFamily)
            or method.base_precision != "full"
            or not method.capabilities.mixed_batches
        ):
            return False
        config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
        plain = config.get("bias", "none") == "none" and not any(
            config.get(name) for name in (*UNSUPPORTED_FIELDS, "rank_pattern")
        )
        return plain and config["r"] <= MAX_RANK

    def chat_model(
        self, base: Path, tokenizer: Any, context_length: int, adapter: Path | None, name: str
    ) -> "VllmChatModel":
        """A model of the engine, which is started if it runs for another base model; that takes a minute.

        Args:
            base: folder of the base model.
            tokenizer: with a chat template.
            context_length: tokens of conversation and reply together.
            adapter: folder of a LoRA adapter in peft's format, or None for the base model.
            name: unique for the adapter and its content.
        """
        with self._lock:
            if base != self._base:
                self._start(base, context_length)
        lora = None
        if adapter is not None:
            from vllm.lora.request import LoRARequest

            # vLLM caches adapters by this number, so it must never stand for another one.
            number = self._ids.setdefault(name, len(self._ids) + 1)
            lora = LoRARequest(lora_name=f"adapter-{number}", lora_int_id=number, lora_path=str(adapter))
        return VllmChatModel(self, base, tokenizer, context_length, lora)

    def describe(self) -> str:
        """The base model's folder name, or empty."""
        return self._base.name if self._base else ""

    def _start(self, base: Path, context_length: int) -> None:
        if self._engine is not None:
            self._engine.shutdown()
            self._engine = self._base = None
        log.info("starting vLLM for %s", base)
        self._engine = self.submit(self._create(base, context_length)).result(START_SECONDS)
        self._base = base

    async def _create(self, base: Path, context_length: int) -> Any:
        # Called in the event loop, in which the engine reads its outputs.
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM

        return AsyncLLM.from_engine_args(
            AsyncEngineArgs(
                model=str(base),
                dtype="bfloat16",
                max_model_len=context_length,
                max_num_seqs=self._max_batch_size,
                gpu_memory_utilization=self._memory,
                enable_lora=True,
                max_loras=self._max_batch_size,
                max_lora_rank=MAX_RANK,
                trust_remote_code=False,
                disable_log_stats=True,
            )
        )

    def submit(self, coroutine: Coroutine[Any, Any, Any]) -> "Future[Any]":
        """Run a coroutine in the engine's event loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def generate(
        self, base: Path, ids: list[int], params: Any, lora: Any, on_token: Callable[[int], None]
    ) -> None:
        """Call ``on_token`` with each token of one reply; cancelling the coroutine aborts the request.

        Raises:
            Conflict: the engine runs for another base model by now.
        """
        if base != self._base:
            raise Conflict("model_changed", "The server has changed to another base model.", "Ask again.")
        request = f"answer-{next(self._request_numbers)}"
        async for output in self._engine.generate(
            {"prompt_token_ids": ids}, sampling_params=params, request_id=request, lora_request=lora
        ):
            for token in output.outputs[0].token_ids:
                on_token(token)
            if output.finished:
                return


class VllmChatModel(ChatModel):
    """A base model or adapter of the engine."""

    def __init__(self, engine: VllmEngine, base: Path, tokenizer: Any, context_length: int, lora: Any) -> None:
        self.tokenizer, self.context_length = tokenizer, context_length
        self._engine, self._base, self._lora = engine, base, lora
        self._config = generation_config(base)

    @property
    def stop_ids(self) -> set[int]:
        """Tokens that end a reply."""
        return all_stop_ids(self._config, self.tokenizer)

    def _reply(
        self, ids: torch.Tensor, sampling: SamplingParameters, max_new_tokens: int, stats: GenerationStats
    ) -> Reply:
        from vllm.sampling_params import RequestOutputKind, SamplingParams

        params = SamplingParams(
            max_tokens=max_new_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=0,
            seed=sampling.seed,
            repetition_penalty=self._config.repetition_penalty or 1.0,
            stop_token_ids=sorted(self.stop_ids),
            output_kind=RequestOutputKind.DELTA,
            detokenize=False,
        )

        def generate(on_token: Callable[[int], None]) -> "Future[Any]":
            prompt = ids[0].tolist()
            return self._engine.submit(self._engine.generate(self._base, prompt, params, self._lora, on_token))

        return VllmReply(generate, stats.add)


class VllmReply:
    """One reply that the engine generates in its event loop."""

    def __init__(
        self, generate: Callable[[Callable[[int], None]], "Future[Any]"], on_token: Callable[[int], None]
    ) -> None:
        self._generate, self._on_token = generate, on_token
        self._tokens: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()
        self._future: Future[Any] | None = None

    def start(self) -> None:
        """Submit the request to the engine."""
        self._future = self._generate(self._add)
        self._future.add_done_callback(self._finish)

    def cancel(self) -> None:
        """Abort the request."""
        if self._future is not None:
            self._future.cancel()

    def tokens(self) -> Iterator[int]:
        """New token ids as they come."""
        while (token := self._tokens.get()) is not None:
            if isinstance(token, BaseException):
                raise token
            yield token

    def _finish(self, future: "Future[Any]") -> None:
        error = None if future.cancelled() else future.exception()
        if error is not None:
            self._tokens.put(error)
        self._tokens.put(None)

    def _add(self, token: int) -> None:
        self._on_token(token)
        self._tokens.put(token)


def generation_config(base: Path) -> GenerationConfig:
    """A model's generation configuration, or one made from its configuration where it has none."""
    name = "generation_config.json"
    if (base / name).is_file():
        return GenerationConfig.from_pretrained(str(base), local_files_only=True)
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    # transformers does not annotate its constructor.
    return GenerationConfig(  # type: ignore[no-untyped-call]
        eos_token_id=config.get("eos_token_id"), pad_token_id=config.get("pad_token_id")
    )
