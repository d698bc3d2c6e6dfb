"""Routes about the answers of a run as a whole."""

from typing import Any

from fastapi import APIRouter

from app.api.deps import UserId
from app.services import calibration

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])


@router.get("/{run_id}/calibration")
def read_calibration(user_id: UserId, run_id: str) -> dict[str, Any]:
    """Stated certainty against truth, and accuracy at every threshold below which nothing is answered."""
    return calibration.measured(user_id, run_id)
