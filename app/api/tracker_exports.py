"""Routes that write runs for other trackers and hand out the files."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from app.api.deps import UserId
from app.api.schemas import Body, Word
from app.services.runs import tracker_exports

router = APIRouter(prefix="/api/v1", tags=["runs"])


class TrackerBody(Body):
    """Which tracker to write for."""

    tracker: Word


@router.get("/runs/{run_id}/trackers")
def list_exports(user_id: UserId, run_id: str) -> dict[str, Any]:
    """The trackers there are, and this run's newest export for each."""
    return tracker_exports.list_exports(user_id, run_id)


@router.post("/runs/{run_id}/trackers", status_code=202)
def start_export(user_id: UserId, run_id: str, body: TrackerBody) -> dict[str, Any]:
    """Queue an export; a worker writes it with the tracker's own library."""
    return tracker_exports.start(user_id, run_id, body.tracker)


@router.post("/exports/{export_id}/cancel")
def cancel_export(user_id: UserId, export_id: str) -> dict[str, Any]:
    """Stop one that waits or works."""
    return tracker_exports.cancel(user_id, export_id)


@router.get("/exports/{export_id}/files")
def download_export(user_id: UserId, export_id: str) -> StreamingResponse:
    """The tracker's files as a zip."""
    name, pieces = tracker_exports.download(user_id, export_id)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)
