"""The gate around a plain application whose every route would answer anybody: what it lets through, and what not."""

import json

import pytest
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.types import ASGIApp

from app.errors import StudioError
from app.gate import Gate, layer
from app.gate.gradio_sessions import GradioSessions
from app.gate.identity import cookie_name
from app.services.accounts import accounts
from app.settings import get_settings
from tests.app.wire import HOST, ORIGIN, ask

ODD_PATHS = (
    "//healthz",
    "/healthz/",
    "/Healthz",
    "/healthz;x",
    "/healthz/../x",
    "/%2e/healthz",
    "/healthz%2f..%2fx",
    "/healthz%00",
    "/x/%252e%252e/healthz",
    "/@healthz",
    "/healthz@evil",
    "/healthz\\x",
    "/./healthz",
    "",
)
ODD_HOSTS = (
    "evil.example",
    "127.0.0.1.evil.example",
    "evil.example/healthz?",
    "x/sign-in?",
    "a/?x=",
    "127.0.0.1@evil.example",
    "127.0.0.1:7860/healthz",
    "",
    "[::1",
    "127.0.0.1:99999999",
    "127.0.0.1, evil.example",
)


def make_plain() -> FastAPI:
    plain = FastAPI()

    @plain.api_route("/{path:path}", methods=["GET", "HEAD", "POST", "PUT", "DELETE"])
    async def anything(request: Request, path: str) -> JSONResponse:
        if path == "api/v1/broken":
            raise RuntimeError("secret detail")
        body = await request.body()
        seen = {"path": path, "user": request.scope["user"], "state": request.scope["state"]["user_id"]}
        headers = {"access-control-allow-origin": "https://evil.example"}
        return JSONResponse({**seen, "bytes": len(body), "event_id": "abcdef0123"}, headers=headers)

    return plain


@pytest.fixture
def gate(owner: str) -> ASGIApp:
    return Gate(make_plain())


@pytest.fixture
def signed_in(owner: str) -> dict[str, str]:
    _, cookie = accounts.redeem_sign_in_link(accounts.create_sign_in_link(owner))
    return {"cookie": f"studio-session-7860={cookie}"}


@pytest.fixture
def bearer(owner: str) -> dict[str, str]:
    return {"authorization": "Bearer " + accounts.create_token(owner)}


def test_only_the_public_list_answers_anybody(gate):
    for path in ("/healthz", "/readyz", "/sign-in", "/favicon.ico"):
        assert ask(gate, "GET", path).status == 200
    for path in ("/api/v1/runs", "/metrics", "/gradio_api/queue/data?session_hash=a", "/static/x.js", "/config"):
        answer = ask(gate, "GET", path)
        assert (answer.status, answer.code) == (401, "not_signed_in"), path
    for path in ("/", "/runs", "/runs/1"):
        answer = ask(gate, "GET", path)
        assert (answer.status, answer.headers["location"]) == (302, "/sign-in"), path
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
        assert ask(gate, method, "/healthz").status == 401


@pytest.mark.parametrize("path", ODD_PATHS)
def test_odd_spellings_of_public_paths_are_not_public(gate, bearer, path):
    assert ask(gate, "GET", path).status in (302, 401)
    if path not in ("/healthz/", "/Healthz"):
        assert ask(gate, "GET", path, headers=bearer).status == 404


@pytest.mark.parametrize("host", ODD_HOSTS)
def test_a_foreign_host_gets_nothing_not_even_with_a_session(gate, bearer, host):
    for path in ("/healthz", "/api/v1/runs", "/"):
        answer = ask(gate, "GET", path, headers={**bearer, "host": host})
        assert (answer.status, answer.code) == (400, "unknown_host")


def test_two_host_headers_or_none_are_refused(gate, bearer):
    assert ask(gate, "GET", "/healthz", extra=[("host", HOST)]).code == "unknown_host"


