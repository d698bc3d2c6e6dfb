"""``POST /api/v1/estimates``: memory, time and size of a run before it is queued."""

from typing import Any

from fastapi import APIRouter

from app.api.deps import UserId
from app.api.schemas import EstimateBody
from app.catalog.base_models import base_model as find_base_model
from app.catalog.training import TrainingSettings
from app.errors import Rejected
from app.models import DatasetVersion
from app.services import datasets
from app.services.dataset_lengths import cut_at
from app.services.estimates import ESTIMATED, MEASURED, estimate

router = APIRouter(prefix="/api/v1", tags=["estimates"])


@router.post("/estimates")
def estimate_run(user_id: UserId, body: EstimateBody) -> dict[str, Any]:
    """The estimate with its basis; rows, labels and text lengths come from ``dataset_id`` when it is given.

    ``lengths`` then says how many rows are cut at the longest text: ``{"cut_rows", "rows", "max_length", ...}``.
    """
    rows, labels, tokens = body.rows, body.labels, body.tokens_per_row
    lengths: dict[str, Any] | None = None
    if body.dataset_id is not None:
        version = datasets.latest_version(datasets.get_dataset(user_id, body.dataset_id))
        rows, labels = version.split_sizes["train"], max(1, len(version.labels))
        lengths = _lengths(version, body)
        tokens = tokens or lengths["tokens_per_row"]
    if rows is None:
        raise Rejected("missing_field", "Neither `rows` nor `dataset_id` was given.", "Send one of them.")
    told = estimate(
        base_model=body.base_model,
        method=body.method,
        training=body.training,
        rows=rows,
        tokens_per_row=tokens,
        labels=labels,
        tokens_from=ESTIMATED if lengths and not body.tokens_per_row and not lengths["measured"] else MEASURED,
    )
    return {**told, "lengths": lengths}


def _lengths(version: DatasetVersion, body: EstimateBody) -> dict[str, Any]:
    """What the longest text of the settings means for these rows; an impossible one is refused by the estimate."""
    wanted = body.training.get("max_length")
    default: int = TrainingSettings.model_fields["max_length"].default
    max_length = wanted if isinstance(wanted, int) and wanted > 0 else default
    return cut_at(version, find_base_model(body.base_model).name, max_length)
