"""One run that learns nothing, told from top to bottom: its weights are made of other runs', then tested and handed over.

It leaves the same files as a run that trains, so everything that people do with a run they can do with this one.
"""

import copy
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
from worker.engine.merging.lora_extraction import shrink
from worker.engine.modeling.adapter_files import HEAD, read_spec
from worker.engine.modeling.precision import choose_precision
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.base import Family
from worker.engine.tasks.classification.model import PooledClassifier
from worker.engine.tasks.generation.model import CausalLM
from worker.engine.tasks.registry import open_family
from worker.engine.tasks.token_classification.model import Tagger

Weights = dict[str, torch.Tensor]
TITLES = {"combined": "Combining", "shrunk": "Shrinking", "merged": "Merging"}
# Names of weights that stand beside the base model's own.
ADDED = ("lora_", "arrow_")


def derive(order: TrainingJob, report: Report) -> dict[str, Any]:
    """Make the model, test it beside its parents, and leave ``adapter/``, ``predictions.jsonl`` and ``result.json``.

    Returns:
        What ``result.json`` holds; ``origin`` has the parents with their scores on the same held-out rows.

    Raises:
        Stopped: the person asked to.
        StudioError: the parents do not fit together.
    """
    origin = order.spec.origin
    assert origin is not None
    clock = PhaseClock(report)
    set_seed(order.spec.training.seed)
    clock.enter("Reading the data")
    family = open_family(order, report, Accelerator(mixed_precision=choose_precision(order.spec.training.precision)))
    family.read()
    clock.enter("Loading the model")
    family.load()
    clock.enter("Measuring the untouched model")
    family.measure_base()
    facts: dict[str, Any] = {"kind": origin.kind}
    clock.enter("Testing the parents")
    facts["parents"] = _test_parents(family)
    clock.enter(TITLES[origin.kind])
    facts |= _make(family, origin)
    clock.enter("Testing")
    family.model.eval()
    family.test()
    sizes = {name: each.numel() for name, each in family.model.named_parameters()}
    results = {
        **family.results(),
        **describe_machine(family),
        "validation": family.validate(),
        "train_loss": None,
        "trainable_parameters": sum(
            size for name, size in sizes.items() if name.startswith("head.") or any(each in name for each in ADDED)
        ),
        "total_parameters": sum(sizes.values()),
        "best_step": 0,
        "total_steps": 0,
        "train_rows": len(family.lessons.lengths),
        "origin": facts,
    }
    return finalize(family, results, clock, first_step_at=None, training=0.0)


def _make(family: Family, origin: Origin) -> dict[str, Any]:
    if isinstance(origin, Combined):
        return _combine(family, origin)
    return _shrink(family, origin) if isinstance(origin, ExtractedLora) else _merge(family)


def _combine(family: Family, origin: Combined) -> dict[str, Any]:
    parents, weights = family.order.parents, tuple(each.weight for each in origin.parents)
    # Answer layers are averaged in every way of combining: they see the whole text at once.
    way = "average" if origin.how == "arrow" else origin.how
    recipe = Recipe(way, weights, origin.rank, origin.density, family.order.spec.training.seed)
    heads = combine_heads(parents, recipe, HEAD) if (parents[0] / HEAD).exists() else None
    if origin.how == "arrow":
        body = route(family.body, parents, origin.top_k, origin.temperature)
    else:
        body = combine(family.body, parents, recipe)
    _put(family, body, heads)
    return {"how": origin.how}


def _merge(family: Family) -> dict[str, Any]:
    """Add what the parent learned to the weights of the base model in full precision; the family's body becomes that."""
    (parent,) = family.order.parents
    spec = read_spec(parent)
    require(spec.method, "merge", task_type=spec.task_type)
    merged = spec.method.load(family.body, parent)
    if isinstance(merged, PeftModel):
        merged = cast(nn.Module, cast(Any, merged).merge_and_unload())
    _put(family, merged, load_file(parent / HEAD) if (parent / HEAD).exists() else None)
    return {"base_precision": spec.base_precision}


def _shrink(family: Family, origin: ExtractedLora) -> dict[str, Any]:
    (parent,) = family.order.parents
    method = read_spec(parent).method
    if not method.whole_model:
        raise Rejected(
            "not_a_full_model",
            f"The chosen model was tuned with {method.title}, which is small already.",
            "Choose a model tuned with full fine-tuning.",
        )
    tuned = method.load(family.body, parent).to(next(family.body.parameters()).device)
    small = shrink(family.body, tuned, origin.rank)
    head = parent / HEAD
    _put(family, small.model, load_file(head) if head.exists() else None)
    return {"linear_share": small.linear_share, "total_share": small.total_share}


def _put(family: Family, body: nn.Module, head: Weights | None) -> None:
    """Let the family go on with another body and answer layer."""
    if isinstance(family.model, PooledClassifier):
        family.model.encoder = body
        if head is not None:
            family.model.head.load_state_dict(head)
    elif isinstance(family.model, Tagger):
        family.model.network = body
    else:
        cast(CausalLM, family.model).decoder = body


def _test_parents(family: Family) -> list[dict[str, Any]]:
    """Each parent with its scores on this run's held-out rows."""
    order, origin = family.order, family.order.spec.origin
    assert origin is not None
    told = []
    for parent, folder in zip(origin.parents, order.parents, strict=True):
        name, spec = parent.name or parent.run_id, read_spec(folder)
        for what, theirs, ours in (
            ("base model", spec.base_model, order.spec.base_model),
            ("labels", spec.labels, order.spec.labels),
        ):
            if theirs != ours:
                raise Rejected(
                    "different_parents",
                    f"{name} has another {what} than the other models."
                    if what == "base model"
                    else f"{name} answers with different labels than the other models.",
                    f"Choose models with the same {what}.",
                )
        told.append({**parent.model_dump(), "metrics": _score(family, spec, folder)})
    return told


def _score(family: Family, spec: RunSpec, folder: Path) -> dict[str, float]:
    """The parent's scores; the family has its untouched model again afterwards."""
    untouched = family.body
    head = copy.deepcopy(family.model.head.state_dict()) if isinstance(family.model, PooledClassifier) else None
    # A parent that learned on a compressed base model is tested on that.
    alike = spec.base_precision == family.order.spec.base_precision
    start = untouched if alike else family.load_body(spec.base_precision)
    tuned = spec.method.load(start, folder).to(family.accelerator.device)
    _put(family, tuned, load_file(folder / HEAD) if (folder / HEAD).exists() else None)
    family.model.eval()
    family.test()
    metrics: dict[str, float] = family.results()["metrics"]
    if isinstance(tuned, PeftModel) and alike:
        tuned.unload()
    _put(family, untouched, head)
    return metrics
