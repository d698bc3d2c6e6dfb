"""Security headers, body limits, failures of the wrapped application."""

import asyncio
import json

import pytest
from starlette.responses import StreamingResponse

from app.gate import Gate, layer
from tests.app.gate.conftest import make_plain
from tests.app.wire import ask


def test_every_response_has_security_headers_and_no_cors(gate, bearer):
    for answer in (
        ask(gate, "GET", "/healthz"),
        ask(gate, "GET", "/api/v1/x"),
        ask(gate, "GET", "/x", headers={"host": "evil"}),
        ask(gate, "GET", "/api/v1/x", headers=bearer),
    ):
        assert set(layer.SECURITY_HEADERS) <= {name.encode() for name in answer.headers}
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers


def test_body_limit_holds_with_and_without_content_length(gate, bearer):
    result = ask(gate, "POST", "/api/v1/runs", headers={**bearer, "content-length": "99999999999"})
    without_length = ask(gate, "POST", "/api/v1/runs", headers=bearer, body=[b"x" * 1024**2] * 6)
    assert (result.status, without_length.status) == (413, 413)
    assert ask(gate, "POST", "/api/v1/runs", headers=bearer, body=[b"x" * 1024**2] * 4).json["bytes"] == 4 * 1024**2
    assert ask(gate, "POST", "/api/v1/datasets", headers=bearer, body=[b"x" * 1024**2] * 6).status == 200


def test_body_of_an_anonymous_request_is_not_read(gate):
    read = []

    async def counting(scope, receive, send):
        read.append(await receive())

    assert ask(Gate(counting), "POST", "/api/v1/datasets", body=b"x").status == 401
    assert read == []


def test_slow_body_times_out(owner, bearer, monkeypatch):
    monkeypatch.setattr(layer, "BODY_SECONDS", 0.05)
    assert ask(Gate(make_plain()), "POST", "/api/v1/runs", headers=bearer, body=[]).status == 408


def test_unhandled_exception_answers_with_a_log_id_only(gate, bearer, caplog):
    answer = ask(gate, "GET", "/api/v1/broken", headers=bearer)
    assert (answer.status, answer.code) == (500, "internal_error")
    assert b"secret detail" not in answer.body
    log_id = answer.json["error"]["details"]["log_id"]
    assert log_id in caplog.text and "secret detail" in caplog.text


def test_failure_in_the_middle_of_a_response_closes_the_connection(owner, bearer):
    async def half(scope, receive, send):
        async def pieces():
            yield b"half"
            raise RuntimeError("disk gone")

        await StreamingResponse(pieces())(scope, receive, send)

    with pytest.raises(BaseException):  # noqa: B017, PT011 - the server sees whatever the application raised
        ask(Gate(half), "GET", "/api/v1/x", headers=bearer)


def test_websockets_are_closed(owner):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(Gate(make_plain())({"type": "websocket", "path": "/healthz", "headers": []}, None, send))
    assert sent[0]["type"] == "websocket.close"


def test_bodies_reach_the_application_unchanged(gate, bearer):
    body = json.dumps({"a": "ä" * 1000}).encode()
    assert ask(gate, "POST", "/v1/x", headers=bearer, body=[body[:7], body[7:]]).json["bytes"] == len(body)
