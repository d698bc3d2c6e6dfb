"""The loop that learns: plan, update, report, evaluate, keep. Knows nothing of how data or model came to be.

The order of rows is a function of (seed, epoch) and the learning rate a function of the step, so a run that continues
from a checkpoint does exactly what it would have done without the interruption.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from accelerate import Accelerator

from app.catalog.training import TrainingSettings
from app.errors import StudioError
from worker.engine.batches import Update, collate, count_rows, plan_epoch
from worker.engine.checkpoints import Checkpoints, Position
from worker.engine.data import Encoded
from worker.engine.memory import used_bytes
from worker.engine.model import trainable
from worker.engine.report import Report, Stopped

# A long run logs about this many points of each metric; a short one logs every update.
MOST_POINTS = 1000
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


def make_optimizer(model: torch.nn.Module, settings: TrainingSettings) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2017); biases and norms, which have one dimension, are not decayed."""
    weights = list(trainable(model).values())
    groups = [
        {"params": [each for each in weights if each.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [each for each in weights if each.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([each for each in groups if each["params"]], lr=0.0, fused=True)


class Fit:
    """One model, its data and where it stands; :meth:`run` goes from there to the last update."""

    def __init__(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        data: Encoded,
        pad_id: int,
        schedule: Schedule,
        accelerator: Accelerator,
        report: Report,
    ) -> None:
        self.model, self.optimizer, self.data, self.pad_id = model, optimizer, data, pad_id
        self.schedule, self.accelerator, self.report = schedule, accelerator, report
        self.first_step_at: float | None = None
        self._epoch: tuple[int, list[Update]] = (-1, [])
        self._losses: list[torch.Tensor] = []

    def run(
        self, position: Position, checkpoints: Checkpoints, evaluate: Callable[[int], dict[str, float]], metric: str
    ) -> None:
        """Learn until the last update; ``position`` moves along and says where the best checkpoint is.

        Args:
            evaluate: scores the validation rows after a step.
            metric: the score that decides which checkpoint is best; equal scores are decided by the lower loss.

        Raises:
            Stopped: the person asked to; a checkpoint of this very step is on disk.
            StudioError: the loss is not a finite number any more.
        """
        began = saved = told = time.monotonic()
        start, already = position.step, position.seconds
        if start in self.schedule.evaluations and position.evaluated_step < start:
            self._evaluate(position, checkpoints, evaluate, metric)
        self.model.train()
        for step in range(start + 1, self.schedule.total + 1):
            norm = self._learn(step)
            position.step = step
            now = time.monotonic()
            position.seconds = already + now - began
            self.first_step_at = self.first_step_at or now
            if step % self.schedule.log_gap == 0 or step == self.schedule.total:
                position.train_loss = self._log(
                    step, norm, (step - start) * self._rows_per_step / max(1e-9, now - began)
                )
            if step in self.schedule.evaluations:
                self._evaluate(position, checkpoints, evaluate, metric)
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

    def _learn(self, step: int) -> torch.Tensor:
        """One update: the gradient of the mean loss over all its rows, however many portions they come in."""
        update = self._update(step)
        rows = count_rows(update)
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.learning_rate(step)
        total = torch.zeros((), device=self.accelerator.device)
        for portion in update:
            ids, mask = (each.to(self.accelerator.device) for each in collate(self.data.tokens, portion, self.pad_id))
            wanted = torch.tensor([self.data.labels[row] for row in portion], device=self.accelerator.device)
            loss = torch.nn.functional.cross_entropy(self.model(ids, mask), wanted, reduction="sum") / rows
            self.accelerator.backward(loss)
            total += loss.detach()
        norm = torch.nn.utils.clip_grad_norm_(
            trainable(self.model).values(), self.schedule.settings.max_grad_norm, error_if_nonfinite=False
        )
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._losses.append(total)
        return norm

    def _update(self, step: int) -> Update:
        epoch, place = divmod(step - 1, self.schedule.steps_per_epoch)
        if self._epoch[0] != epoch:
            settings = self.schedule.settings
            plan = plan_epoch(
                self.data.lengths, seed=settings.seed, epoch=epoch, batch_size=settings.batch_size,
                accumulation=settings.accumulation,
            )  # fmt: skip
            self._epoch = (epoch, plan)
        return self._epoch[1][place]

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
                "Clone the run and lower the learning rate, to a tenth for a start. The last checkpoint is kept.",
                details={"step": step, "learning_rate": self.schedule.learning_rate(step)},
            )
        self.report.metric("train/loss", loss, step)
        self.report.metric("train/learning_rate", self.schedule.learning_rate(step), step)
        self.report.metric("train/grad_norm", float(norm), step)
        self.report.metric("train/rows_per_second", rows_per_second, step)
        self.report.metric("system/memory_bytes", used_bytes(), step)
        return loss

    def _evaluate(
        self,
        position: Position,
        checkpoints: Checkpoints,
        evaluate: Callable[[int], dict[str, float]],
        metric: str,
    ) -> None:
        self.model.eval()
        try:
            scores = evaluate(position.step)
        except Stopped:
            checkpoints.save(self.model, self.optimizer, position, {})
            raise
        self.model.train()
        position.evaluated_step = position.step
        better = position.best_step is None or _rank(scores, metric) > _rank(position.best, metric)
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


def _rank(scores: dict[str, float], metric: str) -> tuple[float, float]:
    return scores[metric], -scores["loss"]
