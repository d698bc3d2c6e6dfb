"""Answers many conversations at once: each step of a model computes one token for every row of its batch.

Rows join after any step and leave after any step. Rows of one base model share a batch if their adapters can be mixed,
otherwise those of one tuned model do. Batches, and whoever answers alone, take turns step by step. Knows no text.
"""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch

from worker.engine.serving.fair_lock import FairLock
from worker.engine.serving.kv_cache import SequenceBatch, read
from worker.engine.serving.mixed_adapters import MixedAdapters
from worker.engine.serving.sampler import Sampler, SamplingParameters


@dataclass(eq=False)
class ModelHandle:
    """A model that answers; with a ``mixture`` its rows may share a batch with those of other adapters on its base."""

    model: torch.nn.Module
    mixture: MixedAdapters | None = None

    @property
    def group(self) -> object:
        """What rows that may share a batch have in common."""
        return self.mixture or self.model


@dataclass(eq=False)
class SequenceState:
    """One answer in the making; ``heard`` is told each token as it comes."""

    part: ModelHandle
    ids: list[int]
    sampling: SamplingParameters
    room: int
    ends: set[int]
    heard: Callable[[int], None]
    written: list[int] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)
    _tokens: "queue.SimpleQueue[int | BaseException | None]" = field(default_factory=queue.SimpleQueue)
    _chooser: Sampler | None = None

    def tokens(self) -> Iterator[int]:
        """Token ids as they come, to be read by another thread.

        Raises:
            BaseException: what made the work fail.
        """
        while (token := self._tokens.get()) is not None:
            if isinstance(token, BaseException):
                raise token
            yield token

    def take(self, scores: torch.Tensor, best: int | None = None) -> bool:
        """Choose the next token by the scores (vocabulary,); returns whether the answer goes on."""
        if self._chooser is None:
            self._chooser = Sampler(self.sampling, self.part.model.generation_config, scores.device)  # type: ignore[arg-type]
        if self._chooser.plain:
            token = int(scores.argmax()) if best is None else best
        else:
            token = self._chooser.choose(self.ids + self.written, scores)
        self.written.append(token)
        self.heard(token)
        self._tokens.put(token)
        return not (token in self.ends or len(self.written) >= self.room or self.stop.is_set())

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more comes."""
        if error is not None:
            self._tokens.put(error)
        self._tokens.put(None)
        self.gone.set()


class RunningBatch:
    """Rows that share steps."""

    def __init__(self) -> None:
        self.rows: list[SequenceState] = []
        self._memory = SequenceBatch()

    def admit(self, row: SequenceState) -> list[SequenceState]:
        """Read the row's conversation and take its first token; returns it if the answer ends there."""
        memory, scores = read(row.part.model, torch.tensor([row.ids], device=_device(row.part.model)))
        if row.take(scores):
            self._memory.join(memory, len(row.ids))
            self.rows.append(row)
            return []
        return [row]

    def step(self) -> list[SequenceState]:
        """One token for every row; returns those that have ended and left."""
        left = self._leave([not row.stop.is_set() for row in self.rows])
        if not self.rows:
            return left
        models = [row.part.model for row in self.rows]
        mixture = self.rows[0].part.mixture
        model = mixture.model_for(models) if mixture else models[0]
        scores = self._memory.step(model, [row.written[-1] for row in self.rows])
        best = scores.argmax(-1).tolist()
        return left + self._leave([row.take(scores[at], best[at]) for at, row in enumerate(self.rows)])

    def _leave(self, stays: list[bool]) -> list[SequenceState]:
        if all(stays):
            return []
        before, self.rows = self.rows, [row for row, stay in zip(self.rows, stays, strict=True) if stay]
        self._memory.keep([at for at, stay in enumerate(stays) if stay])
        return [row for row, stay in zip(before, stays, strict=True) if not stay]


class BatchScheduler:
    """All batches of one device, and the thread that computes them; it lives while there are rows."""

    def __init__(self, turns: FairLock, most_rows: int = 8) -> None:
        self._turns, self._most_rows = turns, most_rows
        self._lock = threading.Lock()
        self._arriving: list[SequenceState] = []
        self._batches: list[tuple[object, RunningBatch]] = []
        self._at_work = False

    def add(self, row: SequenceState) -> None:
        """The row is answered from the next step on."""
        with self._lock:
            self._arriving.append(row)
            if self._at_work:
                return
            self._at_work = True
        threading.Thread(target=self._sing, daemon=True, name="choir").start()

    @torch.no_grad()
    def _sing(self) -> None:
        while True:
            with self._lock:
                arriving, self._arriving = self._arriving, []
                self._at_work = bool(arriving or self._batches)
                if not self._at_work:
                    return
            for row in arriving:
                self._admit(row)
            for _, batch in self._batches:
                self._compute(batch.step, batch.rows)
            self._batches = [each for each in self._batches if each[1].rows]

    def _admit(self, row: SequenceState) -> None:
        if row.stop.is_set():
            row.end()
            return
        group = row.part.group
        fit = (each for its, each in self._batches if its is group and len(each.rows) < self._most_rows)
        batch = next(fit, None)
        if batch is None:
            batch = RunningBatch()
            self._batches.append((group, batch))
        self._compute(lambda: batch.admit(row), [row])

    def _compute(self, act: Callable[[], list[SequenceState]], rows: list[SequenceState]) -> None:
        """One step in its turn; whoever has ended is told when the turn is over. A failure ends all its rows."""
        failure: BaseException | None = None
        with self._turns.turn():
            try:
                ended = act()
            except BaseException as error:
                failure, ended = error, list(rows)
                rows.clear()
        for row in ended:
            row.end(failure)


def _device(model: torch.nn.Module) -> torch.device:
    return next(model.parameters()).device
