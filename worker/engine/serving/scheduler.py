"""Continuous batching: each step of a model computes one token for every sequence of its batch.

Sequences join and leave a batch after any step. Those of one base model share a batch if their adapters can be mixed, otherwise
those of one tuned model do. Batches, and replies that are computed alone, alternate on the device step by step.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch

from worker.engine.serving.fair_lock import FairLock
from worker.engine.serving.kv_cache import BatchCache, prefill
from worker.engine.serving.mixed_adapters import MixedAdapters
from worker.engine.serving.sampler import Sampler, SamplingParameters


@dataclass(eq=False)
class ModelHandle:
    """A model to generate with; with ``mixed`` its sequences may share a batch with other adapters of the same base model."""

    model: torch.nn.Module
    mixed: MixedAdapters | None = None

    @property
    def batch_key(self) -> object:
        """Sequences with the same key may share a batch."""
        return self.mixed or self.model


@dataclass(eq=False)
class SequenceState:
    """One reply that is being generated.

    Attributes:
        ids: tokens of the prompt.
        stop_ids: tokens that end the reply.
        on_token: called with each new token, in the scheduler's thread.
        cancelled: set by the reader to end it after the current step.
        finished: set when no more tokens come.
    """

    handle: ModelHandle
    ids: list[int]
    sampling: SamplingParameters
    max_new_tokens: int
    stop_ids: set[int]
    on_token: Callable[[int], None]
    generated: list[int] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)
    _tokens: "queue.SimpleQueue[int | BaseException | None]" = field(default_factory=queue.SimpleQueue)
    _sampler: Sampler | None = None

    def tokens(self) -> Iterator[int]:
        """New tokens as they come, to be read by another thread.

        Raises:
            BaseException: what made the generation fail.
        """
        while (token := self._tokens.get()) is not None:
            if isinstance(token, BaseException):
                raise token
            yield token

    def append_next(self, logits: torch.Tensor, greedy: int | None = None) -> bool:
        """Sample the next token; returns whether the reply continues.

        Args:
            logits: (vocabulary,) in fp32.
            greedy: their argmax, where it is known already.
        """
        if self._sampler is None:
            config = self.handle.model.generation_config
            self._sampler = Sampler(self.sampling, config, logits.device)  # type: ignore[arg-type]
        if self._sampler.is_greedy:
            token = int(logits.argmax()) if greedy is None else greedy
        else:
            token = self._sampler.sample(self.ids + self.generated, logits)
        self.generated.append(token)
        self.on_token(token)
        self._tokens.put(token)
        return not (token in self.stop_ids or len(self.generated) >= self.max_new_tokens or self.cancelled.is_set())

    def finish(self, error: BaseException | None = None) -> None:
        """End the stream of tokens, with an error if the generation failed."""
        if error is not None:
            self._tokens.put(error)
        self._tokens.put(None)
        self.finished.set()


class RunningBatch:
    """Sequences that share steps, and their key-value cache."""

    def __init__(self) -> None:
        self.sequences: list[SequenceState] = []
        self._cache = BatchCache()

    def admit(self, sequence: SequenceState) -> list[SequenceState]:
        """Prefill a sequence and sample its first token; returns it if it ends there."""
        model = sequence.handle.model
        cache, logits = prefill(model, torch.tensor([sequence.ids], device=_device(model)))
        if sequence.append_next(logits):
            self._cache.add(cache, len(sequence.ids))
            self.sequences.append(sequence)
            return []
        return [sequence]

    def step(self) -> list[SequenceState]:
        """One token for every sequence; returns those that have ended, which leave the batch."""
        ended = self._remove([not sequence.cancelled.is_set() for sequence in self.sequences])
        if not self.sequences:
            return ended
        models = [sequence.handle.model for sequence in self.sequences]
        mixed = self.sequences[0].handle.mixed
        model = mixed.model_for(models) if mixed else models[0]
        logits = self._cache.step(model, [sequence.generated[-1] for sequence in self.sequences])
        greedy = logits.argmax(-1).tolist()
        continues = [sequence.append_next(logits[row], greedy[row]) for row, sequence in enumerate(self.sequences)]
        return ended + self._remove(continues)

    def _remove(self, stays: list[bool]) -> list[SequenceState]:
        if all(stays):
            return []
        before = self.sequences
        self.sequences = [sequence for sequence, stay in zip(before, stays, strict=True) if stay]
        self._cache.select([row for row, stay in enumerate(stays) if stay])
        return [sequence for sequence, stay in zip(before, stays, strict=True) if not stay]


class BatchScheduler:
    """All batches of one device, and the thread that computes them, which runs while there are sequences."""

    def __init__(self, lock: FairLock, max_batch_size: int = 8) -> None:
        self._lock, self._max_batch_size = lock, max_batch_size
        self._guard = threading.Lock()
        self._arriving: list[SequenceState] = []
        self._batches: list[tuple[object, RunningBatch]] = []
        self._running = False

    def add(self, sequence: SequenceState) -> None:
        """Generate it from the next step on."""
        with self._guard:
            self._arriving.append(sequence)
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._loop, daemon=True, name="scheduler").start()

    @torch.no_grad()
    def _loop(self) -> None:
        while True:
            with self._guard:
                arriving, self._arriving = self._arriving, []
                self._running = bool(arriving or self._batches)
                if not self._running:
                    return
            for sequence in arriving:
                self._admit(sequence)
            for _, batch in self._batches:
                self._compute(batch.step, batch.sequences)
            self._batches = [(key, batch) for key, batch in self._batches if batch.sequences]

    def _admit(self, sequence: SequenceState) -> None:
        if sequence.cancelled.is_set():
            sequence.finish()
            return
        key = sequence.handle.batch_key
        fitting = (
            batch
            for batch_key, batch in self._batches
            if batch_key is key and len(batch.sequences) < self._max_batch_size
        )
        batch = next(fitting, None)
        if batch is None:
            batch = RunningBatch()
            self._batches.append((key, batch))
        self._compute(lambda: batch.admit(sequence), [sequence])

    def _compute(self, act: Callable[[], list[SequenceState]], sequences: list[SequenceState]) -> None:
        """One step under the device's lock; sequences that ended are reported after its release. A failure ends them all."""
        failure: BaseException | None = None
        with self._lock:
            try:
                ended = act()
            except BaseException as error:
                failure, ended = error, list(sequences)
                sequences.clear()
        for sequence in ended:
            sequence.finish(failure)


def _device(model: torch.nn.Module) -> torch.device:
    return next(model.parameters()).device
