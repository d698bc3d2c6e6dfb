"""Routes for exports of runs to experiment trackers."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from app.api.deps import UserId
from app.api.schemas import Body, Word
from app.services.runs import tracker_exports

router = APIRouter(prefix="/api/v1", tags=["runs"])


class TrackerBody(Body):
    """The tracker to export to."""

    tracker: Word


@router.get("/runs/{run_id}/trackers")
def list_exports(user_id: UserId, run_id: str) -> dict[str, Any]:
    """The available trackers, and this run's newest export to each."""
    return tracker_exports.list_exports(user_id, run_id).as_dict()


@router.post("/runs/{run_id}/trackers", status_code=202)
def start_export(user_id: UserId, run_id: str, body: TrackerBody) -> dict[str, Any]:
    """Queue an export; a worker writes it with the tracker's own library."""
    return tracker_exports.start(user_id, run_id, body.tracker).as_dict()


@router.post("/exports/{export_id}/cancel")
def cancel_export(user_id: UserId, export_id: str) -> dict[str, Any]:
    """Cancel a waiting or active export."""
    return tracker_exports.cancel(user_id, export_id).as_dict()


@router.get("/exports/{export_id}/files")
def download_export(user_id: UserId, export_id: str) -> StreamingResponse:
    """The tracker's files as a zip."""
    name, chunks = tracker_exports.download(user_id, export_id)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)
