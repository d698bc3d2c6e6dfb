"""The route that deletes a run."""

from typing import Any

from fastapi import APIRouter

from app.api.deps import UserId
from app.services.runs import removal

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])


@router.delete("/{run_id}")
def delete_run(user_id: UserId, run_id: str, keep_results: bool = False) -> dict[str, Any]:
    """Delete an ended run for good; with ``keep_results`` only its files."""
    freed = removal.remove(user_id, run_id, keep_results=keep_results)
    return {"id": run_id, "deleted": not keep_results, "freed_bytes": freed}
