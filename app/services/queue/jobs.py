"""The life of a job on one screen: every change of state is a function here, and nowhere else.

    queued -> claimed -> running -> succeeded | failed | cancelled | diverged
    claimed | running -> queued     when a lease is lost, a trainer crashes, a worker shuts down or a person pauses

A paused job is a queued one with ``paused_at``: no worker claims it until its owner resumes it.

A claim raises the fencing token, and every later write names it; the write of a holder whose lease was lost is refused
(``StaleClaim``). All times are those of the database's clock.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app import job_kinds
from app.db import db_now, dialect, snapshot, transaction
from app.errors import Conflict
from app.models import (
    ACTIVE_STATES,
    CANCELLED,
    CLAIMED,
    DIVERGED,
    FAILED,
    QUEUED,
    RUNNING,
    SUCCEEDED,
    Job,
    User,
    new_id,
)
from app.models_work import EventCounter
from app.queue import enqueue_after_commit, notify
from app.services.queue import attempts, queue_order
from app.settings import get_settings

# Seconds to wait before the second, third, ... attempt of a job that crashed.
BACKOFF = (0.0, 10.0, 30.0, 60.0)
# What the owner has asked for, as returned when a lease is renewed.
CANCEL, PAUSE = "cancel", "pause"


class StaleClaim(Exception):
    """Another worker holds this job now; the caller must stop and write nothing more."""


@dataclass(frozen=True)
class Claim:
    """The right to execute a job: its id, kind, attempt and the fencing token of this lease."""

    job_id: str
    fence: int
    kind: str
    attempt: int


@dataclass(frozen=True)
class SweepResult:
    """What one sweep did, by job id."""

    requeued: list[str]
    failed: list[str]
    cancelled: list[str]
    notified: list[str]


def add(
    session: Session,
    *,
    owner_id: str,
    kind: str,
    idempotency_key: str | None = None,
    fence: int = 0,
    adjustments: dict[str, Any] | None = None,
    devices: int = 1,
    memory_bytes: int = 0,
) -> Job:
    """Insert a queued job; its worker is notified after the caller's commit."""
    job = Job(
        id=new_id(),
        owner_id=owner_id,
        kind=kind,
        state=QUEUED,
        idempotency_key=idempotency_key,
        fence=fence,
        adjustments=adjustments or {},
        devices=devices,
        memory_bytes=memory_bytes,
        max_attempts=get_settings().max_attempts,
        phase="Waiting in the queue",
    )
    session.add(job)
    enqueue_after_commit(session, job.id, job_kinds.queue_of(kind))
    return job


def claim(job_id: str, holder: str | None = None) -> Claim | None:
    """queued -> claimed; None when the job cannot be claimed."""
    with transaction() as session:
        if get_settings().max_active_per_user and not _may_begin(session, job_id):
            return None
        taken = session.execute(
            update(Job)
            .where(Job.id == job_id, queue_order.ready())
            .values(
                state=CLAIMED,
                holder=holder or default_holder(),
                fence=Job.fence + 1,
                lease_until=db_now() + get_settings().lease_seconds,
                heartbeat_at=db_now(),
                boot_id=boot_id(),
                pid=os.getpid(),
                phase="A worker has picked it up",
            )
            .returning(Job.fence, Job.kind, Job.attempt)
        ).first()
    return Claim(job_id, taken.fence, taken.kind, taken.attempt) if taken else None


@contextmanager
def held(claim: Claim) -> Iterator[Session]:
    """A transaction that has verified the claim: the row stays locked until the commit.

    Raises:
        StaleClaim: the fence has moved on, or the job has ended.
    """
    with transaction() as session:
        _write(session, claim, {"heartbeat_at": db_now()})
        yield session


def begin(claim: Claim, *, pid: int, phase: str) -> None:
    """claimed -> running; ``pid`` is the trainer's."""
    with transaction() as session:
        _write(session, claim, {"state": RUNNING, "started_at": db_now(), "phase": phase, "pid": pid})


def renew(claim: Claim) -> str | None:
    """Extend the lease; returns ``CANCEL`` or ``PAUSE`` when the owner has asked for it."""
    with transaction() as session:
        _write(session, claim, {"heartbeat_at": db_now(), "lease_until": db_now() + get_settings().lease_seconds})
        asked = select(Job.cancel_requested_at, Job.pause_requested_at).where(Job.id == claim.job_id)
        cancel_at, pause_at = session.execute(asked).one()
    return CANCEL if cancel_at is not None else PAUSE if pause_at is not None else None


def note_progress(session: Session, claim: Claim, phase: str, progress: dict[str, Any]) -> None:
    """Store phase and progress in the caller's transaction."""
    _write(session, claim, {"phase": phase, "progress": progress})


def note_device(session: Session, claim: Claim, device: str) -> None:
    """Store the device that this job computes on; inference servers release it while the job is active."""
    _write(session, claim, {"device": device})


def note_phase(claim: Claim, phase: str) -> None:
    """Store the phase of a job."""
    with transaction() as session:
        _write(session, claim, {"phase": phase})


