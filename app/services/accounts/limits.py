"""Limits per user: active runs and training hours per week, checked when a run is queued.

The user's row is locked for the check, so that concurrent submits cannot exceed a limit together.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import db_now
from app.errors import Conflict
from app.models import ACTIVE_STATES, Job, User
from app.settings import get_settings

WEEK = 7 * 24 * 3600.0


def check_limits(session: Session, user_id: str) -> None:
    """Refuse another run when a limit is reached.

    Raises:
        Conflict: too many runs are waiting or working, or the week's hours are used up; ``details`` has the numbers.
    """
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    settings = get_settings()
    active = session.scalar(select(func.count()).where(Job.owner_id == user_id, Job.state.in_(ACTIVE_STATES))) or 0
    if active >= settings.max_queued_per_user:
        raise Conflict(
            "too_many_runs",
            f"You have {active} runs waiting or working; {settings.max_queued_per_user} is the most for one person.",
            "Wait until some have ended, or take some out of the queue.",
            details={"active": active, "most": settings.max_queued_per_user},
        )
    max_hours = settings.max_hours_per_user_per_week
    if max_hours and (used := hours_this_week(session, user_id)) >= max_hours:
        raise Conflict(
            "hours_used_up",
            f"Your runs took {used:.1f} hours in the last seven days; {max_hours:g} is the most for one person.",
            "Wait until older runs fall out of the seven days, or ask the administrator of this studio for more.",
            details={"hours": round(used, 2), "most": max_hours},
        )


def hours_this_week(session: Session, user_id: str) -> float:
    """Hours that the user's jobs have worked in the last seven days, running ones included."""
    end = func.coalesce(Job.finished_at, Job.heartbeat_at, db_now())
    worked = Job.owner_id == user_id, Job.started_at.is_not(None), end > db_now() - WEEK
    return float(session.scalar(select(func.sum(end - Job.started_at)).where(*worked)) or 0.0) / 3600
