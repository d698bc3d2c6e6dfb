"""The queue's routes: what each person sees, and that nobody steers what is somebody else's."""

import pytest

from app.services.queue import workers
from tests.factories import make_run


def test_queue_shows_all_runs_but_only_own_names(ann, bob) -> None:
    mine, theirs = make_run(ann.id, name="Mine"), make_run(bob.id, name="Secret plan")
    workers.beat("here:1")
    payload = ann.get("/api/v1/queue").json
    assert [(row["mine"], row["position"]) for row in payload["waiting"]] == [(True, 1), (False, 2)]
    assert "Secret plan" not in str(payload) and theirs.id not in str(payload) and mine.id in str(payload)
    assert ann.get("/api/v1/workers").json["workers"][0]["name"] == "here:1"


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("pause", None),
        ("priority", {"priority": "high"}),
        ("move", {"direction": "first"}),
        ("continue", {"epochs": 1}),
        ("resume", None),
    ],
)
def test_runs_of_another_user_cannot_be_controlled(ann, bob, action: str, body: dict | None) -> None:
    theirs = make_run(bob.id)
    refused = ann.post(f"/api/v1/runs/{theirs.id}/{action}", json_body=body)
    assert (refused.status, refused.json["error"]["code"]) == (404, "run_not_found")


def test_pause_move_and_resume(ann) -> None:
    first, second = make_run(ann.id), make_run(ann.id)
    assert ann.post(f"/api/v1/runs/{second.id}/move", json_body={"direction": "up"}).json["queue_position"] == 1
    paused = ann.post(f"/api/v1/runs/{second.id}/pause").json
    assert (paused["paused"], paused["queue_position"]) == (True, None)
    assert ann.get(f"/api/v1/runs/{first.id}").json["queue_position"] == 1
    assert ann.post(f"/api/v1/runs/{second.id}/resume").json["queue_position"] == 1
    assert ann.post(f"/api/v1/runs/{first.id}/move", json_body={"direction": "sideways"}).status == 422
    assert ann.post(f"/api/v1/runs/{first.id}/continue", json_body={"epochs": 1}).status == 409
