"""Limits of people and projects: active runs and GPU hours per week, checked when a run is queued; bytes on disk, with an upload.

A person has the studio's settings unless an administrator gave them others; a project has no limits unless it was given some. The
rows of person and project are locked for the check, so that concurrent submits cannot exceed a limit together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from app import disk_space, job_kinds
from app.db import db_now, snapshot
from app.errors import Conflict
from app.languages import decimal
from app.languages import gettext as _
from app.models import ACTIVE_STATES, Artifact, Checkpoint, Dataset, DatasetVersion, Job, Project, Run, User
from app.models_projects import Quota
from app.models_work import BatchPrediction
from app.queue import TRAIN_QUEUE
from app.settings import get_settings

WEEK = 7 * 24 * 3600.0
# From this share of a limit on, pages warn.
NEAR = 0.8


@dataclass(frozen=True)
class Usage:
    """How much of its limits a person or project uses; a maximum of 0 is no limit.

    ``hours`` are those of the last seven days, times the devices that a run asks for.
    """

    active: int
    max_active: int
    hours: float
    max_hours: float
    bytes: int
    max_bytes: int

    @property
    def is_near(self) -> bool:
        """Whether one of the limits is reached or will be soon."""
        pairs = ((self.active, self.max_active), (self.hours, self.max_hours), (self.bytes, self.max_bytes))
        return any(most and used >= NEAR * most for used, most in pairs)


@dataclass(frozen=True)
class _Holder:
    """Whose limits: which jobs, runs and datasets count, and what an administrator has set."""

    jobs: ColumnElement[bool]
    runs: ColumnElement[bool]
    datasets: ColumnElement[bool]
    files: ColumnElement[bool]
    quota: ColumnElement[bool]
    defaults: tuple[int, float, int]

    def maxima(self, session: Session) -> tuple[int, float, int]:
        """The most of runs, hours and bytes; 0 for no limit."""
        found = session.scalar(select(Quota).where(self.quota))
        if found is None:
            return self.defaults
        runs, hours, stored = self.defaults
        return (
            runs if found.max_runs is None else found.max_runs,
            hours if found.max_hours is None else found.max_hours,
            stored if found.max_bytes is None else found.max_bytes,
        )

    def usage(self, session: Session) -> Usage:
        """What is used of each."""
        max_active, max_hours, max_bytes = self.maxima(session)
        active = (
            session.scalar(select(func.count()).select_from(Job).where(self.jobs, Job.state.in_(ACTIVE_STATES))) or 0
        )
        return Usage(active, max_active, self._hours(session), max_hours, self._bytes(session), max_bytes)

    def _hours(self, session: Session) -> float:
        end = func.coalesce(Job.finished_at, Job.heartbeat_at, db_now())
        worked = self.jobs, Job.started_at.is_not(None), end > db_now() - WEEK
        return (
            float(session.scalar(select(func.sum((end - Job.started_at) * Job.devices)).where(*worked)) or 0.0) / 3600
        )

    def _bytes(self, session: Session) -> int:
        uploads = select(func.sum(DatasetVersion.bytes)).join(Dataset, DatasetVersion.dataset_id == Dataset.id)
        totals: list[Any] = [session.scalar(uploads.where(self.datasets))]
        for table in (Checkpoint, Artifact):
            query = select(func.sum(table.bytes)).join(Run, table.run_id == Run.id)
            totals.append(session.scalar(query.where(self.runs)))
        answered = select(func.sum(BatchPrediction.bytes)).where(self.files)
        totals.append(session.scalar(answered))
        return sum(int(total or 0) for total in totals)


def usage(user_id: str) -> Usage:
    """What a person uses of their limits."""
    with snapshot() as session:
        return _person(user_id).usage(session)


def project_usage(project_id: str) -> Usage:
    """What all members together use of a project's limits."""
    with snapshot() as session:
        return _project(project_id).usage(session)


def check_limits(session: Session, user_id: str, project_id: str = "") -> None:
    """Refuse another run when a limit is reached.

    Raises:
        Conflict: too many runs of the person or in the project are waiting or working, or the week's hours are used up;
            ``details`` has the numbers.
    """
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    used = _person(user_id).usage(session)
    if used.max_active and used.active >= used.max_active:
        message = _(
            "You have {active} runs waiting or working; {max_queued_per_user} is the most for one person.",
            active=used.active,
            max_queued_per_user=used.max_active,
        )
        raise _too_many(message, used)
    if used.max_hours and used.hours >= used.max_hours:
        message = _(
            "Your runs took {used} hours in the last seven days; {max_hours} is the most for one person.",
            used=decimal(used.hours, 1, grouped=False),
            max_hours=f"{used.max_hours:g}",
        )
        raise _used_up(message, used)
    if project_id:
        _check_project(session, project_id)


