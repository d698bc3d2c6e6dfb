"""A data set moves into another project with its runs, and who sees them changes with it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.db import transaction
from app.errors import Conflict, NotAllowed, NotFound
from app.models import Artifact
from app.services.accounts import accounts, projects, quotas
from app.services.accounts.quotas import QuotaBounds
from app.services.datasets import datasets
from app.services.runs import dataset_moves, runs
from tests.factories import make_run


def test_a_data_set_moves_with_its_runs(any_database: str, owner: str) -> None:
    bea = accounts.add_user("bea").id
    run = runs.get_run(owner, make_run(owner).id)
    dataset_id, before = run.dataset_version.dataset_id, run.project_id
    team = projects.create(owner, "Team").id
    projects.invite(owner, team, bea, "editor")
    assert dataset_moves.move(owner, dataset_id, team).project_id == team
    assert runs.get_run(bea, run.id).project_id == team
    with pytest.raises(NotAllowed, match="only its owners"):
        dataset_moves.move(bea, dataset_id, accounts.home_project(bea).id)
    with pytest.raises(NotFound):
        dataset_moves.move(owner, dataset_id, accounts.home_project(bea).id)
    projects.remove(owner, before)
    assert [found.id for found in datasets.list_datasets(bea, project_id=team)] == [dataset_id]


def test_a_project_takes_no_more_than_its_share_of_the_disk(any_database: str, owner: str) -> None:
    """100 bytes of data, 1000 of a download."""
    run = runs.get_run(owner, make_run(owner).id)
    with transaction() as session:
        session.add(Artifact(run_id=run.id, kind="adapter", path="runs/x", bytes=1000, sha256="0" * 64))
    dataset_id = run.dataset_version.dataset_id
    team = projects.create(owner, "Team").id
    quotas.set_project_quota(owner, team, QuotaBounds(max_bytes=1099))
    with pytest.raises(Conflict) as refused:
        dataset_moves.move(owner, dataset_id, team)
    assert refused.value.details == {"stored_bytes": 0, "needed_bytes": 1100, "max_bytes": 1099}
    assert runs.get_run(owner, run.id).project_id == run.project_id
    quotas.set_project_quota(owner, team, QuotaBounds(max_bytes=1100))
    assert dataset_moves.move(owner, dataset_id, team).project_id == team
    assert dataset_moves.move(owner, dataset_id, team).project_id == team, "where it is already, it needs nothing"


def test_of_two_moves_at_once_only_one_passes_a_quota(any_database: str, owner: str) -> None:
    """Each data set has 100 bytes."""
    found = [runs.get_run(owner, make_run(owner).id).dataset_version.dataset_id for _ in range(4)]
    team = projects.create(owner, "Team").id
    quotas.set_project_quota(owner, team, QuotaBounds(max_bytes=199))

    def move(dataset_id: str) -> bool:
        try:
            dataset_moves.move(owner, dataset_id, team)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(move, found)) == 1
