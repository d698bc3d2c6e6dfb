"""Quotas that administrators give to people and projects in place of the studio's settings."""

from dataclasses import asdict, dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db import transaction
from app.errors import NotFound, Rejected
from app.languages import gettext as _
from app.models import Project, User, new_id
from app.models_projects import Quota
from app.services.accounts import limits
from app.services.accounts.audit_chain import record
from app.services.accounts.limits import Usage
from app.services.accounts.people import require_administrator


@dataclass(frozen=True)
class QuotaBounds:
    """The most of runs waiting or working, of GPU hours in seven days, and of bytes on disk.

    None leaves the studio's setting, which is no limit for projects; 0 is no limit.
    """

    max_runs: int | None = None
    max_hours: float | None = None
    max_bytes: int | None = None


def set_person_quota(admin_id: str, user_id: str, bounds: QuotaBounds) -> Usage:
    """Give a person limits of their own; returns what they use of them.

    Raises:
        NotAllowed: the caller is no administrator.
        NotFound, Rejected: there is no such person, or a bound is negative.
    """
    _check(bounds)
    with transaction() as session:
        require_administrator(session, admin_id)
        if session.get(User, user_id) is None:
            raise NotFound(
                "user_not_found", _("There is no user {user_id}.", user_id=repr(user_id[:60])), _("Check the id.")
            )
        session.execute(delete(Quota).where(Quota.user_id == user_id))
        _add(session, Quota(id=new_id(), user_id=user_id), bounds)
        record(session, admin_id, "set_quota", "user", user_id, data=asdict(bounds))
    return limits.usage(user_id)


def set_project_quota(admin_id: str, project_id: str, bounds: QuotaBounds) -> Usage:
    """Give a project limits for all its members together; returns what it uses of them.

    Raises:
        NotAllowed: the caller is no administrator.
        NotFound, Rejected: there is no such project, or a bound is negative.
    """
    _check(bounds)
    with transaction() as session:
        require_administrator(session, admin_id)
        if session.scalar(select(Project.id).where(Project.id == project_id)) is None:
            raise NotFound(
                "project_not_found",
                _("There is no project {project_id}.", project_id=repr(project_id[:60])),
                _("Its owner finds the id in the address of its page."),
            )
        session.execute(delete(Quota).where(Quota.project_id == project_id))
        _add(session, Quota(id=new_id(), project_id=project_id), bounds)
        record(session, admin_id, "set_quota", "project", project_id, data=asdict(bounds))
    return limits.project_usage(project_id)


def _add(session: Session, quota: Quota, bounds: QuotaBounds) -> None:
    values = asdict(bounds)
    if any(value is not None for value in values.values()):
        for name, value in values.items():
            setattr(quota, name, value)
        session.add(quota)


def _check(bounds: QuotaBounds) -> None:
    negative = {name: value for name, value in asdict(bounds).items() if value is not None and value < 0}
    if negative:
        raise Rejected(
            "quota",
            _(
                "A quota of {values} was asked for.",
                values=", ".join(f"{name}={value}" for name, value in negative.items()),
            ),
            _("Give 0 for no limit, or leave it out for the studio's setting."),
            details={"fields": dict.fromkeys(negative, _("0 or more"))},
        )
