"""A run without training from top to bottom: its weights are made from those of other runs, then tested and saved.

It leaves the same files as a run that trains, so that everything that can be done with one can be done with the other.
"""

from pathlib import Path
from typing import Any, cast

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from peft import PeftModel
from safetensors.torch import load_file
from torch import nn

from app.catalog.derived import Combined, ExtractedLora, Origin
from app.catalog.methods.requirements import require
from app.catalog.spec import RunSpec
from app.errors import Rejected
from app.run_report import Report
from worker.engine.loop.finalize import PhaseClock, describe_machine, finalize
from worker.engine.merging.arrow_routing import route
from worker.engine.merging.combine import Recipe, combine, combine_heads
from worker.engine.merging.lora_extraction import extract_lora
from worker.engine.modeling.adapter_files import HEAD, read_spec
from worker.engine.modeling.precision import choose_precision
from worker.engine.reporting.results import RunResults
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.base import TaskFamily
from worker.engine.tasks.registry import open_family

Weights = dict[str, torch.Tensor]
TITLES = {"combined": "Combining", "shrunk": "Shrinking", "merged": "Merging"}
# Parts of the names of weights that an adapter adds to the base model.
ADDED = ("lora_", "arrow_")


def derive(job: TrainingJob, report: Report) -> dict[str, Any]:
    """Make the model, test its parents and it, and leave ``adapter/``, ``predictions.jsonl`` and ``result.json``.

    Returns:
        What ``result.json`` holds; ``origin`` has the parents with their scores on the same held-out rows.

    Raises:
        Stopped: the run was asked to stop.
        StudioError: the parents do not fit together.
    """
    origin = job.spec.origin
    assert origin is not None
    clock = PhaseClock(report)
    set_seed(job.spec.training.seed)
    clock.enter("Reading the data")
    family = open_family(job, report, Accelerator(mixed_precision=choose_precision(job.spec.training.precision)))
    family.read()
    clock.enter("Loading the model")
    family.load()
    clock.enter("Measuring the base model")
    family.measure_base()
    origin_results: dict[str, Any] = {"kind": origin.kind}
    clock.enter("Testing the parents")
    origin_results["parents"] = _test_parents(family)
    clock.enter(TITLES[origin.kind])
    origin_results |= _make(family, origin)
    clock.enter("Testing")
    family.model.eval()
    family.test()
    sizes = {name: parameter.numel() for name, parameter in family.model.named_parameters()}
    results = RunResults(
        leaking_rows=family.job.leaking_rows,
        task=family.results(),
        validation=family.validate(),
        train_loss=None,
        trainable_parameters=sum(
            size for name, size in sizes.items() if name.startswith("head.") or any(added in name for added in ADDED)
        ),
        total_parameters=sum(sizes.values()),
        best_step=0,
        total_steps=0,
        train_rows=len(family.training_data.lengths),
        origin=origin_results,
        **describe_machine(family.accelerator),
    )
    return finalize(family, results, clock, first_step_at=None, training=0.0)


def _make(family: TaskFamily, origin: Origin) -> dict[str, Any]:
    if isinstance(origin, Combined):
        return _combine(family, origin)
    return _extract(family, origin) if isinstance(origin, ExtractedLora) else _merge(family)


def _combine(family: TaskFamily, origin: Combined) -> dict[str, Any]:
    parents, weights = family.job.parents, tuple(parent.weight for parent in origin.parents)
    # Heads are averaged in every way of combining: they see the whole text at once.
    way = "average" if origin.how == "arrow" else origin.how
    recipe = Recipe(way, weights, origin.rank, origin.density, family.job.spec.training.seed)
    heads = combine_heads(parents, recipe, HEAD) if (parents[0] / HEAD).exists() else None
    if origin.how == "arrow":
        body = route(family.body, parents, origin.top_k, origin.temperature)
    else:
        body = combine(family.body, parents, recipe)
    _replace(family, body, heads)
    return {"how": origin.how}


def _merge(family: TaskFamily) -> dict[str, Any]:
    """Merge the parent's adapter into the weights of the base model in full precision."""
    (parent,) = family.job.parents
    spec = read_spec(parent)
    require(spec.method, "merge", task_type=spec.task_type)
    merged = spec.method.load(family.body, parent)
    if isinstance(merged, PeftModel):
        merged = cast(nn.Module, cast(Any, merged).merge_and_unload())
    _replace(family, merged, _read_head(parent))
    return {"base_precision": spec.base_precision}


def _extract(family: TaskFamily, origin: ExtractedLora) -> dict[str, Any]:
    (parent,) = family.job.parents
    method = read_spec(parent).method
    if not method.whole_model:
        raise Rejected(
            "not_a_full_model",
            f"The chosen model was tuned with {method.title}, which is small already.",
            "Choose a model tuned with full fine-tuning.",
        )
    tuned = method.load(family.body, parent).to(next(family.body.parameters()).device)
    small = extract_lora(family.body, tuned, origin.rank)
    _replace(family, small.model, _read_head(parent))
    return {"linear_share": small.linear_share, "total_share": small.total_share}


def _read_head(parent: Path) -> Weights | None:
    path = parent / HEAD
    return load_file(path) if path.exists() else None


def _replace(family: TaskFamily, body: nn.Module, head: Weights | None) -> None:
    """Put another body and head into the family's model."""
    family.set_body(body)
    if head:
        family.set_head(head)


def _test_parents(family: TaskFamily) -> list[dict[str, Any]]:
    """Each parent with its scores on this run's held-out rows."""
    job, origin = family.job, family.job.spec.origin
    assert origin is not None
    scored = []
    for parent, folder in zip(origin.parents, job.parents, strict=True):
        name, spec = parent.name or parent.run_id, read_spec(folder)
        for what, theirs, ours in (
            ("base model", spec.base_model, job.spec.base_model),
            ("labels", spec.labels, job.spec.labels),
        ):
            if theirs != ours:
                raise Rejected(
                    "different_parents",
                    f"{name} has another {what} than the other models."
                    if what == "base model"
                    else f"{name} answers with different labels than the other models.",
                    f"Choose models with the same {what}.",
                )
        scored.append({**parent.model_dump(), "metrics": _score(family, spec, folder)})
    return scored


def _score(family: TaskFamily, spec: RunSpec, folder: Path) -> dict[str, float]:
    """The parent's scores; the family has its base model again afterwards."""
    base = family.body
    head = family.head_weights()
    # A parent that was trained on a quantized base model is tested on that.
    alike = spec.base_precision == family.job.spec.base_precision
    start = base if alike else family.load_body(spec.base_precision)
    tuned = spec.method.load(start, folder).to(family.accelerator.device)
    _replace(family, tuned, _read_head(folder))
    family.model.eval()
    family.test()
    metrics = family.results().metrics
    if isinstance(tuned, PeftModel) and alike:
        tuned.unload()
    _replace(family, base, head)
    return metrics
