"""One reply through transformers' own ``generate``, for models whose sequences cannot share a step."""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from transformers import StoppingCriteria, StoppingCriteriaList

from worker.engine.serving.fair_lock import FairLock
from worker.engine.serving.sampler import SamplingParameters


@dataclass(frozen=True)
class GenerationRequest:
    """What to generate: prompt ids (1, tokens) on the model's device, sampling, and limits."""

    model: torch.nn.Module
    ids: torch.Tensor
    sampling: SamplingParameters
    max_new_tokens: int
    pad_token_id: int | None


class SingleReply(StoppingCriteria):
    """A thread that generates, and the queue of its tokens; ``on_token`` is called with each of them."""

    def __init__(self, request: GenerationRequest, on_token: Callable[[int], None], lock: FairLock) -> None:
        self._request, self._on_token, self._lock = request, on_token, lock
        self._cancelled = threading.Event()
        self._tokens: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to generate."""
        self._thread.start()

    def cancel(self) -> None:
        """Stop after the current token and wait for it."""
        self._cancelled.set()
        self._thread.join()

    def tokens(self) -> Iterator[int]:
        """New tokens as they come."""
        while (token := self._tokens.get()) is not None:
            if isinstance(token, BaseException):
                raise token
            yield token

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **_: Any) -> torch.Tensor:
        """Called by ``generate`` after every token: pass it on, and release the device for one step of the others."""
        token = int(input_ids[0, -1])
        self._on_token(token)
        self._tokens.put(token)
        state = _random_state()
        self._lock.release()
        self._lock.acquire()
        _set_random_state(state)
        return torch.tensor([self._cancelled.is_set()], device=input_ids.device)

    def _run(self) -> None:
        self._lock.acquire()
        try:
            self._generate()
        except BaseException as error:
            self._tokens.put(error)
        finally:
            self._lock.release()
            self._tokens.put(None)

    @torch.no_grad()
    def _generate(self) -> None:
        if self._cancelled.is_set():
            return
        request, sampling = self._request, self._request.sampling
        options: dict[str, Any] = {"do_sample": False}
        if sampling.temperature > 0:
            options = {"do_sample": True, "temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": 0}
            torch.manual_seed(torch.seed() % 2**63 if sampling.seed is None else sampling.seed)
        request.model.generate(  # type: ignore[operator]
            input_ids=request.ids,
            attention_mask=torch.ones_like(request.ids),
            max_new_tokens=request.max_new_tokens,
            pad_token_id=request.pad_token_id,
            stopping_criteria=StoppingCriteriaList([self]),
            **options,
        )


def _random_state() -> list[torch.Tensor]:
    state = [torch.get_rng_state()]
    return [*state, torch.cuda.get_rng_state()] if torch.cuda.is_available() else state


def _set_random_state(state: list[torch.Tensor]) -> None:
    torch.set_rng_state(state[0])
    if len(state) > 1:
        torch.cuda.set_rng_state(state[1])
