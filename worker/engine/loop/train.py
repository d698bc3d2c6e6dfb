"""One run, told from top to bottom: read, load, measure the untouched model, learn, keep, test, hand over.

What depends on the kind of task is its family's part. Knows no database, no queue and no process; everything goes through
the order's folder and the report.
"""

from typing import Any

from accelerate import Accelerator
from accelerate.utils import set_seed

from app.catalog.task_types import task_type
from app.catalog.training import AUTO
from app.run_report import Report
from worker.engine.loop import checkpoints, hidden_state_cache, lr_search, training_loop
from worker.engine.loop.checkpoint_identity import identify
from worker.engine.loop.checkpoints import Checkpoints, TrainerState
from worker.engine.loop.finalize import PhaseClock, describe_machine, finalize
from worker.engine.modeling.dropout import use_fast_dropout
from worker.engine.modeling.gradient_checkpointing import recompute_blocks
from worker.engine.modeling.parameters import count_parameters
from worker.engine.modeling.precision import choose_precision
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.base import Family
from worker.engine.tasks.registry import open_family


def train(order: TrainingJob, report: Report) -> dict[str, Any]:
    """Do the whole run and leave ``adapter/``, ``predictions.jsonl`` and ``result.json`` in the order's folder.

    Returns:
        What ``result.json`` holds: held-out metrics with interval, baselines, sizes, seconds, memory, versions; nothing in a
        process that helps another to learn this run.

    Raises:
        Stopped: the person asked to; the last checkpoint is on disk.
        StudioError: the data or settings cannot work, or learning broke down.
    """
    clock = PhaseClock(report)
    set_seed(order.spec.training.seed)
    clock.enter("Reading the data")
    accelerator = Accelerator(mixed_precision=choose_precision(order.spec.training.precision))
    family = open_family(order, report, accelerator)
    family.read()
    clock.enter("Loading the model")
    family.load()
    clock.enter("Measuring the untouched model")
    order.ranks.one_after_another(family.measure_base)
    clock.enter("Training")
    schedule, position, first_step_at = _learn(family)
    if not order.ranks.leads:
        return {}
    clock.enter("Testing")
    family.model.forget()
    family.model.eval()
    family.test()
    results = _results(family, schedule, position)
    return finalize(family, results, clock, first_step_at, position.seconds)


def _learn(family: Family) -> tuple[training_loop.Schedule, TrainerState, float | None]:
    """Apply the method, learn from the beginning or from a checkpoint, and end with the best weights in the model."""
    order, spec, report = family.order, family.order.spec, family.report
    schedule = training_loop.plan(spec, order.base, len(family.lessons.lengths))
    # What a method adds starts from random numbers that depend on nothing but the seed.
    set_seed(spec.training.seed)
    family.adapt(schedule.total)
    hidden_state_cache.enable(family)
    if spec.training.gradient_checkpointing:
        recompute_blocks(family.body)
    if family.accelerator.device.type == "cpu":
        use_fast_dropout(family.model)
    order.ranks.equalise(family.model)
    prepared = family.accelerator.prepare(family.model)

    def begin(planned: training_loop.Schedule) -> training_loop.TrainingLoop:
        return training_loop.TrainingLoop(
            prepared,
            training_loop.make_optimizer(family.model, spec.training, spec.method.rate_factor),
            family.lessons,
            planned,
            family.accelerator,
            report,
            portions=order.portions,
            max_seconds=order.max_seconds,
            method=spec.method,
            adapter=family.body,
            ranks=order.ranks,
        )

    loop = begin(schedule)
    kept = Checkpoints(
        order.folder / "checkpoints",
        report,
        order.free_disk_bytes,
        lambda: spec.method.extra_state(family.body),
        writes=order.ranks.leads,
    )
    identity = identify(spec, order.base)
    position = TrainerState(identity=identity, total=schedule.total)
    if order.resume_from:
        position = checkpoints.resume(order.resume_from, family.model, loop.optimizer, identity)
        spec.method.restore_extra_state(family.body, checkpoints.method_state(order.resume_from))
        kept.adopt(order.resume_from, position)
        if position.total != schedule.total:
            # More passes were asked for: patience begins anew.
            position.total, position.stale = schedule.total, 0
        report.event("notice", f"Continuing after step {position.step} of {schedule.total}.", step=position.step)
    elif spec.training.learning_rate == AUTO:
        position.race = order.ranks.told_by_first(lr_search.search(schedule, begin, family))
        # Before the first update, so that a run that is interrupted never races again.
        kept.save(family.model, loop.optimizer, position, {})
    if position.race:
        schedule = loop.schedule = lr_search.take(schedule, position.race)
    loop.run(position, kept, lambda step: _validate(family, step), task_type(spec.task_type))
    order.ranks.wait()
    assert position.best_step is not None  # the last step is always evaluated
    kept.load_weights(family.model, position.best_step)
    return schedule, position, loop.first_step_at


def _validate(family: Family, step: int) -> dict[str, float]:
    scores = family.order.ranks.told_by_first(family.validate())
    for name, value in scores.items():
        family.report.metric(f"eval/{name}", value, step)
    if family.order.ranks.leads:
        family.show(step)
    return scores


def _results(family: Family, schedule: training_loop.Schedule, position: TrainerState) -> dict[str, Any]:
    learning, total = count_parameters(family.model)
    return {
        **family.results(),
        "validation": position.best,
        "train_loss": position.train_loss,
        "trainable_parameters": learning,
        "total_parameters": total,
        "best_step": position.best_step,
        "learning_rate": schedule.rate,
        **({"rate_race": position.race} if position.race else {}),
        "total_steps": schedule.total,
        "devices": family.order.ranks.count,
        "train_rows": schedule.rows,
        **describe_machine(family),
    }
