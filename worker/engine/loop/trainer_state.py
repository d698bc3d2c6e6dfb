"""How far a run has come; every checkpoint holds it as ``position.json``."""

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple


class Trial(NamedTuple):
    """A learning rate and the loss that it ended with; None if that is no finite number."""

    rate: float
    loss: float | None


@dataclass(frozen=True)
class LrSearchResult:
    """What a learning-rate search found.

    Attributes:
        chosen: the rate that the run uses.
        steps: updates of each trial; 0 if the run was too short for a search.
        why: the reason in words.
        tried: from the lowest rate to the highest.
        start: the loss before the first update, if there was a search.
    """

    chosen: float
    steps: int
    why: str
    tried: tuple[Trial, ...] = ()
    start: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The entry ``rate_race`` of ``result.json``."""
        start = {} if self.start is None else {"start": self.start}
        tried = [trial._asdict() for trial in self.tried]
        return {"chosen": self.chosen, "steps": self.steps, "tried": tried, **start, "why": self.why}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "LrSearchResult":
        """What :meth:`as_json` gave."""
        return cls(**{**values, "tried": tuple(Trial(**trial) for trial in values["tried"])})


@dataclass
class TrainerState:
    """How far a run has come.

    Attributes:
        step: updates that are done.
        evaluated_step: the step after which the validation rows were last scored.
        best_step: the step of the best evaluation, None before the first; ``best`` are its scores.
        start: scores before the first update, of a run that starts from the linear probe.
        train_loss: the newest point of that curve.
        seconds: spent training, over all attempts.
        stale: evaluations since the best one.
        total: updates that were planned.
        identity: what the checkpoint belongs to; see :mod:`worker.engine.loop.checkpoint_identity`.
        lr_search: if there was one.
    """

    step: int = 0
    evaluated_step: int = 0
    best_step: int | None = None
    best: dict[str, float] = field(default_factory=dict)
    start: dict[str, float] = field(default_factory=dict)
    train_loss: float | None = None
    seconds: float = 0.0
    stale: int = 0
    total: int = 0
    identity: dict[str, str] = field(default_factory=dict)
    lr_search: LrSearchResult | None = None

    def forget_best(self) -> None:
        """Its weights are lost: score the next checkpoint as if it were the first."""
        self.best_step, self.best, self.stale, self.evaluated_step = None, {}, 0, 0

    def as_json(self) -> dict[str, Any]:
        """The content of ``position.json``."""
        values = asdict(self)
        del values["lr_search"]
        return {**values, "race": self.lr_search.as_json() if self.lr_search else None}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "TrainerState":
        """What :meth:`as_json` gave."""
        fields = dict(values)
        found = fields.pop("race", None)
        return cls(**fields, lr_search=LrSearchResult.from_json(found) if found else None)
