"""Who may do what: the one place where services ask which objects a person may see, change or delete.

Data sets, runs, experiments and conversations belong to a project, and what its members may do follows from their role. A run may
also be shared with one person, who then looks at it as a viewer does. A conversation is changed by whoever began it; exports follow
their run. Everything else (checks of uploads, fetches, links, saved views and prompts) belongs to one person.
"""

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption

from app.db import snapshot
from app.errors import NotAllowed, NotFound
from app.languages import gettext as _
from app.models import Project, ProjectMember, Run, User
from app.models_chat import Conversation
from app.models_projects import RunGrant
from app.models_work import TrackerExport
from app.services.accounts.accounts import HOME_NAME

# Table -> the kind of object as the audit trail names it.
KINDS = {
    "datasets": "dataset",
    "runs": "run",
    "experiments": "experiment",
    "conversations": "conversation",
    "dataset_checks": "check",
    "model_fetches": "fetch",
    "shares": "share",
    "tracker_exports": "export",
    "run_views": "view",
    "prompt_suites": "prompt suite",
    "projects": "project",
    "person_exports": "export",
    "batch_predictions": "batch prediction",
}
# Viewers see, compare and try; editors also change and train; owners also delete and invite.
VIEWER, EDITOR, OWNER = "viewer", "editor", "owner"
ROLES = (VIEWER, EDITOR, OWNER)
# The least role for what is done with something in a project: services refuse by these, and pages close their buttons by them.
TO_LOOK = VIEWER
TO_CHANGE = TO_TRAIN = TO_SHARE = EDITOR
TO_DELETE = TO_MOVE = TO_INVITE = OWNER


Row = TypeVar("Row", bound=Any)


def visible(table: type[Any], user_id: str, need: str = VIEWER, project_id: str = "") -> ColumnElement[bool]:
    """What holds of the rows of a table that a person may use; every list and every look-up has it.

    Args:
        need: the least role in the project of a row that will do.
        project_id: only what is in this project; empty for all.
    """
    if table is Project:
        return Project.id.in_(_projects_of(user_id, need))
    if table is TrackerExport:
        return TrackerExport.run_id.in_(select(Run.id).where(visible(Run, user_id, need)))
    if not hasattr(table, "project_id"):
        return _is(table.owner_id == user_id)
    rule: ColumnElement[bool] = table.project_id.in_(_projects_of(user_id, need))
    if table is Conversation and need != VIEWER:
        begun = and_(Conversation.owner_id == user_id, Conversation.project_id.in_(_projects_of(user_id, VIEWER)))
        rule = begun if need == EDITOR else or_(begun, rule)
    if table is Run and need == VIEWER:
        rule = or_(rule, Run.id.in_(select(RunGrant.run_id).where(RunGrant.user_id == user_id)))
    return and_(rule, table.project_id == project_id) if project_id else rule


def find(
    session: Session,
    table: type[Row],
    key: str,
    user_id: str,
    missing: NotFound,
    *options: ExecutableOption,
    need: str = VIEWER,
    lock: bool = False,
) -> Row:
    """A row that a person may use.

    Args:
        key: its id.
        missing: raised where there is none, and where the person may not see it; only the audit trail tells these apart.
        options: what else is loaded with it.
        need: the least role in its project that will do.
        lock: nobody else changes it until the end of the transaction.

    Raises:
        NotFound: ``missing``.
        NotAllowed: the person may see it, but their role is too low; says who may do it.
    """
    wanted = select(table).where(table.id == key)
    query = wanted.where(visible(table, user_id, need)).options(*options)
    row: Row | None = session.scalar(query.with_for_update() if lock else query)
    if row is not None:
        return row
    if need != VIEWER and (seen := session.scalar(wanted.where(visible(table, user_id)))) is not None:
        raise _refusal(session, user_id, seen, need)
    if session.scalar(select(table.id).where(table.id == key)) is not None:
        missing.withheld = (KINDS[table.__tablename__], key)
    raise missing


