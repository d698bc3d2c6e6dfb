"""Quotas that administrators give to people and projects in place of the studio's settings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db import snapshot, transaction
from app.errors import NotFound, Rejected
from app.languages import decimal
from app.languages import gettext as _
from app.models import Project, ProjectMember, User, new_id
from app.models_projects import Quota
from app.services.accounts import access, limits
from app.services.accounts.audit_chain import record
from app.services.accounts.limits import Usage
from app.services.accounts.people import require_administrator

GIGABYTE = 10**9
# The most that a bound may be, those of the REST API.
MAXIMA = {"max_runs": 10**6, "max_hours": 10**6, "max_bytes": 2**60}


@dataclass(frozen=True)
class QuotaBounds:
    """The most of runs waiting or working, of GPU hours in seven days, and of bytes on disk.

    None leaves the studio's setting, which is no limit for projects; 0 is no limit.
    """

    max_runs: int | None = None
    max_hours: float | None = None
    max_bytes: int | None = None


@dataclass(frozen=True)
class HeldQuota:
    """Limits of a person or project, what is used of them, and what holds where nothing was set (0 is no limit)."""

    id: str
    name: str
    bounds: QuotaBounds
    usage: Usage
    defaults: tuple[int, float, int]


@dataclass(frozen=True)
class ProjectQuota:
    """A project in the list of administrators."""

    id: str
    name: str
    owners: list[str]
    bounds: QuotaBounds


def person_quota(admin_id: str, user_id: str) -> HeldQuota:
    """The limits of a person.

    Raises:
        NotAllowed: the caller is no administrator.
        NotFound: there is no such person.
    """
    with snapshot() as session:
        require_administrator(session, admin_id)
        name = _find_person(session, user_id).name
        bounds = _bounds(session.scalar(select(Quota).where(Quota.user_id == user_id)))
    return HeldQuota(user_id, name, bounds, limits.usage(user_id), limits.default_maxima())


def project_quota(admin_id: str, project_id: str) -> HeldQuota:
    """The limits of a project.

    Raises:
        NotAllowed: the caller is no administrator.
        NotFound: there is no such project.
    """
    with snapshot() as session:
        require_administrator(session, admin_id)
        name = access.project_name(session, _find_project(session, project_id), admin_id)
        bounds = _bounds(session.scalar(select(Quota).where(Quota.project_id == project_id)))
    return HeldQuota(project_id, name, bounds, limits.project_usage(project_id), (0, 0.0, 0))


def list_project_quotas(admin_id: str) -> list[ProjectQuota]:
    """All projects by name, with the names of their owners and their limits.

    Raises:
        NotAllowed: the caller is no administrator.
    """
    owners = select(ProjectMember.project_id, User.name).join(User, User.id == ProjectMember.user_id)
    with snapshot() as session:
        require_administrator(session, admin_id)
        named: dict[str, list[str]] = {}
        for project_id, name in session.execute(owners.where(ProjectMember.role == access.OWNER).order_by(User.name)):
            named.setdefault(project_id, []).append(name)
        set_for = {quota.project_id: quota for quota in session.scalars(select(Quota)) if quota.project_id}
        found = [
            ProjectQuota(
                project.id,
                access.project_name(session, project, admin_id),
                named.get(project.id, []),
                _bounds(set_for.get(project.id)),
            )
            for project in session.scalars(select(Project))
        ]
    return sorted(found, key=lambda project: (project.name.casefold(), project.id))


def set_person_quota(admin_id: str, user_id: str, bounds: QuotaBounds) -> Usage:
    """Give a person limits of their own; returns what they use of them.

    Raises:
        NotAllowed: the caller is no administrator.
        NotFound, Rejected: there is no such person, or a bound is negative or above :data:`MAXIMA`.
    """
    _check(bounds)
    with transaction() as session:
        require_administrator(session, admin_id)
        _find_person(session, user_id)
        session.execute(delete(Quota).where(Quota.user_id == user_id))
        _add(session, Quota(id=new_id(), user_id=user_id), bounds)
        record(session, admin_id, "set_quota", "user", user_id, data=asdict(bounds))
    return limits.usage(user_id)


def set_project_quota(admin_id: str, project_id: str, bounds: QuotaBounds) -> Usage:
    """Give a project limits for all its members together; returns what it uses of them.

    Raises:
        NotAllowed: the caller is no administrator.
        NotFound, Rejected: there is no such project, or a bound is negative or above :data:`MAXIMA`.
    """
    _check(bounds)
    with transaction() as session:
        require_administrator(session, admin_id)
        _find_project(session, project_id)
        session.execute(delete(Quota).where(Quota.project_id == project_id))
        _add(session, Quota(id=new_id(), project_id=project_id), bounds)
        record(session, admin_id, "set_quota", "project", project_id, data=asdict(bounds))
    return limits.project_usage(project_id)


def _find_person(session: Session, user_id: str) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound(
            "user_not_found", _("There is no user {user_id}.", user_id=repr(user_id[:60])), _("Check the id.")
        )
    return user


def _find_project(session: Session, project_id: str) -> Project:
    project = session.get(Project, project_id)
    if project is None:
        raise NotFound(
            "project_not_found",
            _("There is no project {project_id}.", project_id=repr(project_id[:60])),
            _("Its owner finds the id in the address of its page."),
        )
    return project


def _bounds(quota: Quota | None) -> QuotaBounds:
    return QuotaBounds(quota.max_runs, quota.max_hours, quota.max_bytes) if quota else QuotaBounds()


def _add(session: Session, quota: Quota, bounds: QuotaBounds) -> None:
    values = asdict(bounds)
    if any(value is not None for value in values.values()):
        for name, value in values.items():
            setattr(quota, name, value)
        session.add(quota)


def bytes_of(gigabytes: float) -> int:
    """A bound on the disk in bytes.

    Raises:
        Rejected: it is negative, no number, or more than the bound may be.
    """
    _refuse_outside({"gigabytes": gigabytes}, {"gigabytes": MAXIMA["max_bytes"] // GIGABYTE})
    return round(gigabytes * GIGABYTE)


def _check(bounds: QuotaBounds) -> None:
    """Refuse what is negative, no number, or more than any studio has and its tables hold."""
    _refuse_outside({name: value for name, value in asdict(bounds).items() if value is not None}, MAXIMA)


def _refuse_outside(values: Mapping[str, float], most: Mapping[str, int]) -> None:
    # What is no number is within no bounds.
    outside = {name: value for name, value in values.items() if not 0 <= value <= most[name]}
    if not outside:
        return
    allowed = {name: _("0 to {most}", most=decimal(most[name])) for name in outside}
    raise Rejected(
        "quota",
        _(
            "A quota of {values} was asked for.",
            values=", ".join(f"{name}={_shown(value)}" for name, value in outside.items()),
        ),
        _(
            "Give {allowed}; 0 is no limit. Leave it out for the studio's setting.",
            allowed=", ".join(f"{name}: {words}" for name, words in allowed.items()),
        ),
        details={"fields": allowed},
    )


def _shown(value: float) -> str:
    # A whole number may be too large for a float.
    return f"{value:g}" if isinstance(value, float) or value < 10**18 else f"{Decimal(value):.3e}"
