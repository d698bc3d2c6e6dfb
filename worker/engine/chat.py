"""Writes answers to conversations, token by token. Knows no web and no person; whoever asks gets a stream of pieces.

Every tuned model is a copy of the base model's structure around the same weights in memory, so nothing that is loaded
beside it can change what it says, and changing from one to another costs nothing.
"""

import copy
import queue
import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from transformers import StoppingCriteria, StoppingCriteriaList

from app.catalog.methods.base import Method, PeftMethod
from app.errors import Rejected

# An incomplete UTF-8 sequence decodes to this character; the rest of it comes with the next token.
INCOMPLETE = "\N{REPLACEMENT CHARACTER}"
LONGEST_STOP = 64


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. ``temperature`` 0 takes the most probable one; ``seed`` makes chance repeatable."""

    max_tokens: int = 256
    temperature: float = 0.7
    top_p: float = 0.95
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass
class Told:
    """What is known of one reply while it grows; ``finish`` is ``stop``, ``length`` or ``cancelled``."""

    prompt_tokens: int = 0
    tokens: list[int] = field(default_factory=list)
    finish: str = ""
    first_token_seconds: float = 0.0
    seconds: float = 0.0

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


class Turns:
    """Lets many replies share one device: each computes one token, then goes to the end of the line."""

    def __init__(self) -> None:
        self._line: deque[threading.Event] = deque()
        self._busy = False
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for the turn; first come, first served."""
        with self._lock:
            if not self._busy:
                self._busy = True
                return
            mine = threading.Event()
            self._line.append(mine)
        mine.wait()

    def give(self) -> None:
        """End the turn; the next in line begins."""
        with self._lock:
            if self._line:
                self._line.popleft().set()
            else:
                self._busy = False

    @property
    def taken(self) -> bool:
        """Whether somebody computes."""
        return self._busy


class Speaker:
    """One model, base or tuned, with its tokenizer, ready to answer."""

    def __init__(self, model: torch.nn.Module, tokenizer: Any, context_length: int, turns: Turns) -> None:
        self.model, self.tokenizer, self.context_length, self.turns = model.eval(), tokenizer, context_length, turns

    def read(self, messages: Sequence[dict[str, str]]) -> torch.Tensor:
        """Token ids (1, tokens) of a conversation as the tokenizer's template writes it, ready for an answer.

        Control tokens that people type are read as ordinary text.

        Raises:
            Rejected: the conversation leaves no room for an answer.
        """
        ids = self.tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=True, sanitize_control_tokens=True, return_tensors="pt",
            return_dict=True,
        )["input_ids"]  # fmt: skip
        if ids.shape[1] >= self.context_length:
            raise Rejected(
                "conversation_too_long",
                f"The conversation has {ids.shape[1]:,} tokens; this model reads at most {self.context_length:,}.",
                "Shorten the last message, or start a new conversation.",
            )
        return ids.to(next(self.model.parameters()).device)

    @property
    def ends(self) -> set[int]:
        """Tokens that end an answer."""
        told = self.model.generation_config.eos_token_id  # type: ignore[union-attr]
        return {*(told if isinstance(told, list) else [told]), self.tokenizer.eos_token_id} - {None}

    def stream(self, messages: Sequence[dict[str, str]], sampling: Sampling, told: Told) -> Generator[str, None, None]:
        """Pieces of the answer as they come; closing the iterator stops the work after the token at hand.

        ``told`` is filled while the answer grows. What comes after a stop sequence is not given out.
        """
        ids = self.read(messages)
        told.prompt_tokens = ids.shape[1]
        room = min(sampling.max_tokens, self.context_length - ids.shape[1])
        reply = _Reply(self, ids, sampling, room, told)
        told.finish = "cancelled"
        try:
            reply.start()
            yield from _pieces(self, reply, sampling.stop, told)
        finally:
            reply.cancel()


class _Reply(StoppingCriteria):
    """One answer in the making: a thread that computes, and the line of tokens it has computed."""

    def __init__(self, speaker: Speaker, ids: torch.Tensor, sampling: Sampling, room: int, told: Told) -> None:
        self._speaker, self._ids, self._sampling, self._room, self._told = speaker, ids, sampling, room, told
        self._stop = threading.Event()
        self._tokens: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._began = time.monotonic()

    def start(self) -> None:
        """Begin to compute."""
        self._thread.start()

    def cancel(self) -> None:
        """Stop after the token at hand and wait for it."""
        self._stop.set()
        self._thread.join()

    def tokens(self) -> Iterator[int]:
        """Token ids as they come."""
        while (token := self._tokens.get()) is not None:
            if isinstance(token, BaseException):
                raise token
            yield token

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **_: Any) -> torch.Tensor:
        """Called by ``generate`` after every token: pass it on, let the others have their turn."""
        now = time.monotonic() - self._began
        if not self._told.tokens:
            self._told.first_token_seconds = now
        token = int(input_ids[0, -1])
        self._told.tokens.append(token)
        self._told.seconds = now
        self._tokens.put(token)
        chance = _random_state()
        self._speaker.turns.give()
        self._speaker.turns.take()
        _set_random_state(chance)
        return torch.tensor([self._stop.is_set()], device=input_ids.device)

    def _work(self) -> None:
        self._speaker.turns.take()
        try:
            self._generate()
        except BaseException as error:  # noqa: BLE001 - handed to the reader of the stream
            self._tokens.put(error)
        finally:
            self._speaker.turns.give()
            self._tokens.put(None)

    @torch.no_grad()
    def _generate(self) -> None:
        if self._stop.is_set():
            return
        sampling = self._sampling
        how: dict[str, Any] = {"do_sample": False}
        if sampling.temperature > 0:
            how = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
            torch.manual_seed(torch.seed() % 2**63 if sampling.seed is None else sampling.seed)
        self._speaker.model.generate(  # type: ignore[operator]
            input_ids=self._ids, attention_mask=torch.ones_like(self._ids), max_new_tokens=self._room,
            pad_token_id=self._speaker.tokenizer.pad_token_id, stopping_criteria=StoppingCriteriaList([self]), **how,
        )  # fmt: skip


def _pieces(speaker: Speaker, reply: _Reply, stops: Sequence[str], told: Told) -> Iterator[str]:
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


def share(model: torch.nn.Module) -> torch.nn.Module:
    """A copy of the model's structure around the very same weights; costs no memory for them."""
    same = {id(each): each for each in chain(model.parameters(), model.buffers())}
    return copy.deepcopy(model, same)


def tune(base: torch.nn.Module, method: Method, folder: Path) -> torch.nn.Module:
    """A saved adapter on a base model that stays as it is; methods that change its own weights get weights of their own."""
    mine = share(base) if isinstance(method, PeftMethod) else copy.deepcopy(base)
    return method.load(mine, folder)


def _random_state() -> list[torch.Tensor]:
    state = [torch.get_rng_state()]
    return [*state, torch.cuda.get_rng_state()] if torch.cuda.is_available() else state


def _set_random_state(state: list[torch.Tensor]) -> None:
    torch.set_rng_state(state[0])
    if len(state) > 1:
        torch.cuda.set_rng_state(state[1])
