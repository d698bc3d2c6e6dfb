"""Answers through a stand-in inference server on loopback: secret, folder, refusals, and a server that is not there."""

from collections.abc import Iterator

import pytest

from app import storage
from app.services.inference import inference_client
from app.services.queue import inference_servers
from app.services.queue.inference_servers import READY, YIELDED
from app.settings import get_settings
from tests.app.finished_runs import finish
from tests.app.inference_stand_in import StandIn, inference_stand_in
from tests.factories import make_run

ANSWER = {"answers": [{"label": "yes", "probabilities": {"yes": 0.9, "no": 0.1}}]}


@pytest.fixture
def server(studio_home, monkeypatch) -> Iterator[StandIn]:
    monkeypatch.setenv("STUDIO_INFERENCE_SECRET", "s3cret")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    get_settings.cache_clear()
    with inference_stand_in(lambda path, body: (200, ANSWER)) as stand_in:
        yield stand_in


def test_run_predicts_labels_of_texts(ann, server):
    run = make_run(ann.id)
    finish(run)
    answer = ann.post(f"/api/v1/runs/{run.id}/predict", json_body={"inputs": ["hello"]})
    assert answer.json == {"answers": [{"label": "yes", "probabilities": {"yes": 0.9, "no": 0.1}}]}
    folder = str(storage.attempt_dir(run.id, 1) / "adapter")
    assert server.asked == [{"secret": "s3cret", "adapter": folder, "inputs": ["hello"]}]
    again = ann.post("/api/v1/predict", json_body={"model": run.id, "inputs": ["hello"]})
    assert again.status == 200 and again.json["model"] == run.id


def test_only_refusals_of_the_server_are_passed_on(ann, server):
    run = make_run(ann.id)
    finish(run)
    address = f"/api/v1/runs/{run.id}/predict"
    server.reply = lambda path, body: (409, {"error": {"code": "busy", "message": "Busy.", "hint": "Wait."}})
    answer = ann.post(address, json_body={"inputs": ["a"]})
    assert (answer.status, answer.code) == (409, "busy")
    server.reply = lambda path, body: (500, {"detail": "secret trace"})
    answer = ann.post(address, json_body={"inputs": ["a"]})
    assert (answer.status, answer.code) == (409, "inference_failed") and b"secret" not in answer.body


@pytest.mark.parametrize("inputs", [[], [""], ["  "], ["x"] * 257, ["x" * 20_001], [7], "text"])
def test_inputs_have_limits(ann, server, inputs):
    run = make_run(ann.id)
    finish(run)
    assert ann.post(f"/api/v1/runs/{run.id}/predict", json_body={"inputs": inputs}).status == 422
    assert server.asked == []


def test_base_model_has_no_labels(ann, server):
    answer = ann.post("/api/v1/predict", json_body={"model": "base:starter-encoder", "inputs": ["a"]})
    assert (answer.status, answer.code) == (422, "base_has_no_labels")


def test_refusal_has_the_reason_why_no_server_answers(ann, studio_home, monkeypatch):
    monkeypatch.setattr(inference_client, "REGISTRATION_TIMEOUT", 0.0)
    run = make_run(ann.id)
    finish(run)
    address = f"/api/v1/runs/{run.id}/predict"

    def refusal() -> str:
        answer = ann.post(address, json_body={"inputs": ["a"]})
        assert answer.status == 409
        payload = ann.get("/api/v1/inference").json["problem"]
        assert answer.code == "inference_gone" or payload["error"]["code"] == answer.code
        return answer.code

    assert refusal() == "inference_missing"
    inference_servers.register("host:1", "http://one", "gpu")
    inference_servers.beat("host:1", YIELDED, {})
    assert refusal() == "device_training"
    inference_servers.beat("host:1", READY, {})
    # The row says that it answers, but nobody listens there.
    assert refusal() == "inference_gone"
    monkeypatch.setattr(inference_servers, "ALIVE_SECONDS", 0.0)
    assert refusal() == "inference_silent"
    inference_servers.leave("host:1")
    assert refusal() == "inference_missing"


def test_queue_lists_inference_servers_without_addresses(ann, studio_home):
    inference_servers.register("host:1", "http://one", "gpu")
    inference_servers.beat("host:1", READY, {"bases": ["starter-chat"], "replies": 2})
    (payload,) = ann.get("/api/v1/queue").json["servers"]
    assert (payload["host"], payload["state"], payload["alive"], payload["facts"]["replies"]) == (
        "host",
        READY,
        True,
        2,
    )
    assert "url" not in payload
