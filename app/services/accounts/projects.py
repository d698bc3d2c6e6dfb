"""Projects: who works together on which data and runs, and in which role. Everybody has one of their own besides."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ScalarSelect, delete, func, select
from sqlalchemy.orm import Session

from app.db import snapshot, transaction
from app.errors import Conflict, NotFound, Rejected
from app.languages import gettext as _
from app.models import Dataset, Experiment, Project, ProjectMember, Run, User
from app.models_chat import Conversation
from app.models_projects import ProjectChoice, RunGrant
from app.services.accounts import access, accounts, names
from app.services.accounts.access import EDITOR, OWNER, ROLES, VIEWER
from app.services.accounts.audit_chain import record


@dataclass(frozen=True)
class ProjectMembership:
    """A member as the project's page shows them; ``is_home`` where it is this person's own project."""

    user_id: str
    name: str
    role: str
    is_home: bool


@dataclass(frozen=True)
class ProjectSummary:
    """A project as one member sees it; ``role`` is theirs, ``is_home`` whether it is their own."""

    id: str
    name: str
    created_at: float
    role: str
    is_home: bool
    members: int
    datasets: int
    runs: int


@dataclass(frozen=True)
class ProjectDetails(ProjectSummary):
    """A project with its members, owners first."""

    people: Sequence[ProjectMembership]

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return asdict(self)


@dataclass(frozen=True)
class Colleague:
    """Somebody else with an account in this studio."""

    id: str
    name: str


def list_projects(user_id: str) -> list[ProjectSummary]:
    """The projects of which a person is a member: their own first, the others by name."""
    accounts.home_project(user_id)
    with snapshot() as session:
        found = [_summary(session, user_id, project) for project in session.scalars(_query(user_id))]
    return sorted(found, key=lambda project: (not project.is_home, project.name.casefold(), project.id))


def read(user_id: str, project_id: str) -> ProjectDetails:
    """A project with its members.

    Raises:
        NotFound: the person is no member.
    """
    with snapshot() as session:
        project = access.find_project(session, project_id, user_id)
        summary = _summary(session, user_id, project)
        return ProjectDetails(**asdict(summary), people=_members(session, project))


def create(user_id: str, name: str) -> ProjectDetails:
    """A new project, of which the person is owner."""
    cleaned = names.validate_name(name)
    with transaction() as session:
        accounts.require_user(session, user_id)
        project = Project(name=cleaned)
        session.add(project)
        session.flush()
        session.add(ProjectMember(project_id=project.id, user_id=user_id, role=OWNER))
        record(session, user_id, "create", "project", project.id, data={"name": cleaned})
        project_id = project.id
    return read(user_id, project_id)


def rename(user_id: str, project_id: str, name: str) -> ProjectDetails:
    """Give a project another name.

    Raises:
        NotAllowed: the person is no owner of it.
    """
    cleaned = names.validate_name(name)
    with transaction() as session:
        access.find_project(session, project_id, user_id, OWNER).name = cleaned
        record(session, user_id, "rename", "project", project_id, data={"name": cleaned})
    return read(user_id, project_id)


def remove(user_id: str, project_id: str) -> None:
    """Delete an empty project.

    Raises:
        NotAllowed: the person is no owner of it.
        Conflict: something is in it, or it is somebody's own.
    """
    with transaction() as session:
        project = access.find_project(session, project_id, user_id, OWNER, lock=True)
        if project.home_of is not None:
            raise Conflict(
                "home_project",
                _("“{project}” is somebody's own project and stays as long as they do.", project=project.name),
                _("Remove its members instead."),
            )
        used = [
            table.__tablename__
            for table in (Dataset, Run, Experiment, Conversation)
            if _holds(session, table, project_id)
        ]
        if used:
            raise Conflict(
                "project_in_use",
                _("There still are data, runs or conversations in “{project}”.", project=project.name),
                _("Move its data sets into another project, or delete them first."),
                details={"holds": used},
            )
        session.execute(delete(ProjectMember).where(ProjectMember.project_id == project_id))
        session.delete(project)
        record(session, user_id, "delete", "project", project_id, data={"name": project.name})


def invite(user_id: str, project_id: str, person_id: str, role: str = VIEWER) -> ProjectDetails:
    """Make somebody with an account a member, or change their role; they see everything in the project from then on.

    Raises:
        NotAllowed: the caller is no owner of the project.
        NotFound, Rejected: there is no such person or role.
        Conflict: no owner would be left, or it is the person's own project.
    """
    _check_role(role)
    with transaction() as session:
        project = access.find_project(session, project_id, user_id, OWNER, lock=True)
        person = find_active(session, person_id)
        member = _member(session, project_id, person_id)
        if member is not None and role != OWNER:
            _check_replaceable(session, project, member)
        details = {"person": person.name, "role": role, "from": member.role if member else None}
        if member is None:
            session.add(ProjectMember(project_id=project_id, user_id=person_id, role=role))
        else:
            member.role = role
        session.flush()
        record(session, user_id, "invite", "project", project_id, data=details)
    return read(user_id, project_id)


def dismiss(user_id: str, project_id: str, person_id: str) -> None:
    """Take a member out of a project, or leave it; what they made stays in it, and they see none of its runs any more.

    Raises:
        NotAllowed: the caller is no owner and it is not themselves.
        NotFound: the person is no member.
        Conflict: no owner would be left, or it is the person's own project.
    """
    with transaction() as session:
        project = access.find_project(
            session, project_id, user_id, VIEWER if person_id == user_id else OWNER, lock=True
        )
        member = _member(session, project_id, person_id)
        if member is None:
            raise NotFound(
                "member_not_found",
                _("This person is no member of “{project}”.", project=project.name),
                _("Look at the list of members."),
            )
        _check_replaceable(session, project, member)
        session.delete(member)
        session.execute(
            delete(ProjectChoice).where(ProjectChoice.user_id == person_id, ProjectChoice.project_id == project_id)
        )
        runs = select(Run.id).where(Run.project_id == project_id)
        session.execute(delete(RunGrant).where(RunGrant.user_id == person_id, RunGrant.run_id.in_(runs)))
        record(session, user_id, "dismiss", "project", project_id, data={"user_id": person_id})


def choose(user_id: str, project_id: str) -> None:
    """Work in a project from now on: pages list what is in it, and uploads go there. Empty for all projects.

    Raises:
        NotFound: the person is no member.
    """
    with transaction() as session:
        if project_id:
            access.find_project(session, project_id, user_id)
        session.execute(delete(ProjectChoice).where(ProjectChoice.user_id == user_id))
        if project_id:
            session.add(ProjectChoice(user_id=user_id, project_id=project_id))


def chosen(user_id: str) -> str:
    """The project whose lists the person looks at; empty for all."""
    with snapshot() as session:
        query = select(ProjectChoice.project_id).where(ProjectChoice.user_id == user_id)
        return session.scalar(query) or ""


def project_for_new(user_id: str, project_id: str | None = None) -> str:
    """Where an upload goes.

    Args:
        project_id: the project that was named; without it the chosen one, or else the person's own.

    Raises:
        NotFound: the person is no member of the named project.
        NotAllowed: they may only look there.
    """
    wanted = project_id or chosen(user_id)
    if not wanted:
        return accounts.home_project(user_id).id
    with snapshot() as session:
        return access.find_project(session, wanted, user_id, EDITOR).id


def list_colleagues(user_id: str) -> list[Colleague]:
    """Everybody else whose account is enabled, by name."""
    query = select(User.id, User.name).where(User.active, User.id != user_id).order_by(User.name)
    with snapshot() as session:
        return [Colleague(key, name) for key, name in session.execute(query)]


def find_colleague(user_id: str, name: str) -> Colleague:
    """The colleague of this name.

    Raises:
        NotFound: nobody is called that.
    """
    found = next((colleague for colleague in list_colleagues(user_id) if colleague.name == name.strip()), None)
    if found is None:
        raise _unknown_person(name)
    return found


def is_member(session: Session, user_id: str, project_id: str) -> bool:
    """Whether the person has any role in the project."""
    return access.role_in(session, user_id, project_id) is not None


def _query(user_id: str) -> Any:
    return select(Project).where(access.visible(Project, user_id))


def _summary(session: Session, user_id: str, project: Project) -> ProjectSummary:
    members, datasets, runs = session.execute(
        select(_number(ProjectMember, project.id), _number(Dataset, project.id), _number(Run, project.id))
    ).one()
    return ProjectSummary(
        project.id,
        access.project_name(session, project, user_id),
        project.created_at,
        access.role_in(session, user_id, project.id) or "",
        project.home_of == user_id,
        members,
        datasets,
        runs,
    )


def _number(table: Any, project_id: str) -> ScalarSelect[int]:
    return select(func.count(table.id)).where(table.project_id == project_id).scalar_subquery()


def _members(session: Session, project: Project) -> list[ProjectMembership]:
    query = select(ProjectMember.user_id, User.name, ProjectMember.role).join(User, User.id == ProjectMember.user_id)
    found = [
        ProjectMembership(user_id, name, role, project.home_of == user_id)
        for user_id, name, role in session.execute(query.where(ProjectMember.project_id == project.id))
    ]
    return sorted(found, key=lambda member: (-ROLES.index(member.role), member.name.casefold()))


def _member(session: Session, project_id: str, user_id: str) -> ProjectMember | None:
    where = ProjectMember.project_id == project_id, ProjectMember.user_id == user_id
    return session.scalars(select(ProjectMember).where(*where)).first()


def _check_replaceable(session: Session, project: Project, member: ProjectMember) -> None:
    """Refuse to take ownership from the last enabled owner, or from the person whose own project it is."""
    if project.home_of == member.user_id:
        raise Conflict(
            "home_project",
            _("“{project}” is this person's own project, in which they stay owner.", project=project.name),
            _("Work on shared data in a project made for it."),
        )
    others = (ProjectMember.project_id == project.id, ProjectMember.role == OWNER, ProjectMember.id != member.id)
    owners = select(func.count(ProjectMember.id)).join(User, User.id == ProjectMember.user_id)
    if member.role == OWNER and not session.scalar(owners.where(User.active, *others)):
        raise Conflict(
            "last_owner",
            _("“{project}” would be left without an owner.", project=project.name),
            _("Make somebody else its owner first."),
        )


def find_active(session: Session, person_id: str) -> User:
    """A person whose account is enabled.

    Raises:
        NotFound: there is none.
    """
    person = session.get(User, person_id)
    if person is None or not person.active:
        raise _unknown_person(person_id)
    return person


def _unknown_person(name: str) -> NotFound:
    return NotFound(
        "user_not_found",
        _("Nobody with an account here is called {name}.", name=repr(name[:200])),
        _("Administrators invite people on the page People."),
    )


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Rejected(
            "unknown_role",
            _("There is no role {role}.", role=repr(role[:60])),
            _("Roles are {roles}.", roles=", ".join(ROLES)),
        )


def _holds(session: Session, table: Any, project_id: str) -> bool:
    return session.scalar(select(table.id).where(table.project_id == project_id).limit(1)) is not None
