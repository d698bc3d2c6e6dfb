"""One run, told from top to bottom: read, load, measure the untouched model, learn, keep, test, hand over.

What depends on the kind of task is its family's part. Knows no database, no queue and no process; everything goes through
the order's folder and the report.
"""

import json
import os
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed

from app.catalog.task_types import task_type
from worker.engine import checkpoints, fit, save
from worker.engine.checkpoints import Checkpoints, Position
from worker.engine.dropout import quicken
from worker.engine.families import open_family
from worker.engine.families.base import Family
from worker.engine.identity import identify
from worker.engine.memory import peak_bytes
from worker.engine.model import choose_precision, count_parameters
from worker.engine.order import Order
from worker.engine.report import Report

__all__ = ["Order", "train"]


@dataclass
class PhaseClock:
    """Tells the report which part of the work has begun and keeps how many seconds each part took."""

    report: Report
    seconds: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    _phase: str = ""
    _since: float = 0.0

    def enter(self, phase: str) -> None:
        """End the present phase and begin the next."""
        self.close()
        self._phase, self._since = phase, time.monotonic()
        self.report.phase(phase)

    def close(self) -> None:
        """Book the time of the present phase."""
        if self._phase:
            spent = time.monotonic() - self._since
            self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + spent
        self._phase = ""


def train(order: Order, report: Report) -> dict[str, Any]:
    """Do the whole run and leave ``adapter/``, ``predictions.jsonl`` and ``result.json`` in the order's folder.

    Returns:
        What ``result.json`` holds: held-out metrics with interval, baselines, sizes, seconds, memory, versions.

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
    family.measure_base()
    clock.enter("Training")
    schedule, position, first_step_at = _learn(family)
    clock.enter("Testing")
    family.model.eval()
    family.test()
    results = _results(family, schedule, position)
    clock.enter("Saving")
    _save(family, results)
    clock.close()
    results["seconds"] = {
        "total": time.monotonic() - clock.began,
        "to_first_step": first_step_at - clock.began if first_step_at else None,
        "training": position.seconds,
        "phases": clock.seconds,
    }
    results["peak_memory_bytes"] = peak_bytes()
    _write_last(order.folder / "result.json", results)
    return results


def _learn(family: Family) -> tuple[fit.Schedule, Position, float | None]:
    """Apply the method, learn from the beginning or from a checkpoint, and end with the best weights in the model."""
    order, spec, report = family.order, family.order.spec, family.report
    schedule = fit.plan(spec, order.base, len(family.lessons.lengths))
    # What a method adds starts from random numbers that depend on nothing but the seed.
    set_seed(spec.training.seed)
    family.adapt(schedule.total)
    if family.accelerator.device.type == "cpu":
        quicken(family.model)
    optimizer = fit.make_optimizer(family.model, spec.training, spec.method.rate_factor)
    kept = Checkpoints(
        order.folder / "checkpoints", report, order.free_disk_bytes, lambda: spec.method.extra_state(family.body)
    )
    identity = identify(spec, order.base)
    position = Position(identity=identity, total=schedule.total)
    prepared = family.accelerator.prepare(family.model)
    if order.resume_from:
        position = checkpoints.resume(order.resume_from, family.model, optimizer, identity)
        spec.method.restore_extra_state(family.body, checkpoints.method_state(order.resume_from))
        kept.adopt(order.resume_from, position)
        if position.total != schedule.total:
            # More passes were asked for: patience begins anew.
            position.total, position.stale = schedule.total, 0
        report.event("notice", f"Continuing after step {position.step} of {schedule.total}.", step=position.step)
    loop = fit.Fit(
        prepared, optimizer, family.lessons, schedule, family.accelerator, report, portions=order.portions,
        max_seconds=order.max_seconds, method=spec.method, adapter=family.body,
    )  # fmt: skip
    loop.run(position, kept, lambda step: _validate(family, step), task_type(spec.task_type))
    assert position.best_step is not None  # the last step is always evaluated
    kept.load_weights(family.model, position.best_step)
    return schedule, position, loop.first_step_at


def _validate(family: Family, step: int) -> dict[str, float]:
    scores = family.validate()
    for name, value in scores.items():
        family.report.metric(f"eval/{name}", value, step)
    return scores


def _results(family: Family, schedule: fit.Schedule, position: Position) -> dict[str, Any]:
    learning, total = count_parameters(family.model)
    return {
        **family.results(),
        "validation": position.best,
        "train_loss": position.train_loss,
        "trainable_parameters": learning,
        "total_parameters": total,
        "best_step": position.best_step,
        "total_steps": schedule.total,
        "train_rows": schedule.rows,
        "device": _device_name(family.accelerator),
        "precision": "bf16" if family.accelerator.mixed_precision == "bf16" else "fp32",
        "versions": {name: version(name) for name in ("torch", "transformers", "peft", "accelerate")},
    }


def _save(family: Family, results: dict[str, Any]) -> None:
    adapter = family.order.folder / "adapter"
    results["adapter_bytes"] = save.save_adapter(adapter, family, results)
    family.check_reload(adapter)
    save.write_predictions(family.order.folder / "predictions.jsonl", family.answers())


def _device_name(accelerator: Accelerator) -> str:
    if accelerator.device.type == "cuda":
        return torch.cuda.get_device_name(accelerator.device)
    return f"CPU, {torch.get_num_threads()} threads"


def _write_last(path: Path, value: Any) -> None:
    """Write aside, flush, rename: where the file stands, the run is complete."""
    aside = path.with_suffix(".aside")
    with aside.open("w", encoding="utf-8") as out:
        json.dump(value, out, ensure_ascii=False, allow_nan=False)
        out.flush()
        os.fsync(out.fileno())
    os.replace(aside, path)
