"""Public paths, closed paths, and other spellings of both."""

import pytest

from tests.app.wire import ask

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


def test_only_public_paths_answer_without_sign_in(gate):
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
def test_other_spellings_of_public_paths_are_not_public(gate, bearer, path):
    assert ask(gate, "GET", path).status in (302, 401)
    if path not in ("/healthz/", "/Healthz"):
        assert ask(gate, "GET", path, headers=bearer).status == 404


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
        ("GET", "/gradio_api/component_server"),
        ("POST", "/gradio_api/run/other"),
        ("POST", "/gradio_api/call/predict/../../upload"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/vibe-edit"),
        ("POST", "/login"),
        ("GET", "/logout"),
        ("GET", "/monitoring/summary"),
        ("GET", "/redoc"),
        ("GET", "/gradio_api/mcp/"),
        ("POST", "/gradio_api/mcp/"),
        ("POST", "/anywhere"),
        ("DELETE", "/static/x.js"),
    ],
)
def test_closed_paths_answer_404_to_signed_in_users(gate, bearer, method, path):
    assert ask(gate, method, path, headers=bearer).status == 404


def test_address_longer_than_any_of_ours_is_not_found(gate, bearer):
    for path in ("/assets/studio/" + "a" * 5000 + ".js", "/static/" + "a" * 5000, "/static/" + "a/" * 2500):
        assert ask(gate, "GET", path, headers=bearer).status == 404, path[:40]
