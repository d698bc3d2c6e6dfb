"""Routes about the answers of a run as a whole."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.deps import UserId
from app.services.evaluation import calibration
from app.services.runs import generation_samples

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])


@router.get("/{run_id}/calibration")
def read_calibration(user_id: UserId, run_id: str) -> dict[str, Any]:
    """Stated certainty against truth, and accuracy at every threshold below which nothing is answered."""
    return calibration.measure(user_id, run_id).as_dict()


@router.get("/{run_id}/samples")
def read_samples(
    user_id: UserId,
    run_id: str,
    step: Annotated[int | None, Query(ge=0, le=2**53, description="Of which check; the newest if absent.")] = None,
) -> dict[str, Any]:
    """What a model that writes answered to a few held-out rows at a check, beside the untouched base."""
    return generation_samples.at_step(user_id, run_id, step).as_dict()
