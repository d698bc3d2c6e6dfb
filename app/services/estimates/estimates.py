"""What a run will cost: arithmetic from the catalog's declarations, corrected by what runs on this machine took.

Runs nothing and loads no model.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.catalog.base_models import base_model as find_base_model
from app.catalog.methods import method_class
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from app.catalog.training import TrainingSettings
from app.catalog.workload import WorkloadInputs
from app.errors import Rejected
from app.field_errors import field_refusal
from app.models import DatasetVersion
from app.services.estimates import memory_fit
from app.services.estimates.cost_arithmetic import Correction, correct, count, memory_parts
from app.services.estimates.observations import observations_of
from app.services.queue import machine_speeds

TYPICAL_TOKENS = 40.0
MEASURED, ESTIMATED = "measured on your data", "estimated from the characters of your data"
TOKENIZER_BYTES, WEIGHT_BYTES = 750_000, 4
HELD_OUT_SHARE = 0.1


def estimate(
    *,
    base_model: str,
    method: dict[str, Any],
    training: dict[str, Any],
    rows: int,
    held_out: tuple[int, int] | None = None,
    tokens_per_row: float | None = None,
    longest: float | None = None,
    labels: int = 2,
    tokens_from: str = MEASURED,
    base_known: bool = False,
    room: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Memory, time and size of a run before it starts.

    Args:
        base_model: name from the catalog.
        method: ``{"kind": ..., settings}``.
        training: training settings; missing ones take their defaults.
        rows: training rows.
        held_out: validation and test rows, a tenth of ``rows`` each if not known.
        tokens_per_row, longest: mean and greatest length, if known.
        labels: size of the answer layer.
        tokens_from: how ``tokens_per_row`` is known, in words for the basis.
        base_known: the untouched model has read these rows in an earlier run.
        room: as :func:`machine_speeds.room` returns it; asked for if not given.

    Returns:
        ``{"trainable_parameters", "total_parameters", "memory_bytes": [low, high], "memory_likely", "memory_parts",
        "seconds": [low, high], "seconds_likely", "adapter_bytes", "steps", "basis", "fit": "fits" | "tight" | "too large",
        "remedies", "available_bytes", "machine", "counted"}``.

    Raises:
        Rejected: an unknown model, method or setting, or a value out of bounds.
    """
    if rows < 1:
        raise Rejected("range", f"There are {rows} training rows.", "Give at least 1.")
    card = find_base_model(base_model)
    try:
        chosen = method_class(str(method.get("kind", ""))).model_validate(method)
        settings = TrainingSettings.model_validate(training)
    except ValidationError as error:
        raise field_refusal(error.errors()) from None
    length = min(tokens_per_row or TYPICAL_TOKENS, settings.max_length)
    validation, test = held_out or [max(1, round(HELD_OUT_SHARE * rows))] * 2
    most = min(longest or settings.max_length, settings.max_length)
    job = WorkloadInputs(card, chosen, settings, rows, validation, test, length, max(length, most), labels, base_known)
    place = room or machine_speeds.room()
    told = _costs(job, place)
    trainable = job.adapter + job.head
    return {
        "trainable_parameters": trainable,
        "total_parameters": card.parameters + job.head,
        "adapter_bytes": trainable * WEIGHT_BYTES + TOKENIZER_BYTES,
        "steps": job.steps,
        **told,
        "basis": f"{_data_words(tokens_from if tokens_per_row else 'assumed', job)} {told['basis']}",
    }


def memory_needed(spec: RunSpec, version: DatasetVersion) -> int:
    """Bytes that a run will need on a GPU, by arithmetic alone, with texts as long as its settings allow; asks nobody."""
    train, validation, test = (
        max(1, int(version.split_sizes.get(name, 1))) for name in ("train", "validation", "test")
    )
    longest = float(spec.training.max_length)
    job = WorkloadInputs(
        find_base_model(spec.base_model),
        spec.method,
        spec.training,
        train,
        validation,
        test,
        min(TYPICAL_TOKENS, longest),
        longest,
        task_type(spec.task_type).outputs(max(2, len(spec.labels))),
    )
    return int(sum(memory_parts(job, True).values()))


def _costs(job: WorkloadInputs, place: Mapping[str, Any]) -> dict[str, Any]:
    """Memory and time on this machine with their ranges, where they come from, and whether it fits."""
    speed = machine_speeds.speed_of(place["machine"])
    counted = count(job, gpu=place["gpu"], speed=speed["seconds"] if speed else None)
    lessons = observations_of(place["machine"])
    like = (job.family, job.base.name, job.method.kind)
    found = {what: correct(what, lessons, like, measured=speed is not None) for what in counted.as_dict()}
    memory = counted.memory * found["memory"].factor
    learning, rest = counted.learning * found["learning"].factor, counted.rest * found["rest"].factor
    slow = learning * found["learning"].spread + rest * found["rest"].spread
    fast = learning / found["learning"].spread + rest / found["rest"].spread
    bounds = [memory / found["memory"].spread, memory * found["memory"].spread]
    available = place["available_bytes"]
    factor = found["memory"].factor * found["memory"].spread
    return {
        "memory_bytes": [int(each) for each in bounds],
        "memory_likely": int(memory),
        "memory_parts": {name: int(each) for name, each in memory_parts(job, place["gpu"]).items()},
        "seconds": [round(fast, 1), round(slow, 1)],
        "seconds_likely": round(learning + rest, 1),
        "fit": memory_fit.judge(bounds[1], memory, available),
        "remedies": memory_fit.remedies(job, place["gpu"], factor, available),
        "available_bytes": available,
        "machine": place["machine"],
        "counted": counted.as_dict(),
        "basis": _basis(found, speed is not None, place),
    }


def _data_words(source: str, job: WorkloadInputs) -> str:
    return f"{job.train_rows:,} rows x {job.length:.0f} tokens ({source}) x {job.training.epochs:g} passes."


# How closely the runs that are known are related to the one that is estimated, in words.
_RELATED = {
    "method": "with this method and model",
    "model": "with this model",
    "family": "of this kind of task",
    "machine": "on this machine",
}


def _basis(found: Mapping[str, Correction], measured: bool, place: Mapping[str, Any]) -> str:
    """Where the numbers come from, in one sentence or two."""
    learning = found["learning"]
    if learning.level != "none":
        runs = f"{learning.runs} finished {'run' if learning.runs == 1 else 'runs'} {_RELATED[learning.level]}"
        return f"Corrected by {runs} on {place['machine']}."
    if measured:
        return f"From the measured speed of {place['machine']}; no run has finished on it yet."
    return f"By arithmetic alone: {place['machine']} was not measured yet and no run has finished on it, so the range is wide."
