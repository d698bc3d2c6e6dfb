"""A data set moves into another project with its runs, and who sees them changes with it."""

import pytest

from app.errors import NotAllowed, NotFound
from app.services.accounts import accounts, projects
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
