"""Projects: roles, who may invite, what keeps an owner, and where uploads go."""

import pytest

from app.errors import Conflict, NotAllowed, NotFound, Rejected
from app.services.accounts import accounts, audit, people, projects
from app.services.accounts.projects import Colleague
from app.services.runs import runs
from tests.factories import make_run, make_version


@pytest.fixture
def bea(owner: str) -> str:
    return accounts.add_user("bea").id


@pytest.fixture
def team(owner: str) -> str:
    return projects.create(owner, "  Ward   letters ").id


def test_everybody_has_a_project_of_their_own_and_sees_those_they_are_invited_to(
    owner: str, bea: str, team: str
) -> None:
    home, shared = projects.list_projects(owner)
    assert (home.name, home.is_home, home.role) == ("My project", True, "owner")
    assert (shared.name, shared.is_home, shared.members, shared.runs) == ("Ward letters", False, 1, 0)
    assert [project.is_home for project in projects.list_projects(bea)] == [True]
    joined = projects.invite(owner, team, bea, "viewer")
    assert [(member.name, member.role) for member in joined.people] == [("owner", "owner"), ("bea", "viewer")]
    assert [(project.name, project.role) for project in projects.list_projects(bea)] == [
        ("My project", "owner"),
        ("Ward letters", "viewer"),
    ]
    projects.invite(owner, home.id, bea)
    assert "owner's project" in [project.name for project in projects.list_projects(bea)]


def test_a_role_that_is_too_low_is_refused_with_who_may(any_database: str, owner: str, bea: str, team: str) -> None:
    run = make_run(owner, make_version(owner, team))
    with pytest.raises(NotFound):
        projects.read(bea, team)
    projects.invite(owner, team, bea, "viewer")
    with pytest.raises(NotAllowed, match="You are a viewer of the project “Ward letters”") as refused:
        runs.rename(bea, run.id, "Mine now")
    assert (refused.value.hint, refused.value.details["who"]) == ("Ask owner.", ["owner"])
    projects.invite(owner, team, bea, "editor")
    assert runs.rename(bea, run.id, "Ours now").name == "Ours now"
    with pytest.raises(NotAllowed, match="only its owners delete, invite and change it"):
        projects.invite(bea, team, bea, "owner")
    projects.dismiss(owner, team, bea)
    with pytest.raises(NotFound):
        runs.get_run(bea, run.id)


def test_a_project_keeps_an_owner_and_home_its_person(owner: str, bea: str, team: str) -> None:
    with pytest.raises(Conflict, match="without an owner") as last:
        projects.dismiss(owner, team, owner)
    projects.invite(owner, team, bea, "owner")
    projects.dismiss(owner, team, owner)
    assert last.value.code == "last_owner" and [member.name for member in projects.read(bea, team).people] == ["bea"]
    home = projects.list_projects(owner)[0].id
    projects.invite(owner, home, bea, "owner")
    for refused in (
        lambda: projects.dismiss(bea, home, owner),
        lambda: projects.invite(bea, home, owner, "viewer"),
        lambda: projects.remove(bea, home),
    ):
        with pytest.raises(Conflict) as kept:
            refused()
        assert kept.value.code == "home_project"


def test_only_an_empty_project_is_deleted(owner: str, team: str) -> None:
    make_run(owner, make_version(owner, team))
    with pytest.raises(Conflict) as used:
        projects.remove(owner, team)
    assert used.value.details == {"holds": ["datasets", "runs"]}
    empty = projects.create(owner, "Empty").id
    projects.choose(owner, empty)
    projects.remove(owner, empty)
    assert (projects.chosen(owner), len(projects.list_projects(owner))) == ("", 2)


def test_uploads_go_to_the_named_the_chosen_or_ones_own_project(owner: str, bea: str, team: str) -> None:
    home = accounts.home_project(bea).id
    assert projects.project_for_new(bea) == home
    projects.invite(owner, team, bea, "viewer")
    with pytest.raises(NotAllowed):
        projects.project_for_new(bea, team)
    projects.invite(owner, team, bea, "editor")
    projects.choose(bea, team)
    assert (projects.project_for_new(bea), projects.project_for_new(bea, home)) == (team, home)
    projects.dismiss(owner, team, bea)
    assert (projects.chosen(bea), projects.project_for_new(bea)) == ("", home)
    with pytest.raises(NotFound):
        projects.choose(bea, team)


def test_a_list_is_narrowed_to_one_project(owner: str, bea: str, team: str) -> None:
    inside, outside = make_run(owner, make_version(owner, team)), make_run(owner)
    assert {run.id for run in runs.list_runs(owner)} == {inside.id, outside.id}
    projects.invite(owner, team, bea)
    assert [run.id for run in runs.list_runs(bea)] == [inside.id]


def test_unknown_people_roles_and_names_are_refused(owner: str, bea: str, team: str) -> None:
    with pytest.raises(Rejected, match="boss"):
        projects.invite(owner, team, bea, "boss")
    with pytest.raises(NotFound):
        projects.invite(owner, team, "nobody")
    with pytest.raises(Rejected):
        projects.rename(owner, team, " ")
    assert projects.find_colleague(owner, "bea") == Colleague(bea, "bea")
    with pytest.raises(NotFound, match="zoe"):
        projects.find_colleague(owner, "zoe")


def test_the_audit_trail_says_who_was_invited(owner: str, bea: str, team: str) -> None:
    projects.invite(owner, team, bea, "editor")
    newest = audit.list_entries(owner).entries[0]
    assert (newest.action, newest.object_type, newest.object_id) == ("invite", "project", team)
    assert newest.data == {"person": "bea", "role": "editor", "from": None}


def test_a_disabled_owner_does_not_count_as_one(owner: str, bea: str, team: str) -> None:
    projects.invite(owner, team, bea, "owner")
    people.change_person(owner, bea, active=False)
    with pytest.raises(Conflict, match="without an owner"):
        projects.dismiss(owner, team, owner)
    with pytest.raises(Conflict, match="without an owner"):
        projects.invite(owner, team, owner, "viewer")
    projects.dismiss(owner, team, bea)
