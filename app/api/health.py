"""Liveness, readiness and Prometheus metrics. The two probes are public and say nothing about anybody's data."""

import os

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import func, select
from starlette.responses import JSONResponse, Response

from app import storage
from app.api.deps import UserId
from app.api.measurements import JOBS, render
from app.db import transaction
from app.models import ACTIVE_STATES, TERMINAL_STATES, Job, User

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
    """Prometheus text: requests by route, jobs by state, the process."""
    with transaction() as session:
        counts = dict(session.execute(select(Job.state, func.count()).group_by(Job.state)).all())
    for state in (*ACTIVE_STATES, *TERMINAL_STATES):
        JOBS.labels(state).set(counts.get(state, 0))
    return Response(render(), media_type=CONTENT_TYPE_LATEST)


def _database() -> str:
    try:
        with transaction() as session:
            session.execute(select(User.id).limit(1))
    except Exception:
        return "not reachable, or its tables are missing"
    return "ok"


def _storage() -> str:
    return "ok" if os.access(storage.data_dir(), os.W_OK) else "not writable"
