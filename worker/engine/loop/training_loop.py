"""The training loop: updates, metrics, evaluations, checkpoints.

The order of rows is a function of (seed, epoch) and the learning rate a function of the step, so a run that continues from a
checkpoint does exactly what it would have done without the interruption.
"""

import math
import time
from collections.abc import Callable

import torch

from app.catalog.best_check import is_better
from app.catalog.task_types.base import TaskType
from app.errors import StudioError
from app.run_report import Stopped
from worker.engine.batching.batches import TOKEN_BUDGET, Update, cut, plan_epoch
from worker.engine.loop.checkpoints import Checkpoints
from worker.engine.loop.gradient_check import GradientCheck
from worker.engine.loop.schedule import Schedule
from worker.engine.loop.trainer_state import TrainerState
from worker.engine.modeling.parameters import trainable_parameters
from worker.engine.reporting.device_use import DeviceUse
from worker.engine.runtime.distributed import (
    broadcast_object,
    check_parameters_equal,
    reduce_gradients,
    seed_step,
    shard,
)
from worker.engine.runtime.memory import used_bytes
from worker.engine.tasks.base import TaskFamily

PROGRESS_SECONDS = 0.3
CHECKPOINT_SECONDS = 60.0

Evaluate = Callable[[int], dict[str, float]]


