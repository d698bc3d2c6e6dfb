"""Chat generation: a conversation is tokenized with the model's template, the reply streams as decoded text.

Every tuned model is a copy of the base model's structure around the same weights in memory
(:mod:`worker.engine.serving.shared_weights`), so changing from one to another costs nothing. Concurrent replies share steps where
models allow it (:mod:`worker.engine.serving.scheduler`).
"""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from transformers import GenerationConfig

from app.errors import Rejected
from worker.engine.serving.fair_lock import FairLock
from worker.engine.serving.sampler import SamplingParameters
from worker.engine.serving.scheduler import BatchScheduler, ModelHandle, SequenceState
from worker.engine.serving.single_reply import GenerationRequest, SingleReply

# An incomplete UTF-8 sequence decodes to this character; the rest of it comes with the next token.
INCOMPLETE = "\N{REPLACEMENT CHARACTER}"
MAX_STOP_CHARACTERS = 64


@dataclass
class GenerationStats:
    """Tokens and times of one reply, filled during generation; ``finish`` is ``stop``, ``length`` or ``cancelled``."""

    prompt_tokens: int = 0
    tokens: list[int] = field(default_factory=list)
    finish: str = ""
    first_token_seconds: float = 0.0
    seconds: float = 0.0
    started_at: float = field(default_factory=time.monotonic)

    def add(self, token: int) -> None:
        """Record a new token."""
        self.seconds = time.monotonic() - self.started_at
        self.first_token_seconds = self.first_token_seconds or self.seconds
        self.tokens.append(token)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready numbers; the rate counts the tokens after the first."""
        later = max(1e-9, self.seconds - self.first_token_seconds)
        return {
            "finish": self.finish,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": len(self.tokens),
            "first_token_seconds": round(self.first_token_seconds, 4),
            "tokens_per_second": round((len(self.tokens) - 1) / later, 1) if len(self.tokens) > 1 else None,
        }


class Reply(Protocol):
    """A reply that is being generated: alone, in a batch, or by vLLM."""

    def start(self) -> None:
        """Begin to generate."""

    def cancel(self) -> None:
        """Stop after the current token and wait for it."""

    def tokens(self) -> Iterator[int]:
        """New token ids as they come."""


class ChatModel:
    """A base or tuned model with its tokenizer; with a ``scheduler`` its replies share steps with others."""

    def __init__(
        self,
        handle: ModelHandle,
        tokenizer: Any,
        context_length: int,
        lock: FairLock,
        scheduler: BatchScheduler | None = None,
    ) -> None:
        self.handle, self.tokenizer, self.context_length = handle, tokenizer, context_length
        self.lock, self.scheduler = lock, scheduler
        handle.model.eval()

    @property
    def model(self) -> torch.nn.Module:
        """The model that generates."""
        return self.handle.model

    def tokenize(self, messages: Sequence[dict[str, str]]) -> torch.Tensor:
        """Token ids (1, tokens) of a conversation in the chat template, with the generation prompt at the end.

        Control tokens that people type are tokenized as ordinary text.

        Raises:
            Rejected: the conversation leaves no room for a reply.
        """
        ids = self.tokenizer.apply_chat_template(
            list(messages),
            add_generation_prompt=True,
            sanitize_control_tokens=True,
            return_tensors="pt",
            return_dict=True,
        )["input_ids"]
        if ids.shape[1] >= self.context_length:
            raise Rejected(
                "conversation_too_long",
                f"The conversation has {ids.shape[1]:,} tokens; this model reads at most {self.context_length:,}.",
                "Shorten the last message, or start a new conversation.",
            )
        return ids  # type: ignore[no-any-return]

    @property
    def stop_ids(self) -> set[int]:
        """Tokens that end a reply."""
        return all_stop_ids(self.model.generation_config, self.tokenizer)  # type: ignore[arg-type]

    def stream(
        self, messages: Sequence[dict[str, str]], sampling: SamplingParameters, stats: GenerationStats
    ) -> Generator[str, None, None]:
        """Pieces of the reply as they come; closing the iterator stops the generation after the current token.

        ``stats`` is filled meanwhile. A stop sequence and what follows it are not given out.
        """
        ids = self.tokenize(messages)
        stats.prompt_tokens = ids.shape[1]
        max_new_tokens = min(sampling.max_tokens, self.context_length - ids.shape[1])
        stats.finish, stats.started_at = "cancelled", time.monotonic()
        reply = self._reply(ids, sampling, max_new_tokens, stats)
        try:
            reply.start()
            yield from _pieces(self, reply, sampling.stop, stats)
        finally:
            reply.cancel()

    def _reply(
        self, ids: torch.Tensor, sampling: SamplingParameters, max_new_tokens: int, stats: GenerationStats
    ) -> Reply:
        if self.scheduler is None:
            ids = ids.to(next(self.model.parameters()).device)
            request = GenerationRequest(self.model, ids, sampling, max_new_tokens, self.tokenizer.pad_token_id)
            return SingleReply(request, stats.add, self.lock)
        sequence = SequenceState(self.handle, ids[0].tolist(), sampling, max_new_tokens, self.stop_ids, stats.add)
        return BatchedReply(self.scheduler, sequence)


class BatchedReply:
    """One sequence of the batch scheduler as a reply."""

    def __init__(self, scheduler: BatchScheduler, sequence: SequenceState) -> None:
        self._scheduler, self._sequence = scheduler, sequence
        self.tokens = sequence.tokens

    def start(self) -> None:
        """Hand the sequence to the scheduler."""
        self._scheduler.add(self._sequence)

    def cancel(self) -> None:
        """Have the sequence leave its batch after the current step, and wait for it."""
        self._sequence.cancelled.set()
        self._sequence.finished.wait()


def all_stop_ids(config: GenerationConfig, tokenizer: Any) -> set[int]:
    """End-of-sequence tokens of a generation configuration and of the tokenizer."""
    ids = config.eos_token_id
    return {*(ids if isinstance(ids, list) else [ids]), tokenizer.eos_token_id} - {None}


def _pieces(model: ChatModel, reply: Reply, stops: Sequence[str], stats: GenerationStats) -> Iterator[str]:
    """Decode as far as the text is certain: whole characters, and nothing that may be the start of a stop sequence."""
    ids: list[int] = []
    sent, finish = 0, "length"
    for token in reply.tokens():
        if token in model.stop_ids:
            finish = "stop"
            break
        ids.append(token)
        text = model.tokenizer.decode(ids, skip_special_tokens=True)
        found = min(
            (at for stop in stops if (at := text.find(stop, max(0, sent - MAX_STOP_CHARACTERS))) >= 0), default=-1
        )
        if found >= 0:
            stats.finish = "stop"
            if found > sent:
                yield text[sent:found]
            return
        certain = len(text) - (1 if text.endswith(INCOMPLETE) else _uncertain(text, stops))
        if certain > sent:
            yield text[sent:certain]
            sent = certain
    remainder = model.tokenizer.decode(ids, skip_special_tokens=True)[sent:]
    if remainder:
        yield remainder
    stats.finish = finish


def _uncertain(text: str, stops: Sequence[str]) -> int:
    """Characters at the end of a text that may turn out to begin a stop sequence."""
    return max((n for stop in stops for n in range(1, len(stop)) if text.endswith(stop[:n])), default=0)
