"""Whether a run fits into the free memory of its machine, and which single changes would make it fit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from app.catalog.methods import METHODS
from app.catalog.methods.base import Method
from app.catalog.workload import WorkloadInputs
from app.languages import gettext as _
from app.services.estimates.cost_arithmetic import count

# A run fits if it needs less than this share of the free memory; the rest is for other processes.
FITTING_SHARE = 0.8
MAX_REMEDIES, MAX_ACCUMULATION, MIN_LENGTH = 3, 64, 16
SMALLER_METHODS = ("lora", "qlora")


@dataclass(frozen=True)
class Remedy:
    """A change of settings after which the run fits; ``section`` is ``training`` or ``method``."""

    words: str
    section: str
    settings: dict[str, Any]
    memory_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """``{"words", "training" or "method": changed settings, "memory_bytes"}``."""
        return {"words": self.words, self.section: self.settings, "memory_bytes": self.memory_bytes}


@dataclass(frozen=True)
class _Change:
    words: str
    section: str
    settings: dict[str, Any]
    workload: WorkloadInputs


def classify(high: float, likely: float, available: float) -> str:
    """How a run fits into ``available`` bytes: ``fits``, ``tight`` or ``too large``.

    Args:
        high, likely: upper end and middle of the estimate, in bytes.
    """
    if high < FITTING_SHARE * available:
        return "fits"
    return "tight" if likely < available else "too large"


def remedies(workload: WorkloadInputs, gpu: bool, factor: float, available: float) -> list[Remedy]:
    """Single changes after which the run fits, those that affect the result least first; none if it fits already.

    Args:
        factor: what the counted bytes are multiplied with for the upper end of the estimate.
    """
    if _need(workload, gpu) * factor < FITTING_SHARE * available:
        return []
    found = []
    for change in _changes(workload):
        need = int(_need(change.workload, gpu) * factor)
        if need < FITTING_SHARE * available:
            found.append(Remedy(change.words, change.section, change.settings, need))
    return found[:MAX_REMEDIES]


def _need(workload: WorkloadInputs, gpu: bool) -> float:
    return count(workload, gpu=gpu, speed=None).memory


def _changes(workload: WorkloadInputs) -> Iterator[_Change]:
    """Possible changes, those that affect the result least first."""
    training = workload.training
    if not training.gradient_checkpointing and workload.method.capabilities.gradient_checkpointing:
        words = _("gradient checkpointing (slower, the same result)")
        yield _training_change(words, workload, {"gradient_checkpointing": True})
    accumulation = training.accumulation * 2
    while accumulation <= min(MAX_ACCUMULATION, training.batch_size):
        words = _("{accumulation} gradient accumulation steps (the same result)", accumulation=accumulation)
        yield _training_change(words, workload, {"accumulation": accumulation})
        accumulation *= 2
    length = training.max_length // 2
    while length >= MIN_LENGTH and length < workload.longest:
        yield _training_change(_("at most {length} tokens per text", length=length), workload, {"max_length": length})
        length //= 2
    for kind in SMALLER_METHODS:
        method = _other_method(workload, kind)
        if method is not None:
            yield _Change(
                _("the method {method}", method=method.title),
                "method",
                {"kind": kind},
                replace(workload, method=method),
            )


def _training_change(words: str, workload: WorkloadInputs, settings: dict[str, Any]) -> _Change:
    training = workload.training.model_copy(update=settings)
    longest = min(workload.longest, training.max_length)
    length = min(workload.length, longest)
    return _Change(words, "training", settings, replace(workload, training=training, longest=longest, length=length))


def _other_method(workload: WorkloadInputs, kind: str) -> Method | None:
    """The method of this kind, unless it is the chosen one, would not save memory, or does not serve the task."""
    if workload.method.kind in (kind, "qlora"):
        return None
    found = next((method for method in METHODS if method.model_fields["kind"].default == kind), None)
    tasks = {workload.task_type} if workload.task_type else set(workload.base.task_types)
    serves = found is not None and set(found.task_types) & tasks
    return found.model_validate({"kind": kind}) if found is not None and serves else None
