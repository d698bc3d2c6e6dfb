"""``POST /api/v1/datasets/{id}/supervision``: a preview of the loss mask on rows of a dataset."""

from typing import Any

from fastapi import APIRouter
from pydantic import Field

from app.api.deps import UserId
from app.api.schemas import Body, Word
from app.services.runs import loss_mask_previews

router = APIRouter(prefix="/api/v1/datasets", tags=["datasets"])


class SupervisionBody(Body):
    """Base model and settings of the preview."""

    base_model: Word
    method: dict[str, Any] = Field(default_factory=lambda: {"kind": "lora"})
    training: dict[str, Any] = Field(default_factory=dict)


@router.post("/{dataset_id}/supervision")
def preview_supervision(user_id: UserId, dataset_id: str, body: SupervisionBody) -> dict[str, Any]:
    """Three examples in parts (context, in the loss, truncated), the lengths of all rows, and how many are truncated."""
    return loss_mask_previews.preview(
        user_id, dataset_id, base_model=body.base_model, method=body.method, training=body.training
    ).as_dict()
