"""When things happen in a run, counted in updates ("steps"), and the optimizer that takes them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from app.catalog.card import BaseModelCard
from app.catalog.default_rate import default_rate
from app.catalog.spec import RunSpec
from app.catalog.training import TrainingSettings
from worker.engine.modeling.parameters import trainable_parameters

# A long run logs about this many points of each metric; a short one logs every update.
MAX_POINTS = 1000


@dataclass(frozen=True)
class Schedule:
    """Steps are counted from 1; ``rate`` is the peak learning rate."""

    settings: TrainingSettings
    rows: int
    rate: float

    @property
    def steps_per_epoch(self) -> int:
        """Updates that see every row once."""
        return math.ceil(self.rows / self.settings.batch_size)

    @property
    def total(self) -> int:
        """Updates in the whole run; at least one."""
        return self.settings.updates(self.rows)

    @property
    def evaluations(self) -> set[int]:
        """Steps after which the validation rows are scored; always includes the last."""
        gap = self.steps_per_epoch / self.settings.evaluations_per_epoch
        return {max(1, round(gap * k)) for k in range(1, int(self.total / gap) + 1)} | {self.total}

    @property
    def log_gap(self) -> int:
        """Updates between two points of a curve."""
        return max(1, self.total // MAX_POINTS)

    def learning_rate(self, step: int) -> float:
        """Rate of update ``step``: linear warm-up, then linear decay towards zero."""
        warmup_steps = self.settings.warmup_steps(self.total)
        warmup = step / warmup_steps if step < warmup_steps else 1.0
        return self.rate * warmup * (self.total - step + 1) / self.total


def plan(spec: RunSpec, base: BaseModelCard, rows: int) -> Schedule:
    """The schedule of a run on this many training rows; a rate that was left open is the method's own for so many updates."""
    wanted = spec.training.learning_rate
    if isinstance(wanted, float):
        return Schedule(spec.training, rows, wanted)
    return Schedule(spec.training, rows, default_rate(spec.method, base, spec.training, rows).rate)


def make_optimizer(
    model: torch.nn.Module, settings: TrainingSettings, rate_factor: Callable[[str], float] = lambda name: 1.0
) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2017); biases and norms, which have one dimension, are not decayed.

    ``rate_factor`` gives for a parameter's name by what the schedule's rate is multiplied.
    """
    groups: dict[tuple[bool, float], list[torch.nn.Parameter]] = {}
    for name, weight in trainable_parameters(model).items():
        groups.setdefault((weight.ndim < 2, rate_factor(name)), []).append(weight)
    return torch.optim.AdamW(
        [
            {"params": weights, "weight_decay": 0.0 if flat else settings.weight_decay, "rate_factor": factor}
            for (flat, factor), weights in sorted(groups.items(), key=lambda entry: entry[0])
        ],
        lr=0.0,
        fused=True,
    )
