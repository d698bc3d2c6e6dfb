"""One run, told from top to bottom: read, load, measure the untouched model, learn, keep, test, hand over.

Knows no database, no queue and no process; everything goes through the order's folder and the report.
"""

import hashlib
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

from app.catalog.base_models import BaseModelCard
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from app.errors import StudioError
from app.intervals import wilson
from worker.engine import checkpoints, evaluate, fit, frozen_rows, save
from worker.engine.checkpoints import Checkpoints, Position
from worker.engine.data import Encoded, Splits, encode, read_splits
from worker.engine.dropout import quicken
from worker.engine.features import Features
from worker.engine.memory import peak_bytes
from worker.engine.model import (
    PooledClassifier,
    choose_precision,
    count_parameters,
    load_encoder,
    load_tokenizer,
    make_head,
)
from worker.engine.predict import Predictor
from worker.engine.report import Report

SPLITS = ("train", "validation", "test")
# The saved adapter, loaded afresh, must score rows as the model in memory does; fp32 both, so only rounding differs.
RELOAD_TOLERANCE = 1e-3
RELOAD_ROWS = 32


@dataclass(frozen=True)
class Order:
    """What to do and where: ``folder`` is this attempt's own, everything else is only read (the cache also grown)."""

    spec: RunSpec
    base: BaseModelCard
    base_folder: Path
    rows: Path
    splits: Path
    folder: Path
    cache: Path | None = None
    resume_from: Path | None = None


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


@dataclass
class Bench:
    """What the parts of a run share once data and model are loaded."""

    order: Order
    report: Report
    accelerator: Accelerator
    tokenizer: Any
    splits: Splits
    encoded: dict[str, Encoded]
    model: PooledClassifier
    probe_logits: torch.Tensor | None = None
    features: Features | None = None


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
    tokenizer = load_tokenizer(order.base_folder)
    splits, encoded = _read(order, tokenizer, report)
    clock.enter("Loading the model")
    head = make_head(order.base.hidden_size, len(order.spec.labels))
    model = PooledClassifier(load_encoder(order.base_folder, order.base), head, order.base).to(accelerator.device)
    bench = Bench(order, report, accelerator, tokenizer, splits, encoded, model)
    clock.enter("Measuring the untouched model")
    _measure_base(bench)
    clock.enter("Training")
    schedule, position, first_step_at = _learn(bench)
    clock.enter("Testing")
    logits = _test(bench)
    results = _results(bench, schedule, position, logits)
    clock.enter("Saving")
    _save(bench, results, logits)
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


def _read(order: Order, tokenizer: Any, report: Report) -> tuple[Splits, dict[str, Encoded]]:
    spec = order.spec
    splits = read_splits(order.rows, order.splits, spec.columns, spec.dataset_sha256)
    numbers = {label: number for number, label in enumerate(spec.labels)}
    encoded = {}
    for name in SPLITS:
        examples = getattr(splits, name)
        if not examples:
            raise StudioError(
                "empty_split", f"The {name} part of the data has no rows.", "Upload more rows, at least 10 in all."
            )
        key = f"{splits.sha256}/{name}" if splits.sha256 else ""
        encoded[name] = encode(examples, numbers, tokenizer, spec.training.max_length, report, order.cache, key)
    cut = encoded["train"].cut_rows
    if cut:
        report.event(
            "notice",
            f"{cut:,} of {len(splits.train):,} training texts are longer than {spec.training.max_length} tokens "
            "and lose their end.",
            severity="warning",
            rows=cut,
        )
    return splits, encoded


def _measure_base(bench: Bench) -> None:
    """Fit the probe on the untouched encoder, start the answer layer from it, and note how it scores the test rows."""
    order = bench.order
    vectors = Features(
        bench.model, order.base, bench.encoded, bench.tokenizer.pad_token_id, bench.accelerator, bench.report,
        order.cache,
    )  # fmt: skip
    bench.features = vectors
    probe = vectors.probe(len(order.spec.labels))
    bench.probe_logits = probe.logits(vectors.of("test"))
    if order.spec.training.head_start == "linear-probe":
        with torch.no_grad():
            bench.model.head.weight.copy_(probe.weight)
            bench.model.head.bias.copy_(probe.bias)


