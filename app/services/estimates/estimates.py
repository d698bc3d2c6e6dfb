"""Estimates memory, time and size of a run from the declarations of the catalog, corrected by observations of finished runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from app.catalog.base_models import base_model as find_base_model
from app.catalog.methods import method_class
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from app.catalog.training import TrainingSettings
from app.catalog.workload import WorkloadInputs, trainings
from app.errors import Rejected
from app.field_errors import field_refusal
from app.languages import decimal, gettext_noop, ngettext
from app.languages import gettext as _
from app.models import DatasetVersion
from app.services.estimates import memory_fit
from app.services.estimates.cost_arithmetic import Correction, correct, count, memory_parts
from app.services.estimates.memory_fit import Remedy
from app.services.estimates.observations import observations_of
from app.services.queue import machine_speeds
from app.services.queue.machine_speeds import TrainingMachine

TYPICAL_TOKENS = 40.0
MEASURED = gettext_noop("measured on your data")
ESTIMATED = gettext_noop("estimated from the characters of your data")
TOKENIZER_BYTES, WEIGHT_BYTES = 750_000, 4
HELD_OUT_SHARE = 0.1


@dataclass(frozen=True)
class EstimateRequest:
    """The run to estimate.

    Attributes:
        base_model: name from the catalog.
        method: ``{"kind": ..., settings}``.
        training: training settings; missing ones take their defaults.
        rows: training rows.
        held_out: validation and test rows, a tenth of ``rows`` each if not known.
        tokens_per_row, longest: mean and greatest length in tokens, if known.
        labels: number of outputs of the answer layer.
        tokens_from: how ``tokens_per_row`` is known, in words for the basis.
        base_known: the base model has read these rows in an earlier run, so its hidden states are cached.
        task_type: what the model is to learn; what it is first of all for if empty.
        machine: what trains; :func:`machine_speeds.training_machine` if None.
    """

    base_model: str
    method: Mapping[str, Any]
    training: Mapping[str, Any]
    rows: int
    held_out: tuple[int, int] | None = None
    tokens_per_row: float | None = None
    longest: float | None = None
    labels: int = 2
    tokens_from: str = MEASURED
    base_known: bool = False
    task_type: str = ""
    machine: TrainingMachine | None = None


@dataclass(frozen=True)
class CostEstimate:
    """Memory, time and size of a run before it starts; ranges are ``(low, high)``.

    ``fit``: ``fits``, ``tight`` or ``too large``. ``counted``: the uncorrected numbers, from which later runs are corrected.
    ``basis``: where the numbers come from, in words.
    """

    trainable_parameters: int
    total_parameters: int
    adapter_bytes: int
    steps: int
    memory_bytes: tuple[int, int]
    memory_likely: int
    memory_parts: Mapping[str, int]
    seconds: tuple[float, float]
    seconds_likely: float
    fit: str
    available_bytes: int
    machine: str
    counted: Mapping[str, float]
    basis: str
    remedies: Sequence[Remedy] = field(default_factory=tuple)

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        remedies = [remedy.as_dict() for remedy in self.remedies]
        ranges = {"memory_bytes": list(self.memory_bytes), "seconds": list(self.seconds)}
        return {**vars(self), **ranges, "remedies": remedies}


def estimate(request: EstimateRequest) -> CostEstimate:
    """Memory, time and size of a run before it starts.

    Raises:
        Rejected: an unknown model, method or setting, or a value out of bounds.
    """
    if request.rows < 1:
        raise Rejected(
            "range", _("There are {request_rows} training rows.", request_rows=request.rows), _("Give at least 1.")
        )
    workload = _workload(request)
    machine = request.machine or machine_speeds.training_machine()
    source = request.tokens_from if request.tokens_per_row else gettext_noop("assumed")
    return _estimate(workload, machine, _data_basis(source, workload))


def memory_needed(spec: RunSpec, version: DatasetVersion) -> int:
    """Bytes that a run will need on a GPU by arithmetic alone, with texts as long as its settings allow."""
    train, validation, test = (
        max(1, int(version.split_sizes.get(name, 1))) for name in ("train", "validation", "test")
    )
    longest = float(spec.training.max_length)
    workload = WorkloadInputs(
        find_base_model(spec.base_model),
        spec.method,
        spec.training,
        train,
        validation,
        test,
        min(TYPICAL_TOKENS, longest),
        longest,
        task_type(spec.task_type).outputs(max(2, len(spec.labels))),
        task_type=spec.task_type,
    )
    return int(sum(memory_parts(workload, True).values()))


def _workload(request: EstimateRequest) -> WorkloadInputs:
    card = find_base_model(request.base_model)
    try:
        method = method_class(str(request.method.get("kind", ""))).model_validate(request.method)
        settings = TrainingSettings.model_validate(request.training)
    except ValidationError as error:
        raise field_refusal(error.errors()) from None
    length = min(request.tokens_per_row or TYPICAL_TOKENS, settings.max_length)
    longest = min(request.longest or settings.max_length, settings.max_length)
    validation, test = request.held_out or [max(1, round(HELD_OUT_SHARE * request.rows))] * 2
    return WorkloadInputs(
        card,
        method,
        settings,
        request.rows,
        validation,
        test,
        length,
        max(length, longest),
        request.labels,
        request.base_known,
        request.task_type,
    )


def _estimate(workload: WorkloadInputs, machine: TrainingMachine, data_basis: str) -> CostEstimate:
    """The corrected estimate for this machine, whether it fits there, and what would make it fit."""
    speed = machine_speeds.speed_of(machine.name)
    counted = count(workload, gpu=machine.gpu, speed=speed.seconds if speed else None)
    observations = observations_of(machine.name)
    related_to = (workload.family, workload.base.name, workload.method.kind)
    corrections = {
        quantity: correct(quantity, observations, related_to, measured=speed is not None)
        for quantity in counted.as_dict()
    }
    memory_by, learning_by, rest_by = (corrections[name] for name in ("memory", "learning", "rest"))
    memory, learning, rest = (
        counted.memory * memory_by.factor,
        counted.learning * learning_by.factor,
        counted.rest * rest_by.factor,
    )
    low, high = memory / memory_by.spread, memory * memory_by.spread
    fast = learning / learning_by.spread + rest / rest_by.spread
    slow = learning * learning_by.spread + rest * rest_by.spread
    upper_factor = memory_by.factor * memory_by.spread
    trainable = workload.adapter + workload.head
    return CostEstimate(
        trainable_parameters=trainable,
        total_parameters=workload.base.parameters + workload.head,
        adapter_bytes=trainable * WEIGHT_BYTES + TOKENIZER_BYTES,
        steps=sum(times * part.steps for part, times in trainings(workload)),
        memory_bytes=(int(low), int(high)),
        memory_likely=int(memory),
        memory_parts={name: int(part) for name, part in memory_parts(workload, machine.gpu).items()},
        seconds=(round(fast, 1), round(slow, 1)),
        seconds_likely=round(learning + rest, 1),
        fit=memory_fit.classify(high, memory, machine.available_bytes),
        available_bytes=machine.available_bytes,
        machine=machine.name,
        counted=counted.as_dict(),
        basis=f"{data_basis} {_basis(learning_by, speed is not None, machine.name)}",
        remedies=memory_fit.remedies(workload, machine.gpu, upper_factor, machine.available_bytes),
    )


def _data_basis(source: str, workload: WorkloadInputs) -> str:
    return _(
        "{train_rows} rows x {length} tokens ({source}) x {epochs} passes.",
        train_rows=decimal(workload.train_rows),
        length=decimal(workload.length, grouped=False),
        source=_(source),
        epochs=f"{workload.training.epochs:g}",
    )


# How closely the known runs are related to the one that is estimated, in words.
_RELATED = {
    "method": gettext_noop("with this method and model"),
    "model": gettext_noop("with this model"),
    "family": gettext_noop("of this kind of task"),
    "machine": gettext_noop("on this machine"),
}


def _basis(learning: Correction, measured: bool, machine: str) -> str:
    """Where the numbers come from, in one sentence or two."""
    if learning.level != "none":
        runs = ngettext(
            "{number} finished run {related}",
            "{number} finished runs {related}",
            learning.runs,
            related=_(_RELATED[learning.level]),
        )
        return _("Corrected by {runs} on {machine}.", runs=runs, machine=machine)
    if measured:
        return _("From the measured speed of {machine}; no run has finished on it yet.", machine=machine)
    return _(
        "By arithmetic alone: {machine} was not measured yet and no run has finished on it, so the range is wide.",
        machine=machine,
    )
