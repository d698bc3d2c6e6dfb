"""The order of waiting jobs: fair between people, and each person's own order of theirs; for each queue by itself.

People take turns: everybody's first waiting job comes before anybody's second, and a job that already runs counts as a
turn taken. Priorities and moves reorder a person's own jobs only.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select, update
from sqlalchemy.orm import Session

from app import job_kinds
from app.db import db_now, snapshot
from app.errors import Conflict, Rejected
from app.languages import gettext as _
from app.models import CLAIMED, QUEUED, RUNNING, Job
from app.queue import LIGHT_QUEUE, TRAIN_QUEUE
from app.services.queue import placement
from app.services.queue.placement import WorkerCapacity
from app.settings import get_settings

PRIORITIES = {"low": -1, "normal": 0, "high": 1}
DIRECTIONS = ("up", "down", "first", "last")


def ready() -> ColumnElement[bool]:
    """The condition that a job can be claimed: queued, neither paused nor cancelled, and past its backoff."""
    return and_(
        Job.state == QUEUED, Job.cancel_requested_at.is_(None), Job.paused_at.is_(None), Job.not_before <= db_now()
    )


def next_job(own: WorkerCapacity | None = None) -> str | None:
    """Id of the training job whose turn it is, or None when nothing can be claimed now.

    Args:
        own: capacity of the asking worker; jobs that need more, or larger devices that another worker has, are skipped.
    """
    turns = _turns(and_(ready(), job_kinds.is_on(TRAIN_QUEUE)), TRAIN_QUEUE).subquery()
    columns = (turns.c.id, turns.c.devices, turns.c.memory_bytes)
    query = select(*columns).order_by(turns.c.turn, turns.c.rank, turns.c.id)
    max_active = get_settings().max_active_per_user
    if max_active:
        query = query.where(turns.c.turn <= max_active)
    with snapshot() as session:
        if own is None:
            return session.scalar(query.limit(1))
        capacities = placement.live_capacities(session)
        suiting = (
            row.id for row in session.execute(query) if placement.suits(row.devices, row.memory_bytes, own, capacities)
        )
        return next(suiting, None)


def next_light_job(kinds: Collection[str] = job_kinds.LIGHT_KINDS) -> str | None:
    """Id of the light job of these kinds whose turn it is, checks of data before all others; no limit of runs applies."""
    turns = _turns(and_(ready(), Job.kind.in_(kinds)), LIGHT_QUEUE).subquery()
    later = turns.c.kind != job_kinds.DATA_CHECK
    with snapshot() as session:
        return session.scalar(select(turns.c.id).order_by(later, turns.c.turn, turns.c.rank, turns.c.id).limit(1))


def line(session: Session) -> list[Row[Any]]:
    """All people's waiting training jobs that are not paused, next first: rows of (id, owner_id, turn, not_before)."""
    turns = _turns(_waiting(), TRAIN_QUEUE).subquery()
    # A job in its backoff does not hold up the others.
    later = turns.c.not_before > db_now()
    columns = (turns.c.id, turns.c.owner_id, turns.c.turn, turns.c.not_before)
    return list(session.execute(select(*columns).order_by(later, turns.c.turn, turns.c.rank, turns.c.id)))


def position(session: Session, job_id: str) -> int | None:
    """1 for the training job that starts next; None for one that is paused or not waiting."""
    turns = _turns(_waiting(), TRAIN_QUEUE).subquery()
    order = (turns.c.not_before > db_now(), turns.c.turn, turns.c.rank, turns.c.id)
    numbered = select(turns.c.id, func.row_number().over(order_by=order).label("number")).subquery()
    return session.scalar(select(numbered.c.number).where(numbered.c.id == job_id))


