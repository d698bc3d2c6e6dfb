"""The loop that learns: plan, update, report, evaluate, keep. Knows nothing of how data or model came to be.

The order of rows is a function of (seed, epoch) and the learning rate a function of the step, so a run that continues
from a checkpoint does exactly what it would have done without the interruption.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from accelerate import Accelerator

from app.catalog.card import BaseModelCard
from app.catalog.methods.base import Method
from app.catalog.spec import RunSpec
from app.catalog.task_types.base import TaskType
from app.catalog.training import TrainingSettings
from app.errors import StudioError
from app.run_report import Report, Stopped
from worker.engine.batching.batches import TOKEN_BUDGET, Update, cut, plan_epoch
from worker.engine.loop.checkpoints import Checkpoints, TrainerState
from worker.engine.loop.gradient_check import GradientCheck
from worker.engine.modeling.parameters import trainable_parameters
from worker.engine.reporting.device_use import DeviceUse
from worker.engine.runtime.distributed import ALONE, ProcessGroup
from worker.engine.runtime.memory import used_bytes
from worker.engine.tasks.base import TrainingData

# A long run logs about this many points of each metric; a short one logs every update.
MOST_POINTS = 1000
# Shares that differ by less than this between two checks on some hundred rows differ by chance; the loss, which looks at
# every probability, tells such checks apart. On Banking77 it chose 0.936 where two rows more had chosen 0.933.
CLOSE = 0.01
PROGRESS_SECONDS = 0.3
CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True)
class Schedule:
    """When things happen, all in updates ("steps") counted from 1."""

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
        return max(1, round(self.settings.epochs * self.steps_per_epoch))

    @property
    def evaluations(self) -> set[int]:
        """Steps after which the validation rows are scored; always includes the last."""
        gap = self.steps_per_epoch / self.settings.evaluations_per_epoch
        return {max(1, round(gap * k)) for k in range(1, int(self.total / gap) + 1)} | {self.total}

    @property
    def log_gap(self) -> int:
        """Updates between two points of a curve."""
        return max(1, self.total // MOST_POINTS)

    def learning_rate(self, step: int) -> float:
        """Rate of update ``step``: a straight climb over the warm-up, then a straight fall towards zero."""
        warmup = self.settings.warmup_ratio * self.total
        climb = step / warmup if step < warmup else 1.0
        return self.rate * climb * (self.total - step + 1) / self.total


def plan(spec: RunSpec, base: BaseModelCard, rows: int) -> Schedule:
    """The schedule of a run on this many training rows; a rate that was left open is the method's own for so many updates."""
    wanted = spec.training.learning_rate
    schedule = Schedule(spec.training, rows, wanted if isinstance(wanted, float) else 0.0)
    return schedule if schedule.rate else replace(schedule, rate=spec.method.learning_rate(base, schedule.total))


def make_optimizer(
    model: torch.nn.Module, settings: TrainingSettings, rate_factor: Callable[[str], float] = lambda name: 1.0
) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2017); biases and norms, which have one dimension, are not decayed.

    ``rate_factor`` gives for a parameter's name how many times the schedule's rate it learns with.
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


