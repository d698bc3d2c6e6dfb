"""Learning-rate search: trains briefly at a few rates and keeps the method's own, a higher one if it learns clearly faster, or a
lower one if it must.

All trials begin with the same weights, the same random state and the same rows in the same order, and are compared by the loss on
the validation rows, which is also measured before. So few updates tell whether a higher rate learns faster, but not whether a lower
one ends better: it looks best where it has hardly moved a model that starts well, and ends worse (measured, decision 0023). A lower
rate is therefore chosen only where training diverged at the method's own.

Afterwards everything is as it was before, so the run is the one that the chosen rate alone would have made. The search takes at
most :data:`SHARE` of the run's updates; a run too short for that keeps the method's own rate.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from app.catalog.methods.base import Method
from app.run_report import Report
from worker.engine.loop.schedule import Schedule
from worker.engine.loop.trainer_state import LrSearchResult, Trial
from worker.engine.loop.training_loop import PROGRESS_SECONDS, TrainingLoop
from worker.engine.modeling.parameters import trainable_parameters
from worker.engine.tasks.base import TaskFamily

FACTORS = (1 / 3, 1.0, 3.0)
# Of the run's updates, all trials together; and how many one of them needs for its loss to say anything: over fewer a low rate
# looks best, because it has not moved the model yet.
SHARE, MIN_STEPS = 0.05, 10
MAX_RATE = 1.0
# A higher rate's loss has to be lower by this share to replace the method's own; a trial whose loss ends so many nats above that
# of the start has diverged.
CLEARLY, DIVERGED = 0.05, 0.5


@dataclass(frozen=True)
class SearchSchedule(Schedule):
    """The run's schedule in small: linear warm-up over the first third, then linear decay.

    Without the decay high rates would be compared in the middle of their noise.
    """

    steps: int = 1

    def learning_rate(self, step: int) -> float:
        """See :class:`Schedule`."""
        warmup = max(1.0, self.steps / 3)
        return self.rate * min(step / warmup, (self.steps - step + 1) / max(1.0, self.steps - warmup), 1.0)


def steps_per_trial(total: int) -> int:
    """Updates of one trial in a run of ``total`` updates; 0 if the run is too short for a search."""
    steps = int(SHARE * total / len(FACTORS))
    return steps if steps >= MIN_STEPS else 0


def search(schedule: Schedule, begin: Callable[[Schedule], TrainingLoop], family: TaskFamily) -> LrSearchResult:
    """Try the rates and restore everything.

    Args:
        schedule: the run's, at the method's own rate.
        begin: gives a fresh optimizer and loop for a schedule, which trains from the first row of the first epoch.
        family: with its method applied.

    Raises:
        Stopped: the run was asked to stop; nothing of the search is kept.
    """
    own, steps, report = schedule.rate, steps_per_trial(schedule.total), family.report
    if not steps:
        why = (
            f"The run has {schedule.total} updates; {SHARE:.0%} of them are too few to try {len(FACTORS)} rates, so the "
            f"method's own rate for so many updates is used: {own:.3g}."
        )
        report.event("notice", why)
        return LrSearchResult(chosen=own, steps=0, why=why)
    report.phase("Choosing the learning rate")
    snapshot = _Snapshot(family.model, family.job.spec.method, family.body)
    family.model.eval()
    start = float(family.validate()["loss"])
    trials: list[Trial] = []
    for rate in sorted({min(MAX_RATE, own * factor) for factor in FACTORS}):
        loop = begin(SearchSchedule(schedule.settings, schedule.rows, rate, steps=steps))
        _train_briefly(loop, steps, schedule.total, report)
        family.model.eval()
        loss = float(family.validate()["loss"]) if _is_finite(family.model) else math.inf
        trials.append(Trial(rate, loss if math.isfinite(loss) else None))
        snapshot.restore()
    report.phase("Training")
    return _decide(trials, own, start, steps, report)


def apply(schedule: Schedule, result: LrSearchResult) -> Schedule:
    """The run's schedule at the rate that a search chose."""
    return replace(schedule, rate=result.chosen)


class _Snapshot:
    """Trainable weights, the method's extra state and the random state, to be restored after every trial."""

    def __init__(self, model: torch.nn.Module, method: Method, adapter: torch.nn.Module) -> None:
        self._model, self._method, self._adapter = model, method, adapter
        self._weights = {name: weight.detach().clone() for name, weight in trainable_parameters(model).items()}
        self._extra = {name: tensor.detach().clone() for name, tensor in method.extra_state(adapter).items()}
        self._random = _random_state()

    def restore(self) -> None:
        with torch.no_grad():
            for name, weight in trainable_parameters(self._model).items():
                weight.copy_(self._weights[name])
                weight.grad = None
        extra = {name: tensor.clone() for name, tensor in self._extra.items()}
        self._method.restore_extra_state(self._adapter, extra)
        torch.set_rng_state(self._random[0])
        if len(self._random) > 1:
            torch.cuda.set_rng_state(self._random[1])


def _random_state() -> list[torch.Tensor]:
    state = [torch.get_rng_state()]
    return [*state, torch.cuda.get_rng_state()] if torch.cuda.is_available() else state


def _train_briefly(loop: TrainingLoop, steps: int, total: int, report: Report) -> None:
    reported = time.monotonic()
    loop.model.train()
    for step in range(1, steps + 1):
        report.stop_if_asked()
        loop.dry_step(step)
        if time.monotonic() - reported > PROGRESS_SECONDS:
            reported = time.monotonic()
            report.progress(step=0, total_steps=total)


def _is_finite(model: torch.nn.Module) -> bool:
    return all(bool(torch.isfinite(weight).all()) for weight in trainable_parameters(model).values())


def _decide(trials: list[Trial], own: float, start: float, steps: int, report: Report) -> LrSearchResult:
    best, reason = _choose(trials, own, start)
    losses = ", ".join(f"{trial.rate:.3g}: {_in_words(trial.loss)}" for trial in trials)
    why = (
        f"Learning rate {best.rate:.3g}: {reason}. Loss on the validation rows after {steps} updates: {losses}; before: "
        f"{start:.4f}; the method's own rate is {own:.3g}."
    )
    severity = "info" if _stable(trials, start) else "warning"
    report.event("notice", why, severity, learning_rate=best.rate, tried=[trial._asdict() for trial in trials])
    return LrSearchResult(best.rate, steps, why, tuple(trials), start)


def _choose(trials: list[Trial], own: float, start: float) -> tuple[Trial, str]:
    """The trial whose rate is used, and the reason in words."""
    default = min(trials, key=lambda trial: abs(math.log(trial.rate / own)))
    stable = _stable(trials, start)
    if not stable:
        return trials[0], f"training diverged at each of {len(trials)} rates, and it is the lowest"
    best = min(stable, key=_loss)
    if default not in stable:
        return best, "training diverged at the method's own rate, and it had the lowest loss of the others"
    if best.rate > default.rate and _loss(best) < (1 - CLEARLY) * min(_loss(default), start):
        return best, f"it learned clearly faster than the others of {len(trials)}"
    return default, "no higher one learned clearly faster"


def _stable(trials: list[Trial], start: float) -> list[Trial]:
    return [trial for trial in trials if _loss(trial) <= start + DIVERGED]


def _loss(trial: Trial) -> float:
    return math.inf if trial.loss is None else trial.loss


def _in_words(loss: float | None) -> str:
    return "diverged" if loss is None else f"{loss:.4f}"
