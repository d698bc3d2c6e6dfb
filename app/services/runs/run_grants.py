"""Runs shared with one person, who may look at them, compare and try them, and sees nothing else of their project."""

from dataclasses import dataclass

from sqlalchemy import delete, select

from app.db import snapshot, transaction
from app.models import User
from app.models_projects import RunGrant
from app.services.accounts import projects
from app.services.accounts.access import TO_SHARE
from app.services.accounts.audit_chain import record
from app.services.accounts.projects import Colleague
from app.services.runs import runs


@dataclass(frozen=True)
class RunViewers:
    """Who else sees a run: members of its project, and people with whom it alone is shared."""

    project_id: str
    project: str
    members: list[Colleague]
    people: list[Colleague]
    may_share: bool


def viewers(user_id: str, run_id: str) -> RunViewers:
    """Who else sees a run. Of a run that was shared with the reader alone, nobody else is named.

    Raises:
        NotFound: the person may not see it.
    """
    run = runs.get_run(user_id, run_id)
    with snapshot() as session:
        if not projects.is_member(session, user_id, run.project_id):
            return RunViewers("", "", [], [], may_share=False)
        query = select(User.id, User.name).join(RunGrant, RunGrant.user_id == User.id).order_by(User.name)
        granted = [Colleague(*row) for row in session.execute(query.where(RunGrant.run_id == run_id))]
    project = projects.read(user_id, run.project_id)
    members = [Colleague(member.user_id, member.name) for member in project.people if member.user_id != user_id]
    people = [person for person in granted if person not in members]
    return RunViewers(project.id, project.name, members, people, may_share=project.role != "viewer")


def share(user_id: str, run_id: str, person_id: str) -> RunViewers:
    """Let one more person look at a run: its curves, scores, answers on test rows, download, and the model itself.

    Nothing changes for a member of its project, who sees it anyway.

    Raises:
        NotAllowed: the caller may only look at the run.
        NotFound: there is no such run or person.
    """
    with transaction() as session:
        run = runs.find(session, user_id, run_id, TO_SHARE)
        person = projects.find_active(session, person_id)
        member = projects.is_member(session, person_id, run.project_id)
        if not member and session.get(RunGrant, (run_id, person_id)) is None:
            session.add(RunGrant(run_id=run_id, user_id=person_id, granted_by=user_id))
            record(session, user_id, "share", "run", run_id, data={"with": person.name})
    return viewers(user_id, run_id)


def unshare(user_id: str, run_id: str, person_id: str) -> None:
    """Stop sharing a run with a person; everybody may do so for themselves.

    Raises:
        NotAllowed: the caller may only look at the run.
        NotFound: there is no such run.
    """
    with transaction() as session:
        if person_id == user_id:
            runs.find(session, user_id, run_id)
        else:
            runs.find(session, user_id, run_id, TO_SHARE)
        session.execute(delete(RunGrant).where(RunGrant.run_id == run_id, RunGrant.user_id == person_id))
        record(session, user_id, "unshare", "run", run_id, data={"user_id": person_id})
