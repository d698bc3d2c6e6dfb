"""``POST /api/v1/estimates``: memory, time and size of a run before it is queued."""

from typing import Any

from fastapi import APIRouter

from app.api.deps import UserId
from app.api.schemas import EstimateBody
from app.errors import Rejected
from app.services import datasets
from app.services.estimates import estimate

router = APIRouter(prefix="/api/v1", tags=["estimates"])


@router.post("/estimates")
def estimate_run(user_id: UserId, body: EstimateBody) -> dict[str, Any]:
    """The estimate with its basis; rows and labels come from ``dataset_id`` when it is given."""
    rows, labels = body.rows, body.labels
    if body.dataset_id is not None:
        version = datasets.latest_version(datasets.get_dataset(user_id, body.dataset_id))
        rows, labels = version.split_sizes["train"], max(1, len(version.labels))
    if rows is None:
        raise Rejected("missing_field", "Neither `rows` nor `dataset_id` was given.", "Send one of them.")
    return estimate(
        base_model=body.base_model,
        method=body.method,
        training=body.training,
        rows=rows,
        tokens_per_row=body.tokens_per_row,
        labels=labels,
    )