class TrainingLoop:
    """One model, its data and where it stands; :meth:`run` goes from there to the last update."""

    def __init__(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        lessons: TrainingData,
        schedule: Schedule,
        accelerator: Accelerator,
        report: Report,
        *,
        portions: int = 1,
        max_seconds: float | None = None,
        method: Method | None = None,
        adapter: torch.nn.Module | None = None,
        ranks: ProcessGroup = ALONE,
    ) -> None:
        self.ranks = ranks
        self._method, self._adapter = method or Method(kind=""), adapter or torch.nn.Module()
        self._pulse: GradientCheck | None = None
        self.portions, self.max_seconds = portions, max_seconds
        self.model, self.optimizer, self.lessons = model, optimizer, lessons
        self.schedule, self.accelerator, self.report = schedule, accelerator, report
        self.first_step_at: float | None = None
        self._epoch: tuple[int, list[Update]] = (-1, [])
        self._losses: list[torch.Tensor] = []
        self._device_use = DeviceUse()

    def run(  # noqa: C901 - the order of a step is readable in one place
        self,
        position: TrainerState,
        checkpoints: Checkpoints,
        evaluate: Callable[[int], dict[str, float]],
        task: TaskType,
    ) -> None:
        """Learn until the last update; ``position`` moves along and says where the best checkpoint is.

        Args:
            evaluate: scores the validation rows after a step.
            task: its primary metric decides which checkpoint is best; scores too close to tell by the lower loss.

        Raises:
            Stopped: the person asked to; a checkpoint of this very step is on disk.
            StudioError: the loss is not a finite number any more.
        """
        began = saved = told = time.monotonic()
        start, already = position.step, position.seconds
        if start in self.schedule.evaluations and position.evaluated_step < start:
            self._evaluate(position, checkpoints, evaluate, task)
        self._pulse = GradientCheck(self._adapter, start, self.schedule.total)
        self.model.train()
        for step in range(start + 1, self.schedule.total + 1):
            if self._is_enough(position):
                break
            norm = self._learn(step)
            position.step = step
            now = time.monotonic()
            position.seconds = self.ranks.told_by_first(already + now - began)
            self.first_step_at = self.first_step_at or now
            if step % self.schedule.log_gap == 0 or step == self.schedule.total:
                position.train_loss = self._log(
                    step, norm, (step - start) * self._rows_per_step / max(1e-9, now - began)
                )
            if step in self.schedule.evaluations:
                self._evaluate(position, checkpoints, evaluate, task)
                saved = time.monotonic()
            elif now - saved > CHECKPOINT_SECONDS:
                checkpoints.save(self.model, self.optimizer, position, {})
                saved = time.monotonic()
            if now - told > PROGRESS_SECONDS or step in (start + 1, self.schedule.total):
                told = now
                self._tell(step, start, now - began, position.train_loss)
            if self.report.should_stop():
                checkpoints.save(self.model, self.optimizer, position, {})
                raise Stopped
            if self.max_seconds and position.seconds > self.max_seconds:
                checkpoints.save(self.model, self.optimizer, position, {})
                raise _too_long(self.max_seconds, step)
        if position.evaluated_step < position.step:
            self._evaluate(position, checkpoints, evaluate, task)

    def rehearse(self, step: int) -> None:
        """One update that belongs to no run: it is neither reported nor kept."""
        self._learn(step)
        self._losses.clear()

    def _is_enough(self, position: TrainerState) -> bool:
        """Whether to end before the last update: checks bring nothing any more, or the time is used up."""
        settings = self.schedule.settings
        if settings.patience and position.stale >= settings.patience:
            self.report.event(
                "notice",
                f"Stopped early after step {position.step}: {position.stale} checks in a row were no better than the one "
                f"after step {position.best_step}, which is kept.",
                step=position.step,
            )
            return True
        if settings.time_limit_minutes and position.seconds >= settings.time_limit_minutes * 60:
            self.report.event(
                "notice",
                f"The time limit of {settings.time_limit_minutes:g} minutes was reached after step {position.step} of "
                f"{self.schedule.total}; the run ends with the best check so far.",
                severity="warning",
                step=position.step,
            )
            return True
        return False

    def _learn(self, step: int) -> torch.Tensor:
        """One update: the gradient of the mean loss over all its rows (or words), however many portions they come in."""
        update = self._update(step)
        weight = self.lessons.weight(update)
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.learning_rate(step) * group.get("rate_factor", 1.0)
        total = torch.zeros((), device=self.accelerator.device)
        self.ranks.draw(self.schedule.settings.seed, step)
        for portion in self._mine(update):
            loss = self.lessons.loss(self.model, portion) / weight
            self.accelerator.backward(loss)
            total += loss.detach()
        total = self.ranks.add_gradients(trainable_parameters(self.model).values(), total)
        if self._pulse:
            self._pulse.after_backward(step)
        self._method.before_update(self._adapter, step)
        norm = torch.nn.utils.clip_grad_norm_(
            trainable_parameters(self.model).values(), self.schedule.settings.max_grad_norm, error_if_nonfinite=False
        )
        self.optimizer.step()
        self._method.after_update(self._adapter, step)
        if self._pulse:
            self._pulse.after_update(step)
        self.optimizer.zero_grad(set_to_none=True)
        self._losses.append(total)
        return norm

    def _update(self, step: int) -> Update:
        epoch, place = divmod(step - 1, self.schedule.steps_per_epoch)
        if self._epoch[0] != epoch:
            settings = self.schedule.settings
            plan = plan_epoch(
                self.lessons.lengths,
                seed=settings.seed,
                epoch=epoch,
                batch_size=settings.batch_size,
                accumulation=settings.accumulation * self.portions,
                budget=max(1, TOKEN_BUDGET // self.portions),
            )
            self._epoch = (epoch, plan)
        return self._epoch[1][place]

    def _mine(self, update: Update) -> Update:
        """What this process computes of an update: all of it, or its share in portions as small as planned."""
        if self.ranks.count == 1:
            return update
        rows = self.ranks.share([row for portion in update for row in portion])
        portions = self.schedule.settings.accumulation * self.portions
        return cut(list(rows), self.lessons.lengths, max(1, TOKEN_BUDGET // self.portions), portions) if rows else []

    @property
    def _rows_per_step(self) -> float:
        return self.schedule.rows / self.schedule.steps_per_epoch

    def _log(self, step: int, norm: torch.Tensor, rows_per_second: float) -> float:
        loss = float(torch.stack(self._losses).mean())
        self._losses.clear()
        if not math.isfinite(loss):
            raise StudioError(
                "diverged",
                f"The training loss became {loss} at step {step}; learning broke down.",
                "Clone the run and lower the learning rate, to a tenth for a start. The last checkpoint with finite numbers "
                "is kept.",
                details={"step": step, "learning_rate": self.schedule.learning_rate(step)},
            )
        self.report.metric("train/loss", loss, step)
        self.report.metric("train/learning_rate", self.schedule.learning_rate(step), step)
        self.report.metric("train/grad_norm", float(norm), step)
        self.report.metric("train/rows_per_second", rows_per_second, step)
        self.report.metric("system/memory_bytes", used_bytes(), step)
        for key, percent in self._device_use.read().items():
            self.report.metric(key, percent, step)
        return loss

    def _evaluate(
        self,
        position: TrainerState,
        checkpoints: Checkpoints,
        evaluate: Callable[[int], dict[str, float]],
        task: TaskType,
    ) -> None:
        self.model.eval()
        try:
            scores = evaluate(position.step)
        except Stopped:
            checkpoints.save(self.model, self.optimizer, position, {})
            raise
        self.model.train()
        if self._pulse:
            self._pulse.after_evaluation()
        self.ranks.check_equal(self.model)
        position.evaluated_step = position.step
        better = position.best_step is None or _is_better(scores, position.best, task)
        position.stale = 0 if better else position.stale + 1
        if better:
            position.best_step, position.best = position.step, scores
        checkpoints.save(self.model, self.optimizer, position, scores)

    def _tell(self, step: int, start: int, seconds: float, loss: float | None) -> None:
        pace = seconds / (step - start)
        self.report.progress(
            step=step,
            total_steps=self.schedule.total,
            epoch=step / self.schedule.steps_per_epoch,
            eta_seconds=pace * (self.schedule.total - step),
            rows_per_second=self._rows_per_step / max(1e-9, pace),
            memory_bytes=used_bytes(),
            **({} if loss is None else {"loss": loss}),
        )


def _too_long(seconds: float, step: int) -> StudioError:
    return StudioError(
        "time_limit",
        f"The run used up the {seconds / 3600:g} hours of training that one run may take here, after step {step}.",
        "The last checkpoint is kept. Ask whoever runs this studio for more time, then resume the run.",
        details={"step": step, "seconds": seconds},
    )


def _is_better(scores: dict[str, float], best: dict[str, float], task: TaskType) -> bool:
    """Whether a check beats the best so far: by the task's metric, or by the loss where the metric cannot tell."""
    gap = scores[task.primary_metric] - best[task.primary_metric]
    if task.lower_is_better:
        return gap < 0 or (gap == 0 and scores["loss"] < best["loss"])
    if abs(gap) > CLOSE:
        return gap > 0
    return (scores["loss"], -gap) < (best["loss"], 0.0)
