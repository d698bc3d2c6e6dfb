"""Memory, time and size of a run before it is queued, its actual cost, and the accuracy of estimates."""

from typing import Any

from fastapi import APIRouter

from app.api.deps import UserId
from app.api.schemas import EstimateBody
from app.catalog.base_models import base_model as find_base_model
from app.catalog.task_types import task_type as find_task_type
from app.catalog.training import with_defaults
from app.errors import Rejected
from app.models import DatasetVersion
from app.services.datasets import datasets
from app.services.estimates import observations
from app.services.estimates.estimates import EstimateRequest, estimate
from app.services.runs import run_costs
from app.services.runs.run_specs import max_text_tokens

router = APIRouter(prefix="/api/v1", tags=["estimates"])


@router.post("/estimates")
def estimate_run(user_id: UserId, body: EstimateBody) -> dict[str, Any]:
    """The estimate with its range, basis and what would make it fit; rows, labels and lengths come from ``dataset_id``.

    ``lengths`` then says how many rows are cut at the longest text: ``{"cut_rows", "rows", "max_length", ...}``.
    """
    if body.dataset_id is not None:
        version = datasets.latest_version(datasets.get_dataset(user_id, body.dataset_id))
        return run_costs.estimate_for(
            version,
            base_model=find_base_model(body.base_model).name,
            method=body.method,
            training=_training(version, body),
        ).as_dict()
    if body.rows is None:
        raise Rejected("missing_field", "Neither `rows` nor `dataset_id` was given.", "Send one of them.")
    request = EstimateRequest(
        base_model=body.base_model,
        method=body.method,
        training=body.training,
        rows=body.rows,
        tokens_per_row=body.tokens_per_row,
        labels=body.labels,
    )
    return {**estimate(request).as_dict(), "lengths": None}


@router.get("/estimates/accuracy")
def read_accuracy(user_id: UserId) -> dict[str, Any]:
    """Accuracy of estimates by machine: median errors of memory and time over its last finished runs."""
    return {"machines": [machine.as_dict() for machine in observations.accuracy()]}


@router.get("/runs/{run_id}/cost")
def read_cost(user_id: UserId, run_id: str) -> dict[str, Any]:
    """What a run was estimated to cost when it began, and what it actually cost: ``{"estimate", "actual"}``."""
    return run_costs.read(user_id, run_id).as_dict()


def _training(version: DatasetVersion, body: EstimateBody) -> dict[str, Any]:
    """The settings as a run on this version would have them; an impossible length is refused by the estimate."""
    room = max_text_tokens(find_base_model(body.base_model), body.method)
    return with_defaults(body.training, find_task_type(version.task_type).training_defaults, room)