def succeed(session: Session, claim: Claim) -> None:
    """running -> succeeded, in the transaction that records the results."""
    _write(session, claim, {"state": SUCCEEDED, "phase": "Finished", "finished_at": db_now(), "lease_until": None})


def fail(session: Session, claim: Claim, error: dict[str, Any]) -> None:
    """running -> failed, or diverged; ``error`` is the body of a StudioError, as shown to the owner."""
    diverged = error["error"]["code"] == "diverged"
    state, phase = (DIVERGED, "Training diverged") if diverged else (FAILED, "Failed")
    _write(session, claim, {"state": state, "phase": phase, "error": error, "finished_at": db_now()})


def cancel(session: Session, claim: Claim) -> None:
    """running -> cancelled, once the trainer has stopped."""
    _write(session, claim, {"state": CANCELLED, "phase": "Cancelled", "finished_at": db_now()})


def release(claim: Claim) -> None:
    """running -> queued without counting an attempt: the worker is shutting down."""
    with transaction() as session:
        _write(session, claim, {"state": QUEUED, "phase": "Waiting for a worker", "lease_until": None})
        enqueue_after_commit(session, claim.job_id, job_kinds.queue_of(claim.kind))


def postpone(claim: Claim, seconds: float, phase: str) -> None:
    """running -> queued without counting an attempt, to begin again after some seconds: what it needs is taken."""
    with transaction() as session:
        values = {"state": QUEUED, "phase": phase, "lease_until": None, "not_before": db_now() + seconds}
        _write(session, claim, values)


def pause(claim: Claim) -> None:
    """running -> queued and paused, once the trainer has saved and stopped."""
    with transaction() as session:
        paused = {"state": QUEUED, "phase": "Paused", "lease_until": None, "paused_at": db_now()}
        _write(session, claim, {**paused, "pause_requested_at": None})


def retry_adjusted(claim: Claim, **adjustments: Any) -> None:
    """running -> queued without counting an attempt; the next one starts at once, with these adjustments changed."""
    with transaction() as session:
        adjustments = {**session.get_one(Job, claim.job_id).adjustments, **adjustments}
        phase = "Trying again with more gradient accumulation steps"
        _write(session, claim, {"state": QUEUED, "phase": phase, "lease_until": None, "adjustments": adjustments})
        enqueue_after_commit(session, claim.job_id, job_kinds.queue_of(claim.kind))


def retry(claim: Claim, error: dict[str, Any]) -> bool:
    """running -> queued after a crash, or failed at the maximum of attempts. Returns whether it was queued again."""
    with transaction() as session:
        job = session.get_one(Job, claim.job_id)
        attempt = attempts.count(session, job)
        if attempt >= job.max_attempts:
            fail(session, claim, error)
            _write_any(session, claim.job_id, {"attempt": attempt})
            return False
        wait = BACKOFF[min(max(0, attempt - 1), len(BACKOFF) - 1)]
        _write(
            session,
            claim,
            {
                "state": QUEUED,
                "attempt": attempt,
                "not_before": db_now() + wait,
                "lease_until": None,
                "phase": f"Stopped unexpectedly; trying again ({attempt + 1} of {job.max_attempts})",
            },
        )
        if wait == 0:
            enqueue_after_commit(session, claim.job_id, job_kinds.queue_of(claim.kind))
    return True


def request_cancel(session: Session, job: Job) -> None:
    """Ask for a stop: a queued job ends at once, the supervisor of an active one ends it.

    Raises:
        Conflict: the job has ended.
    """
    ended = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == QUEUED)
        .values(state=CANCELLED, phase="Cancelled", finished_at=db_now(), cancel_requested_at=db_now())
    )
    if ended.rowcount:  # type: ignore[attr-defined]
        return
    asked = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state.in_(ACTIVE_STATES), Job.cancel_requested_at.is_(None))
        .values(cancel_requested_at=db_now(), phase="Stopping")
    )
    if not asked.rowcount and job.state not in ACTIVE_STATES:  # type: ignore[attr-defined]
        raise Conflict("already_ended", f"This run has already ended ({job.state}).", "Nothing needs to be stopped.")


def request_pause(session: Session, job: Job) -> None:
    """Ask for a pause: a queued job is paused at once, a running one saves a checkpoint and releases its worker first.

    Raises:
        Conflict: the job has ended or is about to be stopped.
    """
    queued = and_(Job.id == job.id, Job.state == QUEUED)
    values: dict[str, Any] = {"paused_at": db_now(), "phase": "Paused"}
    if session.execute(update(Job).where(queued).values(values)).rowcount:  # type: ignore[attr-defined]
        return
    active = and_(Job.id == job.id, Job.state.in_((CLAIMED, RUNNING)), Job.cancel_requested_at.is_(None))
    asked = update(Job).where(active).values(pause_requested_at=db_now(), phase="Pausing")
    if not session.execute(asked).rowcount:  # type: ignore[attr-defined]
        raise Conflict("not_pausable", f"This run cannot be paused ({job.state}).", "Only active runs can be paused.")