def _learn(bench: Bench) -> tuple[fit.Schedule, Position, float | None]:
    """Apply the method, learn from the beginning or from a checkpoint, and end with the best weights in the model."""
    order, spec = bench.order, bench.order.spec
    # What a method adds starts from random numbers that depend on nothing but the seed.
    set_seed(spec.training.seed)
    bench.model.encoder = spec.method.apply(bench.model.encoder)
    if bench.accelerator.device.type == "cpu":
        quicken(bench.model)
    bench.model.to(bench.accelerator.device)
    _remember_frozen(bench)
    optimizer = fit.make_optimizer(bench.model, spec.training)
    rate = spec.training.learning_rate or spec.method.recommended_learning_rate(order.base)
    schedule = fit.Schedule(spec.training, len(bench.encoded["train"].tokens), rate)
    kept = Checkpoints(order.folder / "checkpoints", bench.report)
    digest = hashlib.sha256(spec.model_dump_json().encode()).hexdigest()
    position = Position(spec_sha256=digest)
    prepared = bench.accelerator.prepare(bench.model)
    if order.resume_from:
        position = checkpoints.resume(order.resume_from, bench.model, optimizer, digest)
        kept.adopt(order.resume_from, position)
        bench.report.event("notice", f"Continuing after step {position.step} of {schedule.total}.", step=position.step)
    loop = fit.Fit(
        prepared, optimizer, bench.encoded["train"], bench.tokenizer.pad_token_id, schedule, bench.accelerator,
        bench.report,
    )  # fmt: skip
    task = task_type(spec.task_type)
    loop.run(position, kept, lambda step: _validate(bench, step), task.primary_metric)
    assert position.best_step is not None  # the last step is always evaluated
    kept.load_weights(bench.model, position.best_step)
    return schedule, position, loop.first_step_at


def _remember_frozen(bench: Bench) -> None:
    """Read once what the method leaves untouched, instead of in every pass."""
    frozen = bench.order.spec.method.frozen_blocks(bench.order.base.layers)
    if frozen == 0:
        return
    assert bench.features is not None
    bench.model.eval().frozen_blocks = frozen
    bench.model.frozen_rows = frozen_rows.remember(
        bench.model, frozen, bench.encoded, bench.features, bench.tokenizer.pad_token_id, bench.accelerator,
        bench.report,
    )  # fmt: skip


def _validate(bench: Bench, step: int) -> dict[str, float]:
    logits = _read_split(bench, "validation")
    scores = evaluate.score(task_type(bench.order.spec.task_type), logits, bench.encoded["validation"].labels)
    for name, value in scores.items():
        bench.report.metric(f"eval/{name}", value, step)
    return scores


def _test(bench: Bench) -> torch.Tensor:
    """Logits of the test rows in fp32, the precision that people will use the adapter in."""
    bench.model.eval()
    # What is remembered was read in the precision of training.
    bench.model.frozen_rows = None
    return _read_split(bench, "test", exact=True)


def _read_split(bench: Bench, name: str, exact: bool = False) -> torch.Tensor:
    return evaluate.read_all(
        bench.model, bench.encoded[name], bench.tokenizer.pad_token_id, bench.accelerator, bench.report, exact=exact
    )


def _results(bench: Bench, schedule: fit.Schedule, position: Position, logits: torch.Tensor) -> dict[str, Any]:
    task = task_type(bench.order.spec.task_type)
    labels, names = bench.encoded["test"].labels, bench.order.spec.labels
    metrics = evaluate.score(task, logits, labels)
    learning, total = count_parameters(bench.model)
    assert bench.probe_logits is not None
    return {
        "metrics": metrics,
        "intervals": {"accuracy": list(wilson(metrics["accuracy"], len(labels)))},
        "validation": position.best,
        "train_loss": position.train_loss,
        "baseline": {
            "majority": evaluate.score_majority(task, bench.encoded["train"].labels, labels, len(names)),
            "linear_probe": evaluate.score(task, bench.probe_logits, labels),
        },
        "trainable_parameters": learning,
        "total_parameters": total,
        "best_step": position.best_step,
        "total_steps": schedule.total,
        "labels": names,
        **evaluate.tell_apart(task, logits, labels, names),
        "test_rows": len(labels),
        "train_rows": schedule.rows,
        "cut_rows": bench.encoded["train"].cut_rows,
        "device": _device_name(bench.accelerator),
        "precision": "bf16" if bench.accelerator.mixed_precision == "bf16" else "fp32",
        "versions": {name: version(name) for name in ("torch", "transformers", "peft", "accelerate")},
    }


def _save(bench: Bench, results: dict[str, Any], logits: torch.Tensor) -> None:
    order, spec = bench.order, bench.order.spec
    adapter = order.folder / "adapter"
    results["adapter_bytes"] = save.save_adapter(adapter, bench.model, bench.tokenizer, spec, order.base, results)
    _check_reload(bench, adapter, logits)
    assert bench.probe_logits is not None
    rows = save.describe_answers(bench.splits.test, spec.labels, bench.probe_logits, logits)
    save.write_predictions(order.folder / "predictions.jsonl", rows)


def _check_reload(bench: Bench, adapter: Path, logits: torch.Tensor) -> None:
    """Load the folder as a stranger would and compare answers; a download that answers differently is not given out."""
    texts = [each.text for each in bench.splits.test[:RELOAD_ROWS]]
    again = Predictor(adapter, bench.order.base_folder, bench.order.base).logits(texts)
    difference = float((again.softmax(-1) - logits[: len(texts)].softmax(-1)).abs().max())
    if difference > RELOAD_TOLERANCE:
        raise StudioError(
            "adapter_check_failed",
            f"The saved adapter answers differently from the trained model (probabilities differ by {difference:.4f}).",
            "Resume the run to save it again; if it happens again, report it with the log.",
        )


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
