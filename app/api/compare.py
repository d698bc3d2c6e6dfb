"""``GET /api/v1/compare``: what the compare page shows."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from app.api.deps import UserId
from app.services import comparison

router = APIRouter(prefix="/api/v1", tags=["compare"])


@router.get("/compare")
def compare_runs(
    user_id: UserId,
    runs: Annotated[str, Query(min_length=1, max_length=1000, description="Run ids separated by commas.")],
    baseline: Annotated[str | None, Query(max_length=100)] = None,
) -> dict[str, Any]:
    """Metrics, settings that differ and notes for several runs beside the untouched base model."""
    return comparison.compare(user_id, [each.strip() for each in runs.split(",") if each.strip()], baseline)
