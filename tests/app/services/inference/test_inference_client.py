"""The client of the inference server: which server is asked, how it is woken, which refusals are passed on."""

import json
from pathlib import Path

import pytest

from app.errors import Conflict
from app.services.inference import inference_client
from app.services.queue import inference_servers
from app.services.queue.inference_servers import READY, RESTING, STARTING


def test_idle_server_is_started_and_waited_for(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inference_servers.register("host:1", "http://one", "")
    monkeypatch.setattr(inference_client, "WAKE_TIMEOUT", 0.3)
    with pytest.raises(Conflict, match="did not begin to answer"):
        inference_client.wake()
    assert inference_servers.is_wanted("host:1")
    inference_servers.beat("host:1", STARTING, {})
    assert inference_servers.is_wanted("host:1")
    inference_servers.beat("host:1", READY, {})
    assert inference_client.wake() == "http://one" and not inference_servers.is_wanted("host:1")


def test_ready_server_is_chosen_and_an_address_has_one_registration(any_database: str) -> None:
    inference_servers.register("a:1", "http://a", "")
    inference_servers.register("b:1", "http://b", "")
    inference_servers.beat("b:1", READY, {})
    assert inference_client.wake() == "http://b"
    inference_servers.register("c:1", "http://b", "")
    assert [(server.name, server.state) for server in inference_servers.list_servers()] == [
        ("a:1", RESTING),
        ("c:1", RESTING),
    ]
    assert inference_servers.beat("nobody:1", READY, {}) is False


def test_refusal_of_the_server_is_passed_on() -> None:
    error = {"code": "busy", "message": "Busy.", "hint": "Wait.", "details": {"queue": 3}}
    found = inference_client.refusal(409, json.dumps({"error": error}).encode())
    assert (found.code, found.message, found.hint, found.status, found.details) == (
        "busy",
        "Busy.",
        "Wait.",
        409,
        {"queue": 3},
    )


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"error": "text"}'])
def test_other_answers_of_the_server_are_not_shown(body: bytes) -> None:
    found = inference_client.refusal(500, body)
    assert found.code == "inference_failed" and "500" in found.message


def test_status_has_the_problem_until_a_server_is_ready(studio_home: Path) -> None:
    missing = inference_client.status()
    assert missing.problem is not None and missing.problem.code == "inference_missing" and missing.servers == []
    inference_servers.register("host:1", "http://one", "")
    inference_servers.beat("host:1", READY, {})
    ready = inference_client.status().as_dict()
    assert ready["problem"] is None and [server["state"] for server in ready["servers"]] == [READY]
