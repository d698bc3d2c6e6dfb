"""Ownership of Gradio's sessions and events."""

import pytest

from app.errors import StudioError
from app.gate.gradio_sessions import GradioSessions
from app.services.accounts import accounts
from tests.app.wire import ask


def test_sessions_and_events_belong_to_their_first_user(gate, bearer):
    stranger = {"authorization": "Bearer " + accounts.create_token(accounts.add_user("bob").id)}
    join, data, beat = "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/heartbeat/aaa"
    assert ask(gate, "POST", join, headers=bearer, json_body={"session_hash": "aaa", "data": []}).status == 200
    assert ask(gate, "POST", join, headers=stranger, json_body={"session_hash": "bbb", "data": []}).status == 200
    refused = (
        ("POST", join, {"session_hash": "aaa", "data": []}),
        ("GET", data + "?session_hash=aaa", None),
        ("GET", data + "?session_hash=ccc&session_hash=aaa", None),
        ("GET", beat, None),
        ("POST", "/gradio_api/cancel", {"session_hash": "aaa", "fn_index": 0, "event_id": "x"}),
        ("POST", "/gradio_api/cancel", {"session_hash": "ddd", "fn_index": 0, "event_id": "abcdef0123"}),
        ("POST", "/gradio_api/reset", {"event_id": "abcdef0123"}),
        ("POST", "/gradio_api/call/predict", {"session_hash": "aaa", "data": []}),
        ("GET", "/gradio_api/call/predict/abcdef0123", None),
    )
    for method, path, body in refused:
        assert ask(gate, method, path, headers=stranger, json_body=body).status == 404, path
    for method, path, body in refused[:2] + refused[3:5]:
        assert ask(gate, method, path, headers=bearer, json_body=body).status == 200, path


def test_event_of_a_named_endpoint_belongs_to_who_started_it(gate, bearer):
    stranger = {"authorization": "Bearer " + accounts.create_token(accounts.add_user("bob").id)}
    assert ask(gate, "POST", "/gradio_api/call/predict", headers=bearer, json_body={"data": []}).status == 200
    # The application of these tests answers with the event id abcdef0123.
    answers = "/gradio_api/call/predict/abcdef0123"
    assert ask(gate, "GET", answers, headers=stranger).status == 404
    assert ask(gate, "GET", answers, headers=bearer).status == 200


def test_session_limit_drops_only_sessions_of_the_same_user():
    sessions = GradioSessions()
    sessions.claim("victim", "a")
    for number in range(6000):
        sessions.claim(f"s{number}", "b")
    sessions.claim("s0", "c")
    with pytest.raises(StudioError):
        sessions.claim("victim", "b")


def test_event_with_file_reference_or_invalid_json_is_refused(gate, bearer):
    file = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    body = {"session_hash": "a", "data": [{"deep": [file]}]}
    assert ask(gate, "POST", "/gradio_api/queue/join", headers=bearer, json_body=body).status == 403
    for bad in (b"{", b"[]", b"\xff", b"[" * 100_000):
        assert ask(gate, "POST", "/gradio_api/queue/join", headers=bearer, body=bad).status == 400
