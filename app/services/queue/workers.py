"""The workers there are: heartbeats with what their machine has, the job at hand, and rest after failing devices."""

from typing import Any

from sqlalchemy import delete, select, update

from app.db import db_now, snapshot, transaction
from app.models_work import Worker
from app.services.queue import machine, placement
from app.services.queue.jobs import boot_id

HEARTBEAT_SECONDS = 5.0
# Asking the driver may take a second, so not every heartbeat does.
GPU_SECONDS = 15.0
# Heard of within this many seconds means alive.
ALIVE_SECONDS = 20.0
FORGET_SECONDS = 24 * 3600.0
FAILURES, WITHIN_SECONDS, BARRED_SECONDS = 2, 600.0, 3600.0


def beat(name: str, job_id: str | None = None) -> None:
    """Say that this worker is alive and what it works on; forgets workers that were silent for a day."""
    facts = {"heartbeat_at": db_now(), "job_id": job_id, "machine": _machine(), "stopped_at": None}
    with transaction() as session:
        if not session.execute(update(Worker).where(Worker.name == name).values(facts)).rowcount:  # type: ignore[attr-defined]
            session.add(Worker(name=name, host=name.split(":")[0], boot_id=boot_id(), **facts))
            session.execute(delete(Worker).where(Worker.heartbeat_at < db_now() - FORGET_SECONDS))


def _machine() -> dict[str, Any]:
    return {**machine.describe(GPU_SECONDS), "offer": placement.own_capacity().as_dict()}


def leave(name: str) -> None:
    """This worker has stopped in good order."""
    with transaction() as session:
        session.execute(update(Worker).where(Worker.name == name).values(stopped_at=db_now(), job_id=None))


def note_device_failure(name: str) -> None:
    """Two failures of the device within ten minutes bar the worker for an hour; other workers go on."""
    with transaction() as session:
        worker = session.get(Worker, name, with_for_update=True)
        if worker is None:
            worker = Worker(name=name, host=name.split(":")[0], boot_id=boot_id(), machine={}, device_failures=[])
            session.add(worker)
        now = session.scalar(select(db_now())) or 0.0
        worker.device_failures = [at for at in worker.device_failures if now - at < WITHIN_SECONDS] + [now]
        if len(worker.device_failures) >= FAILURES:
            worker.barred_until = now + BARRED_SECONDS


def is_barred(name: str) -> bool:
    """Whether this worker should take no job now."""
    with snapshot() as session:
        barred = select(Worker.name).where(Worker.name == name, Worker.barred_until > db_now())
        return session.scalar(barred) is not None


def list_workers() -> list[dict[str, Any]]:
    """``[{"name", "host", "alive", "barred", "job_id", "started_at", "heartbeat_at", "seconds_since", "machine"}]``,
    longest running first; those that stopped or were silent for ten minutes are left out."""
    with snapshot() as session:
        now = session.scalar(select(db_now())) or 0.0
        known = select(Worker).where(Worker.stopped_at.is_(None), Worker.heartbeat_at > db_now() - 600.0)
        rows = list(session.scalars(known.order_by(Worker.started_at, Worker.name)))
    return [
        {
            "name": row.name,
            "host": row.host,
            "alive": now - row.heartbeat_at < ALIVE_SECONDS,
            "barred": row.barred_until is not None and row.barred_until > now,
            "job_id": row.job_id,
            "started_at": row.started_at,
            "heartbeat_at": row.heartbeat_at,
            "seconds_since": round(max(0.0, now - row.heartbeat_at), 1),
            "machine": row.machine,
        }
        for row in rows
    ]
