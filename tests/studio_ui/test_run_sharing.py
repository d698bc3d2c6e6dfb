"""The panel of a run that shares it: a colleague who became a member meanwhile is no defect."""

from app.services.accounts import accounts, projects
from app.services.runs import run_grants
from studio_ui.pages.run import sharing
from tests.factories import make_run


def test_sharing_with_somebody_who_became_a_member_meanwhile(owner: str) -> None:
    bea = accounts.add_user("bea").id
    run = make_run(owner)
    projects.invite(owner, run.project_id, bea)
    sharing._share(owner, run.id, bea)
    assert [member.name for member in run_grants.viewers(owner, run.id).members] == ["bea"]
