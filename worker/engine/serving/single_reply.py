"""One answer by itself, through transformers' own ``generate``: for models whose rows cannot share a step. Knows no text."""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import torch
from transformers import StoppingCriteria, StoppingCriteriaList

from worker.engine.serving.fair_lock import FairLock
from worker.engine.serving.sampler import SamplingParameters


class SingleReply(StoppingCriteria):
    """A thread that computes, and the line of tokens it has computed; ``heard`` is told each as it comes."""

    def __init__(
        self,
        model: torch.nn.Module,
        ids: torch.Tensor,
        sampling: SamplingParameters,
        room: int,
        pad: int | None,
        heard: Callable[[int], None],
        turns: FairLock,
    ) -> None:
        self._model, self._ids, self._sampling, self._room, self._pad = model, ids, sampling, room, pad
        self._heard, self._turns = heard, turns
        self._stop = threading.Event()
        self._tokens: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)

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
        token = int(input_ids[0, -1])
        self._heard(token)
        self._tokens.put(token)
        chance = _random_state()
        self._turns.give()
        self._turns.take()
        _set_random_state(chance)
        return torch.tensor([self._stop.is_set()], device=input_ids.device)

    def _work(self) -> None:
        self._turns.take()
        try:
            self._generate()
        except BaseException as error:
            self._tokens.put(error)
        finally:
            self._turns.give()
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
        self._model.generate(  # type: ignore[operator]
            input_ids=self._ids,
            attention_mask=torch.ones_like(self._ids),
            max_new_tokens=self._room,
            pad_token_id=self._pad,
            stopping_criteria=StoppingCriteriaList([self]),
            **how,
        )


def _random_state() -> list[torch.Tensor]:
    state = [torch.get_rng_state()]
    return [*state, torch.cuda.get_rng_state()] if torch.cuda.is_available() else state


def _set_random_state(state: list[torch.Tensor]) -> None:
    torch.set_rng_state(state[0])
    if len(state) > 1:
        torch.cuda.set_rng_state(state[1])