def unpause(session: Session, job: Job) -> None:
    """Queue a paused job again.

    Raises:
        Conflict: it is not paused.
    """
    paused = and_(Job.id == job.id, Job.state == QUEUED, Job.paused_at.is_not(None))
    values: dict[str, Any] = {"paused_at": None, "phase": "Waiting in the queue"}
    if not session.execute(update(Job).where(paused).values(values)).rowcount:  # type: ignore[attr-defined]
        raise Conflict("not_paused", f"This run is not paused ({job.state}).", "Nothing needs to be done.")
    enqueue_after_commit(session, job.id, job_kinds.queue_of(job.kind))


def sweep(*, expire: bool = True) -> SweepResult:
    """Recover lost jobs: jobs with an expired lease are queued again, cancelled or failed; workers are notified again of jobs
    that none has claimed.

    Args:
        expire: false shortly after an outage of the database, when holders could not renew their leases.
    """
    result = SweepResult([], [], [], [])
    with transaction() as session:
        # A job of this host from before its last boot has no process any more, even if its lease is valid.
        rebooted = and_(Job.holder.startswith(f"{socket.gethostname()}:", autoescape=True), Job.boot_id != boot_id())
        lost = or_(Job.lease_until < db_now(), rebooted) if expire else rebooted
        expired = select(Job).where(Job.state.in_((CLAIMED, RUNNING)), lost)
        for job in session.scalars(expired.with_for_update(skip_locked=True)):
            _recover(session, job, result)
        for name in ("requeued", "failed", "cancelled"):
            count_event(session, f"sweep_{name}", len(getattr(result, name)))
    for job_id, kind in _waiting_unnoticed():
        if notify(job_id, job_kinds.queue_of(kind)):
            result.notified.append(job_id)
    return result


def count_event(session: Session, name: str, increment: int = 1) -> None:
    """Add to a counter of ``/metrics``."""
    if not increment:
        return
    insert = postgresql.insert if dialect().name == "postgresql" else sqlite.insert
    counted = insert(EventCounter).values(name=name, count=increment)
    session.execute(
        counted.on_conflict_do_update(index_elements=["name"], set_={"count": EventCounter.count + increment})
    )


def default_holder() -> str:
    """The holder of claims of this process: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _recover(session: Session, job: Job, result: SweepResult) -> None:
    attempt = attempts.count(session, job)
    job.fence += 1
    job.lease_until = None
    if job.pause_requested_at is not None:
        job.paused_at, job.pause_requested_at = db_now(), None
    if job.cancel_requested_at is not None:
        job.state, job.phase, job.finished_at = CANCELLED, "Cancelled", db_now()
        result.cancelled.append(job.id)
        return
    job.attempt = attempt
    if job.attempt >= job.max_attempts:
        job.state, job.phase, job.finished_at = FAILED, "Failed", db_now()
        job.error = Conflict(
            "worker_lost",
            f"The worker that ran this job disappeared {job.attempt} times.",
            "Look at the log, then resume the run; if it happens again, choose a smaller model or shorter texts.",
        ).as_dict()
        result.failed.append(job.id)
        return
    job.state, job.phase, job.notified_at = QUEUED, "The worker disappeared; waiting for another", None
    result.requeued.append(job.id)


def _waiting_unnoticed() -> list[tuple[str, str]]:
    """(id, kind) of queued jobs for which no message was sent for a whole sweep interval."""
    quiet = or_(Job.notified_at.is_(None), Job.notified_at < db_now() - get_settings().sweep_seconds)
    query = select(Job.id, Job.kind).where(queue_order.ready(), quiet).order_by(Job.created_at).limit(100)
    with snapshot() as session:
        return [(row.id, row.kind) for row in session.execute(query)]


def _may_begin(session: Session, job_id: str) -> bool:
    """Whether the owner's limit allows one more active run; the user row stays locked, so that two workers cannot both pass."""
    job = session.get(Job, job_id)
    if job is None or job.kind in job_kinds.LIGHT_KINDS:
        return job is not None
    owner_id = job.owner_id
    session.execute(select(User.id).where(User.id == owner_id).with_for_update())
    return queue_order.check_active_limit(session, owner_id)


def _write(session: Session, claim: Claim, values: dict[str, Any]) -> None:
    """The only fenced write: refused when another holds the job or it has ended."""
    mine = and_(Job.id == claim.job_id, Job.fence == claim.fence, Job.state.in_((CLAIMED, RUNNING)))
    if not session.execute(update(Job).where(mine).values(values)).rowcount:  # type: ignore[attr-defined]
        raise StaleClaim(f"job {claim.job_id} is no longer held with fence {claim.fence}")


def _write_any(session: Session, job_id: str, values: dict[str, Any]) -> None:
    session.execute(update(Job).where(Job.id == job_id).values(values))


def boot_id() -> str:
    """An id of this boot of the machine; empty where the system has none."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as source:
            return source.read().strip()
    except OSError:
        return ""