def find_project(session: Session, project_id: str, user_id: str, need: str = VIEWER, *, lock: bool = False) -> Project:
    """A project in which the person has at least this role.

    Raises:
        NotFound: it does not exist, or they are no member.
        NotAllowed: their role is too low.
    """
    missing = NotFound(
        "project_not_found",
        _("There is no project {project_id} among yours.", project_id=repr(project_id[:60])),
        _("Open it from the Projects page."),
    )
    return find(session, Project, project_id, user_id, missing, need=need, lock=lock)


def role_in(session: Session, user_id: str, project_id: str) -> str | None:
    """The person's role in a project, None for somebody outside."""
    member = (ProjectMember.project_id == project_id, ProjectMember.user_id == user_id)
    return session.scalar(select(ProjectMember.role).where(*member))


def may(session: Session, user_id: str, project_id: str, need: str) -> bool:
    """Whether the person has at least this role in the project."""
    role = role_in(session, user_id, project_id)
    return role is not None and role in _at_least(need)


def project_name(session: Session, project: Project, user_id: str) -> str:
    """What a project is called for this reader; one that nobody has named is called after its person."""
    if project.home_of is None or project.name != HOME_NAME:
        return project.name
    if project.home_of == user_id:
        return _(HOME_NAME)
    owner = session.scalar(select(User.name).where(User.id == project.home_of)) or ""
    return _("{name}'s project", name=owner)


def refused_roles(user_id: str, project_id: str) -> dict[str, NotAllowed]:
    """The roles that a person does not have in a project of which they see something, each with the refusal of what takes it."""
    with snapshot() as session:
        role = role_in(session, user_id, project_id)
        lacking = [need for need in ROLES if role is None or role not in _at_least(need)]
        return {need: _too_low(session, user_id, project_id, need) for need in lacking}


def _refusal(session: Session, user_id: str, row: Any, need: str) -> NotAllowed:
    if isinstance(row, Conversation) and need == EDITOR:
        return _not_the_author(session, row)
    run = session.get_one(Run, row.run_id) if isinstance(row, TrackerExport) else row
    return _too_low(session, user_id, row.id if isinstance(row, Project) else run.project_id, need)


def _too_low(session: Session, user_id: str, project_id: str, need: str) -> NotAllowed:
    role = role_in(session, user_id, project_id)
    who = _people_with(session, project_id, need)
    project = project_name(session, session.get_one(Project, project_id), user_id)
    if role is None:
        message = _("This run was shared with you to look at: you can compare and try it, not change it.")
    elif need == OWNER and role == EDITOR:
        message = _(
            "You are an editor of the project “{project}”: only its owners delete, invite and change it.",
            project=project,
        )
    else:
        message = _(
            "You are a viewer of the project “{project}”: viewers look, compare and try models, and change nothing.",
            project=project,
        )
    details = {"role": role or VIEWER, "needs": need, "who": who}
    return NotAllowed("project_role", message, _("Ask {names}.", names=", ".join(who)), details=details)


def _not_the_author(session: Session, conversation: Conversation) -> NotAllowed:
    author = session.scalar(select(User.name).where(User.id == conversation.owner_id)) or ""
    return NotAllowed(
        "not_the_author",
        _("This conversation is {name}'s: others of the project read it.", name=author),
        _("Start one of your own with the same models."),
        details={"who": [author]},
    )


def _people_with(session: Session, project_id: str, need: str) -> list[str]:
    query = select(User.name).join(ProjectMember, ProjectMember.user_id == User.id).where(User.active)
    return list(
        session.scalars(
            query.where(ProjectMember.project_id == project_id, ProjectMember.role.in_(_at_least(need))).order_by(
                User.name
            )
        )
    )


def _projects_of(user_id: str, need: str) -> Select[str]:
    member = (ProjectMember.user_id == user_id, ProjectMember.role.in_(_at_least(need)))
    return select(ProjectMember.project_id).where(*member)


def _at_least(need: str) -> tuple[str, ...]:
    return ROLES[ROLES.index(need) :]


def _is(rule: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = rule
    return found