def check_active_limit(session: Session, owner_id: str) -> bool:
    """Whether this person may have one more training job active; the caller holds the person's row."""
    max_active = get_settings().max_active_per_user
    if not max_active:
        return True
    active_jobs = Job.state.in_((CLAIMED, RUNNING)), job_kinds.is_on(TRAIN_QUEUE)
    active = select(func.count()).where(Job.owner_id == owner_id, *active_jobs)
    return (session.scalar(active) or 0) < max_active


def set_priority(session: Session, job: Job, word: str) -> None:
    """Set the priority of a queued job among its owner's jobs.

    Raises:
        Rejected: an unknown priority.
        Conflict: the job is not queued any more.
    """
    if word not in PRIORITIES:
        raise Rejected(
            "range", _("{word} is not a priority.", word=repr(word)), _("Choose one of: ") + ", ".join(PRIORITIES) + "."
        )
    _change_waiting(session, job, {"priority": PRIORITIES[word]})


def move(session: Session, job: Job, direction: str) -> None:
    """Swap a queued job with its owner's neighbouring job of the same priority, or move it to either end of them.

    Raises:
        Rejected: an unknown direction.
        Conflict: the job is not queued any more.
    """
    if direction not in DIRECTIONS:
        raise Rejected(
            "range",
            _("{direction} is not a direction.", direction=repr(direction)),
            _("Choose one of: ") + ", ".join(DIRECTIONS) + ".",
        )
    own = list(
        session.execute(
            select(Job.id, _rank().label("rank"))
            .where(Job.owner_id == job.owner_id, Job.state == QUEUED, Job.priority == job.priority)
            .order_by(_rank(), Job.id)
        )
    )
    here = next((number for number, row in enumerate(own) if row.id == job.id), None)
    if here is None:
        raise _not_waiting(job)
    goal = {"up": here - 1, "down": here + 1, "first": 0, "last": len(own) - 1}[direction]
    if goal == here or not 0 <= goal < len(own):
        return
    if direction in ("up", "down"):
        _change_waiting(session, job, {"rank": own[goal].rank})
        session.execute(update(Job).where(Job.id == own[goal].id).values(rank=own[here].rank))
    else:
        _change_waiting(session, job, {"rank": own[goal].rank + (-1.0 if direction == "first" else 1.0)})


def _waiting() -> ColumnElement[bool]:
    waiting = and_(Job.state == QUEUED, Job.cancel_requested_at.is_(None), Job.paused_at.is_(None))
    return and_(waiting, job_kinds.is_on(TRAIN_QUEUE))


def _turns(which: ColumnElement[bool], queue: str) -> Any:
    """A query of the chosen jobs with the turn that each has among its owner's; active jobs of the queue are turns taken."""
    active = select(Job.owner_id, func.count().label("active")).where(
        Job.state.in_((CLAIMED, RUNNING)), job_kinds.is_on(queue)
    )
    running = active.group_by(Job.owner_id).subquery()
    own = func.row_number().over(partition_by=Job.owner_id, order_by=(Job.priority.desc(), _rank(), Job.id))
    return (
        select(
            Job.id,
            Job.owner_id,
            Job.kind,
            Job.not_before,
            Job.devices,
            Job.memory_bytes,
            _rank().label("rank"),
            (own + func.coalesce(running.c.active, 0)).label("turn"),
        )
        .outerjoin(running, running.c.owner_id == Job.owner_id)
        .where(which)
    )


def _rank() -> ColumnElement[float]:
    return func.coalesce(Job.rank, Job.created_at)


def _change_waiting(session: Session, job: Job, values: dict[str, Any]) -> None:
    waiting = and_(Job.id == job.id, Job.state == QUEUED)
    if not session.execute(update(Job).where(waiting).values(values)).rowcount:  # type: ignore[attr-defined]
        raise _not_waiting(job)


def _not_waiting(job: Job) -> Conflict:
    return Conflict(
        "not_waiting",
        _("This run does not wait any more ({state}).", state=job.state),
        _("Only waiting runs have a place in the queue."),
    )
