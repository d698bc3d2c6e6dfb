"""vLLM instead of transformers, where it is installed, wanted, and serves base model and method; the same streams of tokens.

Written against the interface that vLLM documents for 0.2x to 0.32 (``AsyncLLM.from_engine_args``, ``AsyncLLM.generate``,
``SamplingParams``, ``LoRARequest``, ``ModelRegistry``). vLLM is imported only here and only inside functions. One base model
at a time: it takes its share of the GPU's memory for itself.
"""

import asyncio
import importlib.util
import json
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import Any

import torch
from transformers import GenerationConfig

from app.catalog.methods.base import Method
from app.catalog.methods.lora_family import LoraFamily
from app.errors import Conflict
from worker.engine.serving.chat_model import ChatModel, GenerationStats, Reply
from worker.engine.serving.mixed_adapters import UNROUTED
from worker.engine.serving.sampler import SamplingParameters, is_known

# The largest rank that an engine is made for; vLLM knows 1, 8, 16, 32, 64, 128, 256, 320 and 512 and keeps room for it.
MOST_RANK = 64
START_SECONDS = 600.0

log = logging.getLogger(__name__)


def is_installed() -> bool:
    """Whether the package is there; nothing of it is imported."""
    return importlib.util.find_spec("vllm") is not None


class VllmEngine:
    """The engine for one base model, and the event loop that it runs in.

    Args:
        memory: share of the GPU's memory that the engine takes, between 0 and 1.
        most_rows: how many answers one step computes at most.
    """

    def __init__(self, memory: float, most_rows: int) -> None:
        self._memory, self._most_rows = memory, most_rows
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True, name="vllm").start()
        self._lock = threading.Lock()
        self._engine: Any = None
        self._base: Path | None = None
        self._ids: dict[str, int] = {}
        self._numbers = count(1)

    def serves(self, base: Path, method: Method | None, adapter: Path | None) -> bool:
        """Whether vLLM answers for this base model and, if given, this adapter as transformers and peft would."""
        from vllm import ModelRegistry

        told = json.loads((base / "config.json").read_text(encoding="utf-8"))
        architectures = told.get("architectures") or []
        if not set(architectures) & set(ModelRegistry.get_supported_archs()) or not is_known(generation_config(base)):
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
            config.get(name) for name in (*UNROUTED, "rank_pattern")
        )
        return plain and config["r"] <= MOST_RANK

    def speaker(
        self, base: Path, tokenizer: Any, context_length: int, adapter: Path | None, name: str
    ) -> "VllmChatModel":
        """Somebody to talk to; starts the engine, which takes a minute, and ends the one for another base model.

        Args:
            base: folder of the base model.
            tokenizer: with a chat template.
            context_length: tokens of conversation and answer together.
            adapter: folder of a LoRA adapter in peft's format, or None for the base model.
            name: one for each adapter and its content.
        """
        with self._lock:
            if base != self._base:
                self._start(base, context_length)
        lora = None
        if adapter is not None:
            from vllm.lora.request import LoRARequest

            # The number is what vLLM knows an adapter by, and it must never mean another one.
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
        self._engine = self.run(self._make(base, context_length)).result(START_SECONDS)
        self._base = base

    async def _make(self, base: Path, context_length: int) -> Any:
        # Inside the loop, in which the engine reads its outputs.
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM

        return AsyncLLM.from_engine_args(
            AsyncEngineArgs(
                model=str(base),
                dtype="bfloat16",
                max_model_len=context_length,
                max_num_seqs=self._most_rows,
                gpu_memory_utilization=self._memory,
                enable_lora=True,
                max_loras=self._most_rows,
                max_lora_rank=MOST_RANK,
                trust_remote_code=False,
                disable_log_stats=True,
            )
        )

    def run(self, work: Any) -> "Future[Any]":
        """Do this in the engine's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def tokens(self, base: Path, ids: list[int], params: Any, lora: Any, heard: Callable[[int], None]) -> None:
        """Tell each token of one answer; cancelling this makes the engine drop it."""
        if base != self._base:
            raise Conflict("model_changed", "The server has changed to another base model.", "Ask again.")
        request = f"answer-{next(self._numbers)}"
        async for output in self._engine.generate(
            {"prompt_token_ids": ids}, sampling_params=params, request_id=request, lora_request=lora
        ):
            for token in output.outputs[0].token_ids:
                heard(token)
            if output.finished:
                return


class VllmChatModel(ChatModel):
    """One model of the engine, base or adapter, ready to answer."""

    def __init__(self, answers: VllmEngine, base: Path, tokenizer: Any, context_length: int, lora: Any) -> None:
        self.tokenizer, self.context_length = tokenizer, context_length
        self._answers, self._base, self._lora = answers, base, lora
        self._config = generation_config(base)

    @property
    def ends(self) -> set[int]:
        """Tokens that end an answer."""
        told = self._config.eos_token_id
        return {*(told if isinstance(told, list) else [told]), self.tokenizer.eos_token_id} - {None}

    def _reply(self, ids: torch.Tensor, sampling: SamplingParameters, room: int, told: GenerationStats) -> Reply:
        from vllm.sampling_params import RequestOutputKind, SamplingParams

        params = SamplingParams(
            max_tokens=room,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            top_k=0,
            seed=sampling.seed,
            repetition_penalty=self._config.repetition_penalty or 1.0,
            stop_token_ids=sorted(self.ends),
            output_kind=RequestOutputKind.DELTA,
            detokenize=False,
        )
        return _VllmReply(self._answers, self._base, ids[0].tolist(), params, self._lora, told.hear)


class _VllmReply:
    """One answer in the making in the engine's loop."""

    def __init__(
        self, answers: VllmEngine, base: Path, ids: list[int], params: Any, lora: Any, heard: Callable[[int], None]
    ) -> None:
        self._answers, self._base, self._ids, self._params, self._lora = answers, base, ids, params, lora
        self._told = heard
        self._tokens: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()
        self._work: Future[Any] | None = None

    def start(self) -> None:
        self._work = self._answers.run(
            self._answers.tokens(self._base, self._ids, self._params, self._lora, self._hear)
        )
        self._work.add_done_callback(self._end)

    def cancel(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def tokens(self) -> Iterator[int]:
        while (token := self._tokens.get()) is not None:
            if isinstance(token, BaseException):
                raise token
            yield token

    def _end(self, work: "Future[Any]") -> None:
        error = None if work.cancelled() else work.exception()
        if error is not None:
            self._tokens.put(error)
        self._tokens.put(None)

    def _hear(self, token: int) -> None:
        self._told(token)
        self._tokens.put(token)


def generation_config(base: Path) -> GenerationConfig:
    """The model's own generation settings; what its configuration says where it has none."""
    name = "generation_config.json"
    if (base / name).is_file():
        return GenerationConfig.from_pretrained(str(base), local_files_only=True)
    told = json.loads((base / "config.json").read_text(encoding="utf-8"))
    return GenerationConfig(eos_token_id=told.get("eos_token_id"), pad_token_id=told.get("pad_token_id"))
