"""``POST /api/v1/estimates``: memory, time and size of a run before it is queued."""

from typing import Any

from fastapi import APIRouter

from app.api.deps import UserId
from app.api.schemas import EstimateBody
from app.catalog.base_models import base_model as find_base_model
from app.catalog.task_types import task_type as find_task_type
from app.catalog.training import TrainingSettings, with_defaults
from app.errors import Rejected
from app.models import DatasetVersion
from app.services import datasets
from app.services.dataset_lengths import cut_at
from app.services.estimates import ESTIMATED, MEASURED, estimate
from app.services.runs import room_for_text

router = APIRouter(prefix="/api/v1", tags=["estimates"])


@router.post("/estimates")
def estimate_run(user_id: UserId, body: EstimateBody) -> dict[str, Any]:
    """The estimate with its basis; rows, labels and text lengths come from ``dataset_id`` when it is given.

    ``lengths`` then says how many rows are cut at the longest text: ``{"cut_rows", "rows", "max_length", ...}``.
    """
    rows, labels, tokens = body.rows, body.labels, body.tokens_per_row
    training = body.training
    lengths: dict[str, Any] | None = None
    if body.dataset_id is not None:
        version = datasets.latest_version(datasets.get_dataset(user_id, body.dataset_id))
        training = _training(version, body)
        rows, labels = version.split_sizes["train"], max(1, len(version.labels))
        lengths = _lengths(version, body.base_model, training)
        tokens = tokens or lengths["tokens_per_row"]
    if rows is None:
        raise Rejected("missing_field", "Neither `rows` nor `dataset_id` was given.", "Send one of them.")
    told = estimate(
        base_model=body.base_model,
        method=body.method,
        training=training,
        rows=rows,
        tokens_per_row=tokens,
        labels=labels,
        tokens_from=ESTIMATED if lengths and not body.tokens_per_row and not lengths["measured"] else MEASURED,
    )
    return {**told, "lengths": lengths}


def _training(version: DatasetVersion, body: EstimateBody) -> dict[str, Any]:
    """The settings as a run on this version would have them."""
    room = room_for_text(find_base_model(body.base_model), body.method)
    return with_defaults(body.training, find_task_type(version.task_type).training_defaults, room)


def _lengths(version: DatasetVersion, base_model: str, training: dict[str, Any]) -> dict[str, Any]:
    """What the longest text of the settings means for these rows; an impossible one is refused by the estimate."""
    wanted = training["max_length"]
    default: int = TrainingSettings.model_fields["max_length"].default
    max_length = wanted if isinstance(wanted, int) and wanted > 0 else default
    return cut_at(version, find_base_model(base_model).name, max_length)
