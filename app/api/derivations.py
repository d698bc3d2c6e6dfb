"""Routes that derive runs without training: combine adapters, merge one into its model, extract a LoRA from a full fine-tune."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field

from app.api.deps import UserId
from app.api.schemas import Body, Name, ObjectId
from app.services.runs import derivations, runs

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])


class CombineBody(Body):
    """Finished LoRA runs of one base model, and how to combine them."""

    run_ids: list[ObjectId] = Field(min_length=2, max_length=8)
    how: Literal["average", "average-svd", "ties", "dare", "arrow"] = "average"
    weights: list[float] | None = Field(None, max_length=8)
    rank: int = Field(16, ge=1, le=256)
    density: float = Field(0.5, gt=0, le=1)
    top_k: int = Field(3, ge=1, le=8)
    temperature: float = Field(1.0, gt=0, le=100)
    name: Name = ""


class ShrinkBody(Body):
    """The rank of the LoRA to extract."""

    rank: int = Field(32, ge=1, le=256)
    name: Name = ""


class MergeModelBody(Body):
    """What to call the plain model."""

    name: Name = ""


@router.post("/combine", status_code=201)
def combine_runs(user_id: UserId, body: CombineBody) -> dict[str, Any]:
    """Queue a run that combines others without training."""
    return runs.as_dict(derivations.combine(user_id, derivations.CombineRequest(**body.model_dump())))


@router.post("/{run_id}/shrink", status_code=201)
def shrink_run(user_id: UserId, run_id: str, body: ShrinkBody) -> dict[str, Any]:
    """Queue a run that turns a full fine-tune into a LoRA."""
    return runs.as_dict(derivations.shrink(user_id, run_id, **body.model_dump()))


@router.post("/{run_id}/merge", status_code=201)
def merge_run(user_id: UserId, run_id: str, body: MergeModelBody) -> dict[str, Any]:
    """Queue a run that adds an adapter to the base model's own weights."""
    return runs.as_dict(derivations.merge(user_id, run_id, **body.model_dump()))
