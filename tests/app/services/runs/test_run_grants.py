"""A run shared with one person: they see it and nothing else of its project, until it is no longer shared."""

import pytest
from sqlalchemy import select

from app.db import snapshot
from app.errors import NotAllowed, NotFound
from app.models_projects import RunGrant
from app.services.accounts import accounts, projects
from app.services.datasets import datasets
from app.services.runs import queue_page, run_grants, runs
from tests.factories import make_run


def test_a_shared_run_is_seen_alone_and_not_changed(any_database: str, owner: str) -> None:
    bea = accounts.add_user("bea").id
    run, other = runs.get_run(owner, make_run(owner).id), make_run(owner)
    shared = run_grants.share(owner, run.id, bea)
    assert ([colleague.name for colleague in shared.people], shared.members, shared.may_share) == (["bea"], [], True)
    assert [found.id for found in runs.list_runs(bea)] == [run.id]
    assert [row.id for row in queue_page.describe(bea).waiting] == [run.id, None]
    for hidden in (
        lambda: runs.get_run(bea, other.id),
        lambda: datasets.get_dataset(bea, run.dataset_version.dataset_id),
    ):
        with pytest.raises(NotFound):
            hidden()
    with pytest.raises(NotAllowed, match="shared with you to look at") as refused:
        run_grants.share(bea, run.id, bea)
    assert refused.value.details["who"] == ["owner"]
    seen = run_grants.viewers(bea, run.id)
    assert (seen.project, seen.people, seen.may_share) == ("", [], False)
    run_grants.unshare(owner, run.id, bea)
    assert runs.list_runs(bea) == []


def test_members_are_named_and_anybody_leaves_by_themselves(owner: str) -> None:
    bea = accounts.add_user("bea").id
    run = make_run(owner)
    run_grants.share(owner, run.id, bea)
    projects.invite(owner, run.project_id, bea)
    assert [member.name for member in run_grants.viewers(owner, run.id).members] == ["bea"]
    assert not run_grants.viewers(bea, run.id).may_share
    projects.dismiss(owner, run.project_id, bea)
    with pytest.raises(NotFound):
        runs.get_run(bea, run.id)
    run_grants.share(owner, run.id, bea)
    run_grants.unshare(bea, run.id, bea)
    with pytest.raises(NotFound):
        runs.get_run(bea, run.id)


def test_sharing_with_a_member_or_oneself_changes_nothing(owner: str) -> None:
    bea = accounts.add_user("bea").id
    run = make_run(owner)
    projects.invite(owner, run.project_id, bea)
    for person in (bea, owner):
        shared = run_grants.share(owner, run.id, person)
        assert ([member.name for member in shared.members], shared.people) == (["bea"], [])
    with snapshot() as session:
        assert session.scalars(select(RunGrant)).all() == []
