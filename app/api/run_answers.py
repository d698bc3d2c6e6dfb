"""Routes for calibration and generation samples of a run."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.deps import UserId
from app.services.evaluation import calibration
from app.services.runs import generation_samples

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])


@router.get("/{run_id}/calibration")
def read_calibration(user_id: UserId, run_id: str) -> dict[str, Any]:
    """Calibration by confidence bin, and accuracy at every abstention threshold."""
    return calibration.measure(user_id, run_id).as_dict()


@router.get("/{run_id}/samples")
def read_samples(
    user_id: UserId,
    run_id: str,
    step: Annotated[
        int | None, Query(ge=0, le=2**53, description="Step of the evaluation; the newest if absent.")
    ] = None,
) -> dict[str, Any]:
    """Answers to a few held-out prompts at an evaluation, beside the base model's answers."""
    return generation_samples.at_step(user_id, run_id, step).as_dict()
