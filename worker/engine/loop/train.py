"""A training run from top to bottom: read, load, score the base model, train with checkpoints, test, save.

What depends on the kind of task is in its family (:mod:`worker.engine.tasks`). Everything goes through the job's folder and the report.
"""

from dataclasses import dataclass, replace
from typing import Any

from accelerate import Accelerator
from accelerate.utils import set_seed

from app.catalog.task_types import task_type
from app.catalog.training import AUTO
from app.run_report import Report
from worker.engine.loop import checkpoints, hidden_state_cache, lr_search
from worker.engine.loop.checkpoint_identity import identify
from worker.engine.loop.checkpoints import Checkpoints
from worker.engine.loop.finalize import PhaseClock, describe_machine, finalize
from worker.engine.loop.schedule import Schedule, make_optimizer, plan
from worker.engine.loop.trainer_state import TrainerState
from worker.engine.loop.training_loop import TrainingLoop
from worker.engine.modeling.dropout import use_fast_dropout
from worker.engine.modeling.gradient_checkpointing import enable_gradient_checkpointing
from worker.engine.modeling.parameters import count_parameters
from worker.engine.modeling.precision import choose_precision
from worker.engine.reporting.results import CrossValidation, RunResults
from worker.engine.runtime.distributed import broadcast_object, broadcast_parameters
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.base import TaskFamily
from worker.engine.tasks.registry import open_family


@dataclass(frozen=True)
class Fit:
    """A trained model in its family, with the best weights; ``first_step_at`` is a moment of the monotonic clock."""

    family: TaskFamily
    schedule: Schedule
    state: TrainerState
    first_step_at: float | None


@dataclass(frozen=True)
class FoldAnswers:
    """What the folds of a cross-validation answered, reported as the results of the model that learned from all rows.

    Attributes:
        held_out: of each fold, as its family gave them.
        seconds: of training, all folds together and over all attempts.
        first_step_at: moment of the first update of the first fold that this attempt trained, on the monotonic clock.
    """

    held_out: list[dict[str, Any]]
    facts: CrossValidation
    seconds: float
    first_step_at: float | None


def train(job: TrainingJob, report: Report) -> dict[str, Any]:
    """Do the whole run and leave ``adapter/``, ``predictions.jsonl`` and ``result.json`` in the job's folder.

    Returns:
        What ``result.json`` holds: held-out metrics with interval, baselines, sizes, seconds, memory, versions; nothing in a
        process other than the main one.

    Raises:
        Stopped: the run was asked to stop; its last checkpoint is on disk.
        StudioError: the data or settings cannot work, or the training diverged.
    """
    clock = PhaseClock(report)
    return conclude(fit(job, report, clock), clock)


def fit(job: TrainingJob, report: Report, clock: PhaseClock) -> Fit:
    """Everything up to the best weights; what they are worth is not known yet.

    Raises:
        Stopped: the run was asked to stop; its last checkpoint is on disk.
        StudioError: the data or settings cannot work, or the training diverged.
    """
    set_seed(job.spec.training.seed)
    clock.enter("Reading the data")
    accelerator = Accelerator(mixed_precision=choose_precision(job.spec.training.precision))
    family = open_family(job, report, accelerator)
    family.read()
    clock.enter("Loading the model")
    family.load()
    clock.enter("Measuring the base model")
    with accelerator.main_process_first():
        # The other processes find in the cache what the main process has computed.
        family.measure_base()
    clock.enter("Training")
    return Fit(family, *_train_adapter(family))


def test(trained: Fit, clock: PhaseClock) -> None:
    """Answer the test rows; only the main process of a group does."""
    clock.enter("Testing")
    trained.family.model.drop_caches()
    trained.family.model.eval()
    trained.family.test()


def conclude(trained: Fit, clock: PhaseClock, folds: FoldAnswers | None = None) -> dict[str, Any]:
    """Test and save, as :func:`train` says.

    Args:
        folds: of a cross-validation, which answered every row; they stand for the test.
    """
    family = trained.family
    if not family.accelerator.is_main_process:
        return {}
    test(trained, clock)
    if folds:
        family.pool(folds.held_out)
    results = _results(family, trained.schedule, trained.state)
    if folds:
        results = replace(results, cross_validation=folds.facts)
    seconds = trained.state.seconds + (folds.seconds if folds else 0.0)
    began = folds.first_step_at if folds and folds.first_step_at else trained.first_step_at
    return finalize(family, results, clock, began, seconds)