def test_the_public_address_counts_as_a_name_and_brings_secure_cookies(gate, bearer, monkeypatch):
    monkeypatch.setenv("STUDIO_PUBLIC_URL", "https://studio.example")
    get_settings.cache_clear()
    answer = ask(gate, "GET", "/api/v1/x", headers={**bearer, "host": "studio.example"})
    assert answer.status == 200 and "strict-transport-security" in answer.headers
    assert cookie_name({"scheme": "http", "headers": []}) == "__Host-studio-session"


def test_cookie_and_token_name_the_user_and_nothing_else_does(gate, owner, signed_in, bearer):
    for proof in (signed_in, bearer):
        answer = ask(gate, "GET", "/api/v1/x", headers=proof)
        assert answer.json["user"] == answer.json["state"] == owner
    wrong = (
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic eDp5"},
        {"cookie": "studio-session-7860=x"},
        {"cookie": signed_in["cookie"].replace("7860", "7861")},
        {"x-forwarded-user": owner},
        {**signed_in, "authorization": "Bearer nonsense"},
        {"cookie": signed_in["cookie"] + "; studio-session-7860=planted"},
    )
    for proof in wrong:
        assert ask(gate, "GET", "/api/v1/x", headers=proof).status == 401, proof


def test_signing_out_works_at_once(gate, signed_in):
    cookie = signed_in["cookie"].partition("=")[2]
    assert ask(gate, "GET", "/api/v1/x", headers=signed_in).status == 200
    accounts.sign_out(cookie)
    assert ask(gate, "GET", "/api/v1/x", headers=signed_in).status == 401


def test_nobody_gets_in_when_accounts_cannot_be_read(gate, bearer, monkeypatch):
    def broken(token: str) -> None:
        raise RuntimeError("database is down")

    monkeypatch.setattr(accounts, "user_for_token", broken)
    answer = ask(gate, "GET", "/api/v1/x", headers=bearer)
    assert (answer.status, answer.code) == (503, "accounts_unavailable")
    assert b"database is down" not in answer.body


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "https://127.0.0.1:7860"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"referer": ORIGIN + "/"},
    ],
)
def test_a_change_from_elsewhere_is_refused(gate, signed_in, headers):
    for method in ("POST", "PUT", "DELETE"):
        answer = ask(gate, method, "/api/v1/runs", headers={**signed_in, **headers})
        assert (answer.status, answer.code) == (403, "cross_site")
    assert ask(gate, "POST", "/sign-in", headers=headers).status == 403


@pytest.mark.parametrize("headers", [{"origin": ORIGIN}, {"sec-fetch-site": "same-origin"}])
def test_a_change_from_our_own_page_or_with_a_token_passes(gate, signed_in, bearer, headers):
    assert ask(gate, "POST", "/api/v1/runs", headers={**signed_in, **headers}).status == 200
    assert ask(gate, "POST", "/api/v1/runs", headers=bearer).status == 200


def test_every_answer_carries_the_security_headers_and_no_other_site_may_read(gate, bearer):
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


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file=https://example.com/x"),
        ("GET", "/gradio_api/file%3d/etc/passwd"),
        ("GET", "/gradio_api//file=/etc/passwd"),
        ("GET", "/gradio_api/./file=/etc/passwd"),
        ("GET", "//gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file/etc/passwd"),
        ("GET", "/gradio_api/proxy=https://example.com"),
        ("HEAD", "/gradio_api/proxy=https://example.com"),
        ("GET", "/gradio_api/heartbeat/../file=/etc/passwd"),
        ("GET", "/gradio_api/heartbeat/x/file=/etc/passwd"),
        ("GET", "/gradio_api/deep_link"),
        ("GET", "/gradio_api/stream/a/b/c/playlist.m3u8"),
        ("GET", "/gradio_api/dev/reload"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/call/predict"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/vibe-edit"),
        ("POST", "/login"),
        ("GET", "/logout"),
        ("GET", "/monitoring/summary"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("POST", "/anywhere"),
        ("DELETE", "/static/x.js"),
    ],
)
def test_shut_addresses_do_not_exist_even_for_the_signed_in(gate, bearer, method, path):
    assert ask(gate, method, path, headers=bearer).status == 404


