"""Which learning rate to use: the method's own, three times of it if that learns clearly faster, or a third if it must be.

All three begin with the same weights, the same random state and the same rows in the same order, and are judged by the loss
on the validation rows, which is also read before. So few updates tell whether a higher rate learns faster, but not whether a
lower one ends better: it looks best where it has hardly moved a model that starts well, and ends worse (measured, decision
0023). A lower rate therefore goes on only where learning broke down at the method's own.

Afterwards everything is as it was before, so the run is the one that this rate alone would have made. The whole race takes at
most :data:`SHARE` of the run's updates; a run too short for that keeps the method's own rate. Knows no files; what it found is
kept in the run's first checkpoint.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from app.catalog.methods.base import Method
from app.run_report import Report
from worker.engine.loop.training_loop import PROGRESS_SECONDS, Schedule, TrainingLoop
from worker.engine.modeling.parameters import trainable_parameters
from worker.engine.tasks.base import Family

FACTORS = (1 / 3, 1.0, 3.0)
# Of the run's updates, all three together; and how many one of them needs at least for its loss to say anything: over fewer
# a low rate looks best, because it has not moved the model yet.
SHARE, LEAST_STEPS = 0.05, 10
HIGHEST = 1.0
# A higher rate's loss has to be lower by this share to replace the method's own; a rate whose loss is so many nats above that
# of the beginning has broken down.
CLEARLY, BROKEN = 0.05, 0.5


@dataclass(frozen=True)
class SearchSchedule(Schedule):
    """Few updates with a straight climb over the first third and a straight fall to the end, as the run's in small.

    Without the fall high rates would be judged in the middle of their noise.
    """

    steps: int = 1

    def learning_rate(self, step: int) -> float:
        """See :class:`Schedule`."""
        climb = max(1.0, self.steps / 3)
        return self.rate * min(step / climb, (self.steps - step + 1) / max(1.0, self.steps - climb), 1.0)


def steps_each(total: int) -> int:
    """Updates for one rate in the race of a run of ``total`` updates; 0 if it is too short for a race."""
    steps = int(SHARE * total / len(FACTORS))
    return steps if steps >= LEAST_STEPS else 0


def search(schedule: Schedule, begin: Callable[[Schedule], TrainingLoop], family: Family) -> dict[str, Any]:
    """Try the rates and put everything back.

    Args:
        schedule: the run's, at the method's own rate.
        begin: a fresh optimiser and loop for a schedule; it learns from the first row of the first pass.
        family: with its method applied.

    Returns:
        ``{"chosen": rate, "steps": updates for each, "tried": [{"rate", "loss"}], "why"}``, after a race also ``start``, the
        loss of the beginning; a loss that is no finite number is None.

    Raises:
        Stopped: the person asked to; nothing of the race is kept.
    """
    own, steps, report = schedule.rate, steps_each(schedule.total), family.report
    if not steps:
        why = (
            f"The run has {schedule.total} updates; {SHARE:.0%} of them are too few to try {len(FACTORS)} rates, so the "
            f"method's own rate for so many updates is used: {own:.3g}."
        )
        report.event("notice", why)
        return {"chosen": own, "steps": 0, "tried": [], "why": why}
    report.phase("Choosing the learning rate")
    start = _Start(family.model, family.order.spec.method, family.body)
    family.model.eval()
    begun = float(family.validate()["loss"])
    tried: list[dict[str, Any]] = []
    for rate in sorted({min(HIGHEST, own * factor) for factor in FACTORS}):
        loop = begin(SearchSchedule(schedule.settings, schedule.rows, rate, steps=steps))
        _learn(loop, steps, schedule.total, report)
        family.model.eval()
        loss = float(family.validate()["loss"]) if _is_sound(family.model) else math.inf
        tried.append({"rate": rate, "loss": loss if math.isfinite(loss) else None})
        start.restore()
    report.phase("Training")
    return _decide(tried, own, begun, steps, report)


def take(schedule: Schedule, found: dict[str, Any]) -> Schedule:
    """The run's schedule at the rate that a race chose."""
    return replace(schedule, rate=found["chosen"])


class _Start:
    """What learns, what the method remembers and the random state, before the race."""

    def __init__(self, model: torch.nn.Module, method: Method, adapter: torch.nn.Module) -> None:
        self._model, self._method, self._adapter = model, method, adapter
        self._weights = {name: each.detach().clone() for name, each in trainable_parameters(model).items()}
        self._extra = {name: each.detach().clone() for name, each in method.extra_state(adapter).items()}
        self._random = _random_state()

    def restore(self) -> None:
        with torch.no_grad():
            for name, each in trainable_parameters(self._model).items():
                each.copy_(self._weights[name])
                each.grad = None
        self._method.restore_extra_state(self._adapter, {name: each.clone() for name, each in self._extra.items()})
        torch.set_rng_state(self._random[0])
        if len(self._random) > 1:
            torch.cuda.set_rng_state(self._random[1])


def _random_state() -> list[torch.Tensor]:
    state = [torch.get_rng_state()]
    return [*state, torch.cuda.get_rng_state()] if torch.cuda.is_available() else state


def _learn(loop: TrainingLoop, steps: int, total: int, report: Report) -> None:
    told = time.monotonic()
    loop.model.train()
    for step in range(1, steps + 1):
        report.stop_if_asked()
        loop.rehearse(step)
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            report.progress(step=0, total_steps=total)


def _is_sound(model: torch.nn.Module) -> bool:
    return all(bool(torch.isfinite(each).all()) for each in trainable_parameters(model).values())


def _decide(tried: list[dict[str, Any]], own: float, begun: float, steps: int, report: Report) -> dict[str, Any]:
    best, reason = _choose(tried, own, begun)
    losses = ", ".join(f"{each['rate']:.3g}: {_loss(each['loss'])}" for each in tried)
    why = (
        f"Learning rate {best['rate']:.3g}: {reason}. Loss on the validation rows after {steps} updates: {losses}; before: "
        f"{begun:.4f}; the method's own rate is {own:.3g}."
    )
    severity = "info" if _sound(tried, begun) else "warning"
    report.event("notice", why, severity, learning_rate=best["rate"], tried=tried)
    return {"chosen": best["rate"], "steps": steps, "tried": tried, "start": begun, "why": why}


def _choose(tried: list[dict[str, Any]], own: float, begun: float) -> tuple[dict[str, Any], str]:
    """What goes on, and why in words."""
    mine = min(tried, key=lambda each: abs(math.log(each["rate"] / own)))
    sound = _sound(tried, begun)
    if not sound:
        return tried[0], f"learning broke down at each of {len(tried)} rates, and it is the lowest"
    best = min(sound, key=lambda each: each["loss"])
    if mine not in sound:
        return best, "learning broke down at the method's own rate, and it had the lowest loss of the others"
    if best["rate"] > mine["rate"] and best["loss"] < (1 - CLEARLY) * min(mine["loss"], begun):
        return best, f"it learned clearly faster than the others of {len(tried)}"
    return mine, "no higher one learned clearly faster"


def _sound(tried: list[dict[str, Any]], begun: float) -> list[dict[str, Any]]:
    return [each for each in tried if each["loss"] is not None and each["loss"] <= begun + BROKEN]


def _loss(value: float | None) -> str:
    return "broke down" if value is None else f"{value:.4f}"
