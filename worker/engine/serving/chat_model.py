"""Writes answers to conversations, piece by piece. Knows no web and no person; whoever asks gets a stream of text.

Every tuned model is a copy of the base model's structure around the same weights in memory (:mod:`worker.engine.serving.shared_weights`), so
changing from one to another costs nothing. Answers that are in the making at the same time share steps where models allow
it (:mod:`worker.engine.serving.scheduler`).
"""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from app.errors import Rejected
from worker.engine.serving.fair_lock import FairLock
from worker.engine.serving.sampler import SamplingParameters
from worker.engine.serving.scheduler import BatchScheduler, ModelHandle, SequenceState
from worker.engine.serving.single_reply import SingleReply

# An incomplete UTF-8 sequence decodes to this character; the rest of it comes with the next token.
INCOMPLETE = "\N{REPLACEMENT CHARACTER}"
LONGEST_STOP = 64


@dataclass
class GenerationStats:
    """What is known of one reply while it grows; ``finish`` is ``stop``, ``length`` or ``cancelled``."""

    prompt_tokens: int = 0
    tokens: list[int] = field(default_factory=list)
    finish: str = ""
    first_token_seconds: float = 0.0
    seconds: float = 0.0
    began: float = field(default_factory=time.monotonic)

    def hear(self, token: int) -> None:
        """One more token has come."""
        self.seconds = time.monotonic() - self.began
        self.first_token_seconds = self.first_token_seconds or self.seconds
        self.tokens.append(token)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready numbers; the rate counts what came after the first token."""
        later = max(1e-9, self.seconds - self.first_token_seconds)
        return {
            "finish": self.finish,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": len(self.tokens),
            "first_token_seconds": round(self.first_token_seconds, 4),
            "tokens_per_second": round((len(self.tokens) - 1) / later, 1) if len(self.tokens) > 1 else None,
        }


class Reply(Protocol):
    """An answer in the making, whoever computes it."""

    def start(self) -> None:
        """Begin to compute."""

    def cancel(self) -> None:
        """Stop after the token at hand and wait for it."""

    def tokens(self) -> Iterator[int]:
        """Token ids as they come."""


class ChatModel:
    """One model, base or tuned, with its tokenizer, ready to answer; with a ``choir`` its answers share steps."""

    def __init__(
        self,
        part: ModelHandle,
        tokenizer: Any,
        context_length: int,
        turns: FairLock,
        choir: BatchScheduler | None = None,
    ) -> None:
        self.part, self.tokenizer, self.context_length = part, tokenizer, context_length
        self.turns, self.choir = turns, choir
        part.model.eval()

    @property
    def model(self) -> torch.nn.Module:
        """What answers."""
        return self.part.model

    def read(self, messages: Sequence[dict[str, str]]) -> torch.Tensor:
        """Token ids (1, tokens) of a conversation as the tokenizer's template writes it, ready for an answer.

        Control tokens that people type are read as ordinary text.

        Raises:
            Rejected: the conversation leaves no room for an answer.
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
    def ends(self) -> set[int]:
        """Tokens that end an answer."""
        told = self.model.generation_config.eos_token_id  # type: ignore[union-attr]
        return {*(told if isinstance(told, list) else [told]), self.tokenizer.eos_token_id} - {None}

    def stream(
        self, messages: Sequence[dict[str, str]], sampling: SamplingParameters, told: GenerationStats
    ) -> Generator[str, None, None]:
        """Pieces of the answer as they come; closing the iterator stops the work after the token at hand.

        ``told`` is filled while the answer grows. What comes after a stop sequence is not given out.
        """
        ids = self.read(messages)
        told.prompt_tokens = ids.shape[1]
        room = min(sampling.max_tokens, self.context_length - ids.shape[1])
        told.finish, told.began = "cancelled", time.monotonic()
        reply = self._reply(ids, sampling, room, told)
        try:
            reply.start()
            yield from _pieces(self, reply, sampling.stop, told)
        finally:
            reply.cancel()

    def _reply(self, ids: torch.Tensor, sampling: SamplingParameters, room: int, told: GenerationStats) -> Reply:
        if self.choir is None:
            ids = ids.to(next(self.model.parameters()).device)
            return SingleReply(self.model, ids, sampling, room, self.tokenizer.pad_token_id, told.hear, self.turns)
        row = SequenceState(self.part, ids[0].tolist(), sampling, room, self.ends, told.hear)
        return _BatchedReply(self.choir, row)


class _BatchedReply:
    """One row of a choir as a reply."""

    def __init__(self, choir: BatchScheduler, row: SequenceState) -> None:
        self._choir, self._row = choir, row
        self.tokens = row.tokens

    def start(self) -> None:
        self._choir.add(self._row)

    def cancel(self) -> None:
        self._row.stop.set()
        self._row.gone.wait()


def _pieces(speaker: ChatModel, reply: Reply, stops: Sequence[str], told: GenerationStats) -> Iterator[str]:
    """Decode as far as the text is certain: whole characters, and nothing that may be the start of a stop sequence."""
    ids: list[int] = []
    given, finish = 0, "length"
    for token in reply.tokens():
        if token in speaker.ends:
            finish = "stop"
            break
        ids.append(token)
        text = speaker.tokenizer.decode(ids, skip_special_tokens=True)
        found = min((at for stop in stops if (at := text.find(stop, max(0, given - LONGEST_STOP))) >= 0), default=-1)
        if found >= 0:
            told.finish = "stop"
            if found > given:
                yield text[given:found]
            return
        certain = len(text) - (1 if text.endswith(INCOMPLETE) else _held_back(text, stops))
        if certain > given:
            yield text[given:certain]
            given = certain
    rest = speaker.tokenizer.decode(ids, skip_special_tokens=True)[given:]
    if rest:
        yield rest
    told.finish = finish


def _held_back(text: str, stops: Sequence[str]) -> int:
    """Characters at the end of a text that may turn out to begin a stop sequence."""
    return max((n for stop in stops for n in range(1, len(stop)) if text.endswith(stop[:n])), default=0)
