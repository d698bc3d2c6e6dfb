"""Routes for checkpoints: owners only, and clear refusals of steps that are not kept."""

import pytest

from tests.factories import make_run


@pytest.fixture
def address(ann):
    return f"/api/v1/runs/{make_run(ann.id).id}/checkpoints"


def test_new_run_has_no_checkpoints(ann, address):
    assert ann.get(address).json == {"checkpoints": []}


def test_step_that_is_not_kept_is_refused(ann, address):
    assert ann.post(f"{address}/7/continue", json_body={}).status == 404
    assert ann.ask("DELETE", f"{address}/7").status == 404


@pytest.mark.parametrize("epochs", [0, -1, 101, "many"])
def test_number_of_epochs_is_bounded(ann, address, epochs):
    assert ann.post(f"{address}/7/continue", json_body={"epochs": epochs}).status == 422


def test_run_of_another_user_is_unknown(bob, address):
    assert bob.get(address).code == "run_not_found"
    assert bob.ask("DELETE", f"{address}/7").code == "run_not_found"
