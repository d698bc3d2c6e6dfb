"""Registered inference servers: which are listed, which are wanted, and which hold a device."""

import pytest

from app.db import transaction
from app.models_work import InferenceServer
from app.services.queue import inference_servers
from app.services.queue.inference_servers import READY, RESTING, STARTING


def silence(name: str, seconds: float) -> None:
    """Make the last heartbeat of a server so many seconds older."""
    with transaction() as session:
        session.get_one(InferenceServer, name).heartbeat_at -= seconds


@pytest.fixture
def two(studio_home):
    """A resting and a ready server."""
    inference_servers.register("a:1", "http://a", "gpu-a")
    inference_servers.register("b:1", "http://b", "gpu-b")
    inference_servers.beat("b:1", READY, {"replies": 2})


def test_ready_servers_are_listed_first_and_silent_ones_last(two):
    assert [(server.name, server.state) for server in inference_servers.list_servers()] == [
        ("b:1", READY),
        ("a:1", RESTING),
    ]
    silence("b:1", inference_servers.ALIVE_SECONDS + 1)
    assert [(server.name, server.alive) for server in inference_servers.list_servers()] == [
        ("a:1", True),
        ("b:1", False),
    ]
    silence("b:1", inference_servers.SHOWN_SECONDS)
    assert [server.name for server in inference_servers.list_servers()] == ["a:1"]


def test_stopped_server_leaves_the_list_and_a_new_one_replaces_that_of_its_address(two):
    inference_servers.leave("a:1")
    inference_servers.register("c:1", "http://b", "gpu-b")
    assert [server.name for server in inference_servers.list_servers()] == ["c:1"]


def test_request_for_a_server_stays_until_it_is_ready(two):
    inference_servers.want("a:1")
    inference_servers.beat("a:1", STARTING, {})
    assert inference_servers.is_wanted("a:1") and not inference_servers.is_wanted("b:1")
    inference_servers.beat("a:1", READY, {})
    assert not inference_servers.is_wanted("a:1")


def test_json_has_no_address_and_an_unknown_server_has_no_heartbeat(two):
    status = inference_servers.list_servers()[0].as_dict()
    assert status["facts"] == {"replies": 2} and status["host"] == "b" and "url" not in status
    assert inference_servers.beat("nobody:1", READY, {}) is False
    assert not inference_servers.is_taken("") and not inference_servers.is_taken("gpu-a")
