"""The cost of a run: its estimate, stored when it starts, and the actual cost, stored when it has finished."""

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.base_models import base_model as find_base_model
from app.catalog.default_rate import DefaultRate, default_rate
from app.catalog.methods import method_class
from app.catalog.task_types import task_type
from app.catalog.training import TrainingSettings
from app.db import db_now, snapshot, transaction
from app.errors import StudioError
from app.models import SUCCEEDED, DatasetVersion, Job, Run
from app.models_costs import RunCost
from app.services.datasets.version_lengths import cut_at
from app.services.estimates.cost_arithmetic import FORMULA
from app.services.estimates.estimates import ESTIMATED, MEASURED, CostEstimate, EstimateRequest, estimate
from app.services.queue import machine_speeds
from app.services.runs import runs
from app.services.runs.run_specs import complete_training

log = logging.getLogger(__name__)

# Fields of an estimate that are stored with its run.
STORED_FIELDS = (
    "trainable_parameters",
    "adapter_bytes",
    "memory_bytes",
    "memory_likely",
    "memory_parts",
    "seconds",
    "seconds_likely",
    "basis",
    "fit",
    "machine",
)


@dataclass(frozen=True)
class VersionEstimate:
    """The estimate of a run on a dataset version.

    Attributes:
        lengths: how many of its rows the maximum length cuts.
        rate: the learning rate that it takes by default; None where one is given.
    """

    cost: CostEstimate
    lengths: dict[str, Any]
    rate: DefaultRate | None

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        rate = self.rate.as_dict() if self.rate else None
        return {**self.cost.as_dict(), "lengths": self.lengths, "learning_rate": rate}

    def stored(self) -> dict[str, Any]:
        """The part that is stored with a run."""
        values = self.cost.as_dict()
        return {name: values[name] for name in STORED_FIELDS}


@dataclass(frozen=True)
class RunCostReport:
    """Estimate and actual cost of a run, as stored; None where there is none."""

    estimate: dict[str, Any] | None
    actual: dict[str, float] | None

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return dict(vars(self))


def estimate_for(
    version: DatasetVersion, *, base_model: str, method: dict[str, Any], training: dict[str, Any], here: bool = False
) -> VersionEstimate:
    """The estimate of a run on this version.

    Args:
        training: complete settings, as the run will have them.
        here: for this process's machine instead of the one that trains.
    """
    max_length = training.get("max_length")
    if not isinstance(max_length, int) or max_length <= 0:
        # An impossible length is refused by the estimate itself, together with the other settings.
        max_length = int(TrainingSettings.model_fields["max_length"].default)
    lengths = cut_at(version, base_model, max_length)
    request = EstimateRequest(
        base_model=base_model,
        method=method,
        training=training,
        rows=version.split_sizes["train"],
        held_out=(version.split_sizes["validation"], version.split_sizes["test"]),
        tokens_per_row=lengths["tokens_per_row"],
        longest=lengths["longest"],
        labels=task_type(version.task_type).outputs(max(1, len(version.labels))),
        tokens_from=MEASURED if lengths["measured"] else ESTIMATED,
        base_known=_base_known(version.id, base_model, max_length),
        task_type=version.task_type,
        machine=machine_speeds.training_machine(here=here),
    )
    return VersionEstimate(estimate(request), lengths, _rate(request, version))


def _rate(request: EstimateRequest, version: DatasetVersion) -> DefaultRate | None:
    """The rate that was left open, of the model that is kept: after a cross-validation it learns from the test rows too."""
    training = TrainingSettings.model_validate(request.training)
    if isinstance(training.learning_rate, float):
        return None
    rows = request.rows + (version.split_sizes["test"] if training.cross_validation_folds else 0)
    method = method_class(request.method["kind"]).model_validate(request.method)
    return default_rate(method, find_base_model(request.base_model), training, rows)


def estimate_with_defaults(
    version: DatasetVersion, *, base_model: str, method: dict[str, Any], training: dict[str, Any]
) -> VersionEstimate:
    """The estimate of a run on this version whose missing training settings take the defaults of the task.

    Raises:
        Rejected: an unknown model or method, or a setting out of bounds.
    """
    card = find_base_model(base_model)
    # An impossible length is refused by the estimate itself.
    complete = complete_training(version, task_type(version.task_type), card, method, training)
    return estimate_for(version, base_model=card.name, method=method, training=complete)


def store_estimate(run_id: str) -> None:
    """Store what the run is estimated to cost here, unless an earlier attempt did; a failure never keeps a run from starting."""
    with snapshot() as session:
        run = session.get_one(Run, run_id)
        if run.spec.get("origin") or session.get(RunCost, run_id) is not None:
            return
        version = run.dataset_version
    try:
        estimated = estimate_for(
            version, base_model=run.base_model, method=run.spec["method"], training=run.spec["training"], here=True
        )
    except (StudioError, OSError, KeyError):
        log.exception("no estimate for the run %s", run_id)
        return
    cost = RunCost(
        run_id=run_id,
        machine=estimated.cost.machine,
        family=task_type(run.task_type).family,
        base_model=run.base_model,
        method=run.method,
        formula=FORMULA,
        counted=dict(estimated.cost.counted),
        estimate=estimated.stored(),
    )
    with transaction() as session:
        session.add(cost)


def store_actual(session: Session, run: Run, results: dict[str, Any]) -> None:
    """Store what a finished run cost, in the caller's transaction.

    A run that took more than one attempt, or smaller micro-batches than planned, is no observation for later estimates: its
    time is not that of its work alone.
    """
    cost = session.get(RunCost, run.id)
    seconds = results.get("seconds") or {}
    if cost is None or not seconds.get("total") or not results.get("peak_memory_bytes"):
        return
    learning = (seconds.get("phases") or {}).get("Training", seconds.get("training") or 0.0)
    cost.actual = {
        "memory": float(results["peak_memory_bytes"]),
        "seconds": float(seconds["total"]),
        "learning": float(learning),
        "rest": float(seconds["total"]) - float(learning),
        "trainable_parameters": float(results.get("trainable_parameters") or 0),
        "adapter_bytes": float(results.get("adapter_bytes") or 0),
    }
    if run.job.attempt <= 1 and not run.job.adjustments:
        cost.finished_at = db_now()


def read(user_id: str, run_id: str) -> RunCostReport:
    """Estimate and actual cost of a run; a run that has not started is estimated now.

    Raises:
        NotFound: the run is somebody else's or does not exist.
    """
    run = runs.get_run(user_id, run_id)
    with snapshot() as session:
        cost = session.get(RunCost, run_id)
    if cost is not None:
        return RunCostReport(cost.estimate, cost.actual)
    if run.spec.get("origin") or run.results:
        return RunCostReport(None, None)
    estimated = estimate_for(
        run.dataset_version, base_model=run.base_model, method=run.spec["method"], training=run.spec["training"]
    )
    return RunCostReport(estimated.stored(), None)


def _base_known(version_id: str, base_model: str, max_length: int) -> bool:
    """Whether a finished run has read these rows with this model, so that their hidden states are cached."""
    with snapshot() as session:
        same = (
            select(Run.spec)
            .join(Job, Job.id == Run.job_id)
            .where(Run.dataset_version_id == version_id, Run.base_model == base_model, Job.state == SUCCEEDED)
            .limit(50)
        )
        return any(spec["training"].get("max_length") == max_length for spec in session.scalars(same))
