"""Liveness, readiness and Prometheus metrics. The two probes are public and contain no data of users."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from app.api import measurements
from app.api.deps import UserId
from app.services.operations import operations, readiness

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers; takes none of the threads that requests work in."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz() -> JSONResponse:
    """Each part that the web process needs, ``ok`` or what is wrong; 503 if requests cannot be answered.

    On a full disk the status is ``reading only`` with 200: what is stored can be read.
    """
    parts = readiness.parts()
    if not readiness.is_ready(parts):
        return JSONResponse({"status": "not ready", "parts": parts}, status_code=503)
    whole = all(state == readiness.OK for state in parts.values())
    return JSONResponse({"status": "ok" if whole else "reading only", "parts": parts})


@router.get("/metrics")
def read_measurements(user_id: UserId) -> Response:
    """Prometheus text: requests by route, the queue and its waits, outcomes, workers, sweeps, the process."""
    measurements.update(operations.measure())
    return Response(measurements.render(), media_type=CONTENT_TYPE_LATEST)
