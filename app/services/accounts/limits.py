"""Limits per user: active runs and training hours per week, checked when a run is queued; bytes on disk, with an upload.

The user's row is locked for the check, so that concurrent submits cannot exceed a limit together.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import disk_space
from app.db import db_now, snapshot
from app.errors import Conflict
from app.languages import decimal
from app.languages import gettext as _
from app.models import ACTIVE_STATES, Artifact, Checkpoint, Dataset, DatasetVersion, Job, Run, User
from app.settings import get_settings

WEEK = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Usage:
    """How much of their limits somebody uses; ``max_hours`` 0 for no limit of hours."""

    active: int
    max_active: int
    hours: float
    max_hours: float


def usage(user_id: str) -> Usage:
    """The user's runs waiting or working, and the hours their runs took in the last seven days."""
    settings = get_settings()
    with snapshot() as session:
        active, hours = _active(session, user_id), hours_this_week(session, user_id)
    return Usage(active, settings.max_queued_per_user, hours, settings.max_hours_per_user_per_week)


def check_limits(session: Session, user_id: str) -> None:
    """Refuse another run when a limit is reached.

    Raises:
        Conflict: too many runs are waiting or working, or the week's hours are used up; ``details`` has the numbers.
    """
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    settings = get_settings()
    active = _active(session, user_id)
    if active >= settings.max_queued_per_user:
        raise Conflict(
            "too_many_runs",
            _(
                "You have {active} runs waiting or working; {max_queued_per_user} is the most for one person.",
                active=active,
                max_queued_per_user=settings.max_queued_per_user,
            ),
            _("Wait until some have ended, or take some out of the queue."),
            details={"active": active, "most": settings.max_queued_per_user},
        )
    max_hours = settings.max_hours_per_user_per_week
    if max_hours and (used := hours_this_week(session, user_id)) >= max_hours:
        raise Conflict(
            "hours_used_up",
            _(
                "Your runs took {used} hours in the last seven days; {max_hours} is the most for one person.",
                used=decimal(used, 1, grouped=False),
                max_hours=f"{max_hours:g}",
            ),
            _("Wait until older runs fall out of the seven days, or ask the administrator of this studio for more."),
            details={"hours": round(used, 2), "most": max_hours},
        )


def check_storage(user_id: str, needed_bytes: int) -> None:
    """Refuse an upload that would pass the person's share of the disk or the space that is kept free.

    Raises:
        DiskFull: too little would be left on the disk.
        Conflict: the person's data, checkpoints and downloads would take more than ``STUDIO_MAX_BYTES_PER_USER``.
    """
    disk_space.check_room(needed_bytes)
    max_bytes = get_settings().max_bytes_per_user
    if not max_bytes:
        return
    with snapshot() as session:
        stored = stored_bytes(session, user_id)
    if stored + needed_bytes > max_bytes:
        raise Conflict(
            "storage_used_up",
            f"Your data and runs take {stored / 1e6:,.0f} MB and this needs {needed_bytes / 1e6:,.0f} MB; "
            f"{max_bytes / 1e6:,.0f} MB are the most for one person.",
            "Delete runs you no longer need or their checkpoints, or ask the administrator of this studio for more.",
            details={"stored_bytes": stored, "needed_bytes": needed_bytes, "max_bytes": max_bytes},
        )


def stored_bytes(session: Session, user_id: str) -> int:
    """What the person's data sets, checkpoints and downloads take on disk, as far as rows tell."""
    uploads = select(func.sum(DatasetVersion.bytes)).join(Dataset, DatasetVersion.dataset_id == Dataset.id)
    totals = [session.scalar(uploads.where(Dataset.owner_id == user_id))]
    for table in (Checkpoint, Artifact):
        query = select(func.sum(table.bytes)).join(Run, table.run_id == Run.id)
        totals.append(session.scalar(query.where(Run.owner_id == user_id)))
    return sum(int(total or 0) for total in totals)


def _active(session: Session, user_id: str) -> int:
    return session.scalar(select(func.count()).where(Job.owner_id == user_id, Job.state.in_(ACTIVE_STATES))) or 0


def hours_this_week(session: Session, user_id: str) -> float:
    """Hours that the user's jobs have worked in the last seven days, running ones included."""
    end = func.coalesce(Job.finished_at, Job.heartbeat_at, db_now())
    worked = Job.owner_id == user_id, Job.started_at.is_not(None), end > db_now() - WEEK
    return float(session.scalar(select(func.sum(end - Job.started_at)).where(*worked)) or 0.0) / 3600
