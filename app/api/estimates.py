"""Memory, time and size of a run before it is queued, its actual cost, and the accuracy of estimates."""

from typing import Any

from fastapi import APIRouter

from app.api.deps import UserId
from app.api.schemas import EstimateBody
from app.errors import Rejected
from app.languages import gettext as _
from app.services.datasets import datasets
from app.services.estimates import observations
from app.services.estimates.estimates import EstimateRequest, estimate
from app.services.runs import cross_validation_offers, run_costs

router = APIRouter(prefix="/api/v1", tags=["estimates"])


@router.post("/estimates")
def estimate_run(user_id: UserId, body: EstimateBody) -> dict[str, Any]:
    """The estimate with its range, basis and what would make it fit; rows, labels and lengths come from ``dataset_id``.

    ``cross_validation`` says what folds would bring and cost where the test split is small: ``{"folds", "rows", "test_rows",
    "seconds", "cheap"}``, or null. ``learning_rate`` is what a run takes that leaves it open, ``{"rate", "own", "updates",
    "reason"}``, or null. ``lengths`` then says how many rows are cut at the longest text: ``{"cut_rows", "rows", "max_length", ...}``.
    """
    if body.dataset_id is not None:
        version = datasets.latest_version(datasets.get_dataset(user_id, body.dataset_id))
        chosen: dict[str, Any] = {"base_model": body.base_model, "method": body.method, "training": body.training}
        offered = cross_validation_offers.offer(version, **chosen)
        return {
            **run_costs.estimate_with_defaults(version, **chosen).as_dict(),
            "cross_validation": offered.as_dict() if offered else None,
        }
    if body.rows is None:
        raise Rejected("missing_field", _("Neither `rows` nor `dataset_id` was given."), _("Send one of them."))
    request = EstimateRequest(
        base_model=body.base_model,
        method=body.method,
        training=body.training,
        rows=body.rows,
        tokens_per_row=body.tokens_per_row,
        labels=body.labels,
    )
    return {**estimate(request).as_dict(), "lengths": None, "learning_rate": None, "cross_validation": None}


@router.get("/estimates/accuracy")
def read_accuracy(user_id: UserId) -> dict[str, Any]:
    """Accuracy of estimates by machine: median errors of memory and time over its last finished runs."""
    return {"machines": [machine.as_dict() for machine in observations.accuracy()]}


@router.get("/runs/{run_id}/cost")
def read_cost(user_id: UserId, run_id: str) -> dict[str, Any]:
    """What a run was estimated to cost when it began, and what it actually cost: ``{"estimate", "actual"}``."""
    return run_costs.read(user_id, run_id).as_dict()