def _train_adapter(family: TaskFamily) -> tuple[Schedule, TrainerState, float | None]:
    """Apply the method, train from the start or from a checkpoint, and end with the best weights in the model."""
    job, spec, accelerator = family.job, family.job.spec, family.accelerator
    schedule = plan(spec, job.base, len(family.training_data.lengths))
    # New parameters start from random numbers that depend on nothing but the seed.
    set_seed(spec.training.seed)
    family.adapt(schedule.total)
    hidden_state_cache.enable(family)
    if spec.training.gradient_checkpointing:
        enable_gradient_checkpointing(family.body)
    if accelerator.device.type == "cpu":
        use_fast_dropout(family.model)
    broadcast_parameters(family.model, accelerator)
    # Mixed precision only: gradients are reduced by `reduce_gradients`, not by a wrapper around the model.
    prepared = accelerator.prepare_model(family.model, evaluation_mode=True)

    def begin(schedule: Schedule) -> TrainingLoop:
        optimizer = make_optimizer(family.model, spec.training, spec.method.rate_factor)
        return TrainingLoop(prepared, optimizer, schedule, family)

    loop = begin(schedule)
    saved = Checkpoints(
        job.folder / "checkpoints",
        family.report,
        job.free_disk_bytes,
        lambda: spec.method.extra_state(family.body),
        writes=accelerator.is_main_process,
    )
    identity = identify(spec, job.base)
    state = TrainerState(identity=identity, total=schedule.total)
    if job.resume_from:
        state = checkpoints.resume(job.resume_from, family.model, loop.optimizer, identity)
        spec.method.restore_extra_state(family.body, checkpoints.method_state(job.resume_from))
        saved.adopt(job.resume_from, state)
        if state.total != schedule.total:
            # More epochs were asked for: patience counts from here.
            state.total, state.stale = schedule.total, 0
        family.report.event("notice", f"Continuing after step {state.step} of {schedule.total}.", step=state.step)
    elif spec.training.learning_rate == AUTO:
        state.lr_search = broadcast_object(lr_search.search(schedule, begin, family))
        if not family.starts_from_probe:
            # Before the first update, so that a run that is interrupted never searches again. The others are scored and
            # saved there anyway.
            saved.save(family.model, loop.optimizer, state, {})
    if state.lr_search:
        schedule = loop.schedule = lr_search.apply(schedule, state.lr_search)
    loop.run(state, saved, lambda step: _validate(family, step), task_type(spec.task_type))
    accelerator.wait_for_everyone()
    assert state.best_step is not None  # the last step is always evaluated
    if state.best_step == 0:
        _report_kept_probe(family, state)
    saved.load_weights(family.model, state.best_step)
    return schedule, state, loop.first_step_at


def _validate(family: TaskFamily, step: int) -> dict[str, float]:
    scores = broadcast_object(family.validate())
    for name, value in scores.items():
        family.report.metric(f"eval/{name}", value, step)
    if family.accelerator.is_main_process:
        family.report_samples(step)
    return scores


def _report_kept_probe(family: TaskFamily, state: TrainerState) -> None:
    family.report.event(
        "notice",
        "Training did not improve on the linear probe; the probe's weights are kept. No check of the validation rows was "
        f"better than the one before the first step (loss {state.start['loss']:.4f}).",
        severity="warning",
        step=state.step,
    )


def _results(family: TaskFamily, schedule: Schedule, state: TrainerState) -> RunResults:
    trainable, total = count_parameters(family.model)
    return RunResults(
        leaking_rows=family.job.leaking_rows,
        task=family.results(),
        validation=state.best,
        start_validation=state.start or None,
        train_loss=state.train_loss,
        trainable_parameters=trainable,
        total_parameters=total,
        best_step=state.best_step or 0,
        learning_rate=schedule.rate,
        rate_race=state.lr_search.as_json() if state.lr_search else None,
        total_steps=schedule.total,
        devices=family.accelerator.num_processes,
        train_rows=schedule.rows,
        **describe_machine(family.accelerator),
    )