class TrainingLoop:
    """One model, its data and its optimizer; :meth:`run` trains from a state to the last update.

    ``model`` is the family's, prepared for mixed precision; ``schedule`` may be replaced before :meth:`run`.
    """

    def __init__(
        self, model: torch.nn.Module, optimizer: torch.optim.Optimizer, schedule: Schedule, family: TaskFamily
    ) -> None:
        self.model, self.optimizer, self.schedule = model, optimizer, schedule
        self.training_data, self.accelerator, self.report = family.training_data, family.accelerator, family.report
        self._starts_from_probe = family.starts_from_probe
        self.first_step_at: float | None = None
        self._method, self._adapter = family.job.spec.method, family.body
        self._portions, self._max_seconds = family.job.portions, family.job.max_seconds
        self._gradient_check: GradientCheck | None = None
        self._epoch: tuple[int, list[Update]] = (-1, [])
        self._losses: list[torch.Tensor] = []
        self._device_use = DeviceUse()

    def run(  # noqa: C901 - the order of a step is readable in one place
        self, state: TrainerState, checkpoints: Checkpoints, evaluate: Evaluate, task: TaskType
    ) -> None:
        """Train until the last update; ``state`` is kept up to date and says which checkpoint is best.

        A run that starts from the linear probe is scored before the first update too, so that the probe is the first best.

        Args:
            evaluate: scores the validation rows after a step.
            task: its primary metric decides which checkpoint is best; between close ones the lower loss.

        Raises:
            Stopped: the run was asked to stop; a checkpoint of this very step is on disk.
            StudioError: the loss is not finite any more, or the time is used up.
        """
        began = saved = reported = time.monotonic()
        start, seconds_before = state.step, state.seconds
        if self._is_start(state) or (start in self.schedule.evaluations and state.evaluated_step < start):
            self._evaluate(state, checkpoints, evaluate, task)
        self._gradient_check = GradientCheck(self._adapter, start, self.schedule.total)
        self.model.train()
        for step in range(start + 1, self.schedule.total + 1):
            if self._stops_early(state):
                break
            norm = self._update_weights(step)
            state.step = step
            now = time.monotonic()
            state.seconds = broadcast_object(seconds_before + now - began)
            self.first_step_at = self.first_step_at or now
            if step % self.schedule.log_gap == 0 or step == self.schedule.total:
                rows = (step - start) * self._rows_per_step
                state.train_loss = self._log(step, norm, rows / max(1e-9, now - began))
            if step in self.schedule.evaluations:
                self._evaluate(state, checkpoints, evaluate, task)
                saved = time.monotonic()
            elif now - saved > CHECKPOINT_SECONDS:
                checkpoints.save(self.model, self.optimizer, state, {})
                saved = time.monotonic()
            if now - reported > PROGRESS_SECONDS or step in (start + 1, self.schedule.total):
                reported = now
                self._report_progress(step, (now - began) / (step - start), state.train_loss)
            if self.report.should_stop():
                checkpoints.save(self.model, self.optimizer, state, {})
                raise Stopped
            if self._max_seconds and state.seconds > self._max_seconds:
                checkpoints.save(self.model, self.optimizer, state, {})
                raise _time_limit_reached(self._max_seconds, step)
        if state.evaluated_step < state.step:
            self._evaluate(state, checkpoints, evaluate, task)

    def _is_start(self, state: TrainerState) -> bool:
        """Whether the linear probe, which the run starts from, is still to be scored."""
        return self._starts_from_probe and state.step == 0 and state.best_step is None

    def dry_step(self, step: int) -> None:
        """One update that belongs to no run: it is neither reported nor saved."""
        self._update_weights(step)
        self._losses.clear()

    def _stops_early(self, state: TrainerState) -> bool:
        """Whether to end before the last update: evaluations stopped improving, or the time limit is reached."""
        settings = self.schedule.settings
        if settings.patience and state.stale >= settings.patience:
            self.report.event(
                "notice",
                f"Stopped early after step {state.step}: {state.stale} checks in a row were no better than "
                + (f"the one after step {state.best_step}, which is kept." if state.best_step else "the linear probe."),
                step=state.step,
            )
            return True
        # A limit on the run: of a cross-validation every training gets the same part of it.
        limit = (settings.time_limit_minutes or 0.0) / settings.trainings
        if limit and state.seconds >= limit * 60:
            self.report.event(
                "notice",
                f"The time limit of {limit:.3g} minutes was reached after step {state.step} of "
                f"{self.schedule.total}; the run ends with the best check so far.",
                severity="warning",
                step=state.step,
            )
            return True
        return False

    def _update_weights(self, step: int) -> torch.Tensor:
        """One update by the gradient of the mean loss over its rows (or words), whatever micro-batches they come in.

        Returns:
            The norm of the gradient before clipping (scalar).
        """
        update = self._update(step)
        self.training_data.begin(update)
        weight = self.training_data.weight(update)
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.learning_rate(step) * group.get("rate_factor", 1.0)
        total = torch.zeros((), device=self.accelerator.device)
        seed_step(self.schedule.settings.seed, step, self.accelerator)
        for micro_batch in self._own_share(update):
            loss = self.training_data.loss(self.model, micro_batch) / weight
            self.accelerator.backward(loss)
            total += loss.detach()
        total = reduce_gradients(trainable_parameters(self.model).values(), total, self.accelerator)
        if self._gradient_check:
            self._gradient_check.after_backward(step)
        self._method.before_update(self._adapter, step)
        norm = torch.nn.utils.clip_grad_norm_(
            trainable_parameters(self.model).values(), self.schedule.settings.max_grad_norm, error_if_nonfinite=False
        )
        self.optimizer.step()
        self._method.after_update(self._adapter, step)
        if self._gradient_check:
            self._gradient_check.after_update(step)
        self.optimizer.zero_grad(set_to_none=True)
        self._losses.append(total)
        return norm

    def _update(self, step: int) -> Update:
        epoch, number = divmod(step - 1, self.schedule.steps_per_epoch)
        if self._epoch[0] != epoch:
            settings = self.schedule.settings
            updates = plan_epoch(
                self.training_data.lengths,
                seed=settings.seed,
                epoch=epoch,
                batch_size=settings.batch_size,
                accumulation=settings.accumulation * self._portions,
                budget=max(1, TOKEN_BUDGET // self._portions),
            )
            self._epoch = (epoch, updates)
        return self._epoch[1][number]

    def _own_share(self, update: Update) -> Update:
        """The micro-batches that this process computes of an update."""
        if self.accelerator.num_processes == 1:
            return update
        rows = list(shard([row for micro_batch in update for row in micro_batch], self.accelerator))
        accumulation = self.schedule.settings.accumulation * self._portions
        budget = max(1, TOKEN_BUDGET // self._portions)
        return cut(rows, self.training_data.lengths, budget, accumulation) if rows else []

    @property
    def _rows_per_step(self) -> float:
        return self.schedule.rows / self.schedule.steps_per_epoch

    def _log(self, step: int, norm: torch.Tensor, rows_per_second: float) -> float:
        loss = float(torch.stack(self._losses).mean())
        self._losses.clear()
        rate = self.schedule.learning_rate(step)
        if not math.isfinite(loss):
            raise StudioError(
                "diverged",
                f"The training loss became {loss} at step {step}: the training diverged.",
                "Clone the run and lower the learning rate, to a tenth for a start. The last checkpoint with finite numbers "
                "is kept.",
                details={"step": step, "learning_rate": rate},
            )
        metrics = {
            "train/loss": loss,
            "train/learning_rate": rate,
            "train/grad_norm": float(norm),
            "train/rows_per_second": rows_per_second,
            "system/memory_bytes": used_bytes(),
            **self._device_use.read(),
        }
        for key, value in metrics.items():
            self.report.metric(key, value, step)
        return loss

    def _evaluate(self, state: TrainerState, checkpoints: Checkpoints, evaluate: Evaluate, task: TaskType) -> None:
        self.model.eval()
        try:
            scores = evaluate(state.step)
        except Stopped:
            checkpoints.save(self.model, self.optimizer, state, {})
            raise
        self.model.train()
        if self._gradient_check:
            self._gradient_check.after_evaluation()
        check_parameters_equal(self.model, self.accelerator)
        state.evaluated_step = state.step
        if state.step == 0:
            state.start = scores
        better = state.best_step is None or is_better(scores, state.best, state.start, task)
        state.stale = 0 if better else state.stale + 1
        if better:
            state.best_step, state.best = state.step, scores
        checkpoints.save(self.model, self.optimizer, state, scores)

    def _report_progress(self, step: int, seconds_per_step: float, loss: float | None) -> None:
        self.report.progress(
            step=step,
            total_steps=self.schedule.total,
            epoch=step / self.schedule.steps_per_epoch,
            eta_seconds=seconds_per_step * (self.schedule.total - step),
            rows_per_second=self._rows_per_step / max(1e-9, seconds_per_step),
            memory_bytes=used_bytes(),
            **({} if loss is None else {"loss": loss}),
        )


def _time_limit_reached(seconds: float, step: int) -> StudioError:
    return StudioError(
        "time_limit",
        f"The run used up the {seconds / 3600:g} hours of training that one run may take here, after step {step}.",
        "The last checkpoint is kept. Ask the administrator of this studio for more time, then resume the run.",
        details={"step": step, "seconds": seconds},
    )
