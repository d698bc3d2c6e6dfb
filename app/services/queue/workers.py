"""Registered workers: heartbeats with the facts of their machine, the job at hand, and barring after device failures."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update

from app.db import db_now, snapshot, transaction
from app.models_work import Worker
from app.queue import TRAIN_QUEUE
from app.services.queue import machine, placement
from app.services.queue.jobs import boot_id
from app.services.queue.placement import ALIVE_SECONDS, WorkerCapacity

HEARTBEAT_SECONDS = 5.0
# Maximum age in seconds of what a heartbeat says about GPUs; asking the driver may take a second.
GPU_SECONDS = 15.0
SHOWN_SECONDS, FORGET_SECONDS = 600.0, 24 * 3600.0
MAX_FAILURES, FAILURE_WINDOW_SECONDS, BARRED_SECONDS = 2, 600.0, 3600.0


@dataclass(frozen=True)
class WorkerStatus:
    """One worker as of now; ``seconds_since`` its last heartbeat, ``machine`` as the heartbeat reported it."""

    name: str
    host: str
    alive: bool
    barred: bool
    job_id: str | None
    started_at: float
    heartbeat_at: float
    seconds_since: float
    machine: dict[str, Any]

    @property
    def capacity(self) -> WorkerCapacity:
        """What the worker offers to runs."""
        return placement.capacity_of(self.machine)

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return dict(vars(self))


def beat(name: str, job_id: str | None = None, queue: str = TRAIN_QUEUE) -> None:
    """Record a heartbeat, the queue that is served and the job at hand; deletes workers that were silent for a day."""
    values = {"heartbeat_at": db_now(), "job_id": job_id, "machine": _machine(queue), "stopped_at": None}
    with transaction() as session:
        if not session.execute(update(Worker).where(Worker.name == name).values(values)).rowcount:  # type: ignore[attr-defined]
            session.add(Worker(name=name, host=name.split(":")[0], boot_id=boot_id(), **values))
            session.execute(delete(Worker).where(Worker.heartbeat_at < db_now() - FORGET_SECONDS))


def leave(name: str) -> None:
    """Record that this worker has stopped in good order."""
    with transaction() as session:
        session.execute(update(Worker).where(Worker.name == name).values(stopped_at=db_now(), job_id=None))


def note_device_failure(name: str) -> None:
    """Record a failure of the worker's device; a second one within ten minutes bars the worker for an hour."""
    with transaction() as session:
        worker = session.get(Worker, name, with_for_update=True)
        if worker is None:
            worker = Worker(name=name, host=name.split(":")[0], boot_id=boot_id(), machine={}, device_failures=[])
            session.add(worker)
        now = session.scalar(select(db_now())) or 0.0
        recent = [failed_at for failed_at in worker.device_failures if now - failed_at < FAILURE_WINDOW_SECONDS]
        worker.device_failures = [*recent, now]
        if len(worker.device_failures) >= MAX_FAILURES:
            worker.barred_until = now + BARRED_SECONDS


def is_barred(name: str) -> bool:
    """Whether this worker should take no job now."""
    with snapshot() as session:
        barred = select(Worker.name).where(Worker.name == name, Worker.barred_until > db_now())
        return session.scalar(barred) is not None


def is_any_alive(queue: str) -> bool:
    """Whether a worker of this queue was heard of lately."""
    heard = select(Worker.machine).where(Worker.stopped_at.is_(None), Worker.heartbeat_at > db_now() - ALIVE_SECONDS)
    with snapshot() as session:
        return any(placement.queue_of(facts) == queue for facts in session.scalars(heard))


def list_workers(queue: str = TRAIN_QUEUE) -> list[WorkerStatus]:
    """The workers of a queue, longest running first, without those that stopped or were silent for ten minutes."""
    with snapshot() as session:
        now = session.scalar(select(db_now())) or 0.0
        known = select(Worker).where(Worker.stopped_at.is_(None), Worker.heartbeat_at > db_now() - SHOWN_SECONDS)
        rows = list(session.scalars(known.order_by(Worker.started_at, Worker.name)))
    return [_status(row, now) for row in rows if placement.queue_of(row.machine) == queue]


def _status(row: Worker, now: float) -> WorkerStatus:
    return WorkerStatus(
        name=row.name,
        host=row.host,
        alive=now - row.heartbeat_at < ALIVE_SECONDS,
        barred=row.barred_until is not None and row.barred_until > now,
        job_id=row.job_id,
        started_at=row.started_at,
        heartbeat_at=row.heartbeat_at,
        seconds_since=round(max(0.0, now - row.heartbeat_at), 1),
        machine=row.machine,
    )


def _machine(queue: str) -> dict[str, Any]:
    facts = machine.describe(GPU_SECONDS).as_dict()
    return {**facts, "offer": placement.own_capacity().as_dict(), "queue": queue}