def check_stored(session: Session, user_id: str, project_id: str, needed_bytes: int) -> None:
    """Refuse to keep what would pass a share of the disk, in the transaction that keeps it: two at once cannot both pass.

    Args:
        user_id: whose data it becomes; empty where it stays somebody's, as in a move.

    Raises:
        Conflict: the person's or the project's data, checkpoints and downloads would take more than they may.
    """
    if user_id:
        session.execute(select(User.id).where(User.id == user_id).with_for_update())
        _check_bytes(_person(user_id).usage(session), needed_bytes, _person_full)
    holder = _project(project_id)
    if holder.maxima(session)[2]:
        session.execute(select(Project.id).where(Project.id == project_id).with_for_update())
        _check_bytes(holder.usage(session), needed_bytes, _project_full)


def check_storage(user_id: str, needed_bytes: int) -> None:
    """Refuse an upload that would pass the person's share of the disk or the space that is kept free.

    Raises:
        DiskFull: too little would be left on the disk.
        Conflict: the person's data, checkpoints and downloads would take more than they may.
    """
    disk_space.check_room(needed_bytes)
    check_person_storage(user_id, needed_bytes)


def check_person_storage(user_id: str, needed_bytes: int) -> None:
    """Refuse to keep a file, which may lie on the disk already, that would pass the person's share of the disk.

    Raises:
        Conflict: the person's data, checkpoints and downloads would take more than they may.
    """
    with snapshot() as session:
        used = _person(user_id).usage(session)
    _check_bytes(used, needed_bytes, _person_full)


def check_project_storage(project_id: str, needed_bytes: int) -> None:
    """Refuse an upload that would pass a project's share of the disk.

    Raises:
        Conflict: its data, checkpoints and downloads would take more than they may.
    """
    _check_bytes(project_usage(project_id), needed_bytes, _project_full)


def default_maxima() -> tuple[int, float, int]:
    """The studio's settings for a person: the most of runs, hours and bytes; 0 for no limit."""
    settings = get_settings()
    return settings.max_queued_per_user, settings.max_hours_per_user_per_week, settings.max_bytes_per_user


def _check_project(session: Session, project_id: str) -> None:
    holder = _project(project_id)
    if not any(holder.maxima(session)):
        return
    session.execute(select(Project.id).where(Project.id == project_id).with_for_update())
    used = holder.usage(session)
    if used.max_active and used.active >= used.max_active:
        message = _(
            "{active} runs of this project are waiting or working; {max_active} is the most for it.",
            active=used.active,
            max_active=used.max_active,
        )
        raise _too_many(message, used)
    if used.max_hours and used.hours >= used.max_hours:
        message = _(
            "The runs of this project took {used} hours in the last seven days; {max_hours} is the most for it.",
            used=decimal(used.hours, 1, grouped=False),
            max_hours=f"{used.max_hours:g}",
        )
        raise _used_up(message, used)


def _too_many(message: str, used: Usage) -> Conflict:
    hint = _("Wait until some have ended, or take some out of the queue.")
    return Conflict("too_many_runs", message, hint, details={"active": used.active, "most": used.max_active})


def _used_up(message: str, used: Usage) -> Conflict:
    hint = _("Wait until older runs fall out of the seven days, or ask the administrator of this studio for more.")
    return Conflict("hours_used_up", message, hint, details={"hours": round(used.hours, 2), "most": used.max_hours})


def _check_bytes(used: Usage, needed_bytes: int, words: Callable[..., str]) -> None:
    if used.max_bytes and used.bytes + needed_bytes > used.max_bytes:
        used_mb, needed, most = (f"{size / 1e6:,.0f}" for size in (used.bytes, needed_bytes, used.max_bytes))
        raise _full(words(used=used_mb, needed=needed, most=most), used, needed_bytes)


def _person_full(**sizes: str) -> str:
    return _(
        "Your data and runs take {used} MB and this needs {needed} MB; {most} MB are the most for one person.", **sizes
    )


def _project_full(**sizes: str) -> str:
    return _("The project takes {used} MB and this needs {needed} MB; {most} MB are the most for it.", **sizes)


def _full(message: str, used: Usage, needed_bytes: int) -> Conflict:
    return Conflict(
        "storage_used_up",
        message,
        _("Delete runs you no longer need or their checkpoints, or ask the administrator of this studio for more."),
        details={"stored_bytes": used.bytes, "needed_bytes": needed_bytes, "max_bytes": used.max_bytes},
    )


def _person(user_id: str) -> _Holder:
    # Reports, fetches and exports take no device.
    return _Holder(
        and_(Job.owner_id == user_id, job_kinds.is_on(TRAIN_QUEUE)),
        Run.owner_id == user_id,
        Dataset.owner_id == user_id,
        BatchPrediction.owner_id == user_id,
        Quota.user_id == user_id,
        default_maxima(),
    )


def _project(project_id: str) -> _Holder:
    theirs = Run.project_id == project_id
    # A resumed run has a new job; the ended one keeps the run's id.
    earlier = Job.adjustments["run_id"].as_string().in_(select(Run.id).where(theirs))
    return _Holder(
        or_(Job.id.in_(select(Run.job_id).where(theirs)), earlier),
        theirs,
        Dataset.project_id == project_id,
        # Files that models answered are a person's, whichever project the model is in.
        false(),
        Quota.project_id == project_id,
        (0, 0.0, 0),
    )
