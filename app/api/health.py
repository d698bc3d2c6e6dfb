"""Liveness, readiness and Prometheus metrics. The two probes are public and contain no data of users."""

import os

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import select
from starlette.responses import JSONResponse, Response

from app import storage
from app.api import measurements
from app.api.deps import UserId
from app.db import snapshot
from app.models import User
from app.services.operations import operations

router = APIRouter(tags=["health"])


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz() -> JSONResponse:
    """Each part that the web process needs, ``ok`` or what is wrong; 503 if any is not ok."""
    parts = {"database": _database(), "storage": _storage()}
    ready = all(state == "ok" for state in parts.values())
    return JSONResponse({"status": "ok" if ready else "not ready", "parts": parts}, status_code=200 if ready else 503)


@router.get("/metrics")
def read_measurements(user_id: UserId) -> Response:
    """Prometheus text: requests by route, the queue and its waits, outcomes, workers, sweeps, the process."""
    measurements.update(operations.measure())
    return Response(measurements.render(), media_type=CONTENT_TYPE_LATEST)


def _database() -> str:
    try:
        with snapshot() as session:
            session.execute(select(User.id).limit(1))
    except Exception:
        return "not reachable, or its tables are missing"
    return "ok"


def _storage() -> str:
    return "ok" if os.access(storage.data_dir(), os.W_OK) else "not writable"
