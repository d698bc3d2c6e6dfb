"""Host and Origin checks: DNS rebinding and cross-site requests."""

import pytest

from app.gate.identity import cookie_name
from app.settings import get_settings
from tests.app.wire import HOST, ORIGIN, ask

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


@pytest.mark.parametrize("host", ODD_HOSTS)
def test_foreign_host_is_refused_even_with_a_session(gate, bearer, host):
    for path in ("/healthz", "/api/v1/runs", "/"):
        answer = ask(gate, "GET", path, headers={**bearer, "host": host})
        assert (answer.status, answer.code) == (400, "unknown_host")


def test_repeated_host_header_is_refused(gate, bearer):
    assert ask(gate, "GET", "/healthz", extra=[("host", HOST)]).code == "unknown_host"


def test_public_url_is_accepted_as_host_and_makes_cookies_secure(gate, bearer, monkeypatch):
    monkeypatch.setenv("STUDIO_PUBLIC_URL", "https://studio.example")
    get_settings.cache_clear()
    answer = ask(gate, "GET", "/api/v1/x", headers={**bearer, "host": "studio.example"})
    assert answer.status == 200 and "strict-transport-security" in answer.headers
    assert cookie_name({"scheme": "http", "headers": []}) == "__Host-studio-session"


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
def test_cross_site_change_is_refused(gate, signed_in, headers):
    for method in ("POST", "PUT", "DELETE"):
        answer = ask(gate, method, "/api/v1/runs", headers={**signed_in, **headers})
        assert (answer.status, answer.code) == (403, "cross_site")
    assert ask(gate, "POST", "/sign-in", headers=headers).status == 403


@pytest.mark.parametrize("headers", [{"origin": ORIGIN}, {"sec-fetch-site": "same-origin"}])
def test_same_origin_change_or_token_passes(gate, signed_in, bearer, headers):
    assert ask(gate, "POST", "/api/v1/runs", headers={**signed_in, **headers}).status == 200
    assert ask(gate, "POST", "/api/v1/runs", headers=bearer).status == 200