def test_gradio_sessions_and_events_belong_to_their_first_user(gate, bearer):
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
    )
    for method, path, body in refused:
        assert ask(gate, method, path, headers=stranger, json_body=body).status == 404, path
    for method, path, body in refused[:2] + refused[3:5]:
        assert ask(gate, method, path, headers=bearer, json_body=body).status == 200, path


def test_a_flood_of_sessions_pushes_out_only_the_flooders_own():
    sessions = GradioSessions()
    sessions.claim("victim", "a")
    for number in range(6000):
        sessions.claim(f"s{number}", "b")
    sessions.claim("s0", "c")
    with pytest.raises(StudioError):
        sessions.claim("victim", "b")


def test_events_cannot_refer_to_files_and_must_be_json(gate, bearer):
    file = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
    body = {"session_hash": "a", "data": [{"deep": [file]}]}
    assert ask(gate, "POST", "/gradio_api/queue/join", headers=bearer, json_body=body).status == 403
    for bad in (b"{", b"[]", b"\xff", b"[" * 100_000):
        assert ask(gate, "POST", "/gradio_api/queue/join", headers=bearer, body=bad).status == 400


def test_bodies_are_bounded_whether_or_not_the_length_is_told(gate, bearer):
    told = ask(gate, "POST", "/api/v1/runs", headers={**bearer, "content-length": "99999999999"})
    untold = ask(gate, "POST", "/api/v1/runs", headers=bearer, body=[b"x" * 1024**2] * 6)
    assert (told.status, untold.status) == (413, 413)
    assert ask(gate, "POST", "/api/v1/runs", headers=bearer, body=[b"x" * 1024**2] * 4).json["bytes"] == 4 * 1024**2
    assert ask(gate, "POST", "/api/v1/datasets", headers=bearer, body=[b"x" * 1024**2] * 6).status == 200


def test_an_anonymous_body_is_never_read(gate):
    read = []

    async def counting(scope, receive, send):
        read.append(await receive())

    assert ask(Gate(counting), "POST", "/api/v1/datasets", body=b"x").status == 401
    assert read == []


def test_a_slow_body_is_dropped(owner, bearer, monkeypatch):
    monkeypatch.setattr(layer, "BODY_SECONDS", 0.05)
    assert ask(Gate(make_plain()), "POST", "/api/v1/runs", headers=bearer, body=[]).status == 408


def test_a_defect_shows_a_calm_sentence_with_a_log_id(gate, bearer, caplog):
    answer = ask(gate, "GET", "/api/v1/broken", headers=bearer)
    assert (answer.status, answer.code) == (500, "internal_error")
    assert b"secret detail" not in answer.body
    log_id = answer.json["error"]["details"]["log_id"]
    assert log_id in caplog.text and "secret detail" in caplog.text


def test_an_answer_that_breaks_half_way_is_cut(owner, bearer):
    async def half(scope, receive, send):
        async def pieces():
            yield b"half"
            raise RuntimeError("disk gone")

        await StreamingResponse(pieces())(scope, receive, send)

    with pytest.raises(BaseException):  # noqa: B017 - the server sees whatever the application raised
        ask(Gate(half), "GET", "/api/v1/x", headers=bearer)


def test_websockets_are_closed(owner):
    import asyncio

    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(Gate(make_plain())({"type": "websocket", "path": "/healthz", "headers": []}, None, send))
    assert sent[0]["type"] == "websocket.close"


def test_package_files_do_not_ask_the_database_each_time(gate, signed_in, monkeypatch):
    assert ask(gate, "GET", "/static/a.js", headers=signed_in).status == 200
    calls = []
    monkeypatch.setattr(accounts, "user_for_session", lambda cookie: calls.append(cookie))
    assert ask(gate, "GET", "/static/b.js", headers=signed_in).status == 200
    assert calls == []
    assert ask(gate, "GET", "/api/v1/x", headers=signed_in).status == 401


def test_bodies_reach_the_application_unchanged(gate, bearer):
    body = json.dumps({"a": "ä" * 1000}).encode()
    assert ask(gate, "POST", "/v1/x", headers=bearer, body=[body[:7], body[7:]]).json["bytes"] == len(body)
