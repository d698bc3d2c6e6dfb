"""Whether a run fits into the memory that is free, and what would make it fit. Pure: knows no table and no machine."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from app.catalog.methods import METHODS
from app.catalog.methods.base import Method
from app.catalog.workload import WorkloadInputs
from app.services.estimates.cost_arithmetic import count

# A run may take this share of the free memory and still leave room for others.
ROOM = 0.8
MOST_REMEDIES, MOST_PORTIONS, SHORTEST = 3, 64, 16
SMALLER_METHODS = ("lora", "qlora")

Change = tuple[str, dict[str, Any], WorkloadInputs]


def judge(high: float, likely: float, available: float) -> str:
    """``fits``, ``tight`` or ``too large``.

    Args:
        high, likely: upper end and middle of the estimate, in bytes.
    """
    if high < ROOM * available:
        return "fits"
    return "tight" if likely < available else "too large"


def remedies(job: WorkloadInputs, gpu: bool, factor: float, available: float) -> list[dict[str, Any]]:
    """Single changes after which the run fits, the gentlest first; none if it fits already.

    Args:
        factor: what the counted bytes are multiplied with for the upper end of the estimate.

    Returns:
        ``[{"words", "training" or "method": changed settings, "memory_bytes"}]``.
    """
    if _need(job, gpu) * factor < ROOM * available:
        return []
    found = []
    for words, change, other in _changes(job):
        need = int(_need(other, gpu) * factor)
        if need < ROOM * available:
            found.append({"words": words, **change, "memory_bytes": need})
    return found[:MOST_REMEDIES]


def _need(job: WorkloadInputs, gpu: bool) -> float:
    return count(job, gpu=gpu, speed=None).memory


def _changes(job: WorkloadInputs) -> Iterator[Change]:
    """What can be changed, the changes that alter the result least first."""
    training = job.training
    if not training.gradient_checkpointing and job.method.capabilities.gradient_checkpointing:
        yield _trained("gradient checkpointing (slower, the same result)", job, {"gradient_checkpointing": True})
    portions = training.accumulation * 2
    while portions <= min(MOST_PORTIONS, training.batch_size):
        yield _trained(f"{portions} portions per update (the same result)", job, {"accumulation": portions})
        portions *= 2
    length = training.max_length // 2
    while length >= SHORTEST and length < job.longest:
        yield _trained(f"at most {length} tokens per text", job, {"max_length": length})
        length //= 2
    for kind in SMALLER_METHODS:
        method = _other(job, kind)
        if method is not None:
            yield f"the method {method.title}", {"method": {"kind": kind}}, replace(job, method=method)


def _trained(words: str, job: WorkloadInputs, change: dict[str, Any]) -> Change:
    training = job.training.model_copy(update=change)
    shorter = min(job.longest, training.max_length)
    return (
        words,
        {"training": change},
        replace(job, training=training, longest=shorter, length=min(job.length, shorter)),
    )


def _other(job: WorkloadInputs, kind: str) -> Method | None:
    """A method that learns less, unless it is the chosen one or does not serve the task."""
    if job.method.kind == kind or (job.method.kind == "qlora"):
        return None
    found = next((each for each in METHODS if each.model_fields["kind"].default == kind), None)
    serves = found is not None and set(found.task_types) & set(job.base.task_types)
    return found.model_validate({"kind": kind}) if found is not None and serves else None
