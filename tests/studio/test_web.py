"""The composed web application: every route without sign-in and from another site; its access log.

The process itself is tested with the running studio, in `test_up.py`.
"""

import logging
from typing import Any

import pytest
from starlette.types import ASGIApp

from app.gate import Gate
from app.services.accounts import accounts
from studio import web as web_process
from tests.app.wire import ORIGIN, ask

# Everything that answers somebody who is not signed in. A new entry needs a reason.
PUBLIC = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    # To a sign-in provider and back; not found where none is set.
    ("GET", "/sign-in/provider"),
    ("GET", "/sign-in/callback"),
    ("GET", "/favicon.ico"),
    ("GET", "/shared"),
}
# They need no sign-in but the token of a read-only link.
FOR_LINKS = "/api/v1/shared"


@pytest.fixture
def web(studio_home: Any, application: ASGIApp) -> ASGIApp:
    """What `studio.web.create_web` returns, on a data folder of the test's own."""
    return Gate(application)


def test_routes_of_api_and_pages_are_found(routes):
    paths = {path for _, path in routes}
    assert "/api/v1/runs/x/adapter" in paths and "/gradio_api/queue/join" in paths and len(routes) > 80


def test_only_public_routes_need_no_sign_in(web, routes):
    for method, path in routes:
        answer = ask(web, method, path, headers={"origin": ORIGIN})
        if (method, path) in PUBLIC or (method == "HEAD" and ("GET", path) in PUBLIC):
            continue
        if path == "/shared/read":
            assert answer.status == 404 and b"There is nothing of this name" in answer.body
            continue
        if path.startswith(FOR_LINKS):
            assert answer.status == 422 and b"X-Studio-Share" in answer.body, (method, path)
            continue
        assert answer.status in (401, 302), (method, path, answer.status)
        if answer.status == 302:
            assert answer.headers["location"] == "/sign-in"


@pytest.mark.parametrize("host", ["x/login?", "a/?x=", "evil.example", "127.0.0.1@evil"])
def test_foreign_host_names_are_refused_on_every_route(web, routes, host):
    for method, path in routes:
        assert ask(web, method, path, headers={"host": host}).status == 400, (method, path)


@pytest.mark.parametrize("spelling", ["/{}", "{}%2f", "{};x", "{}/%2e", "/@host{}", "{}%00", "/.{}", "{}/..%2f"])
def test_odd_spellings_of_a_path_need_sign_in_too(web, routes, spelling):
    for method, path in routes:
        answer = ask(web, method, spelling.format(path), headers={"origin": ORIGIN})
        assert answer.status in (401, 302), (method, path)


def test_requests_from_another_site_are_refused_on_every_route(web, routes, owner):
    _, cookie = accounts.redeem_sign_in_link(accounts.create_sign_in_link(owner))
    for foreign in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {}):
        headers = {"cookie": f"studio-session-7860={cookie}", **foreign}
        for method, path in routes:
            if method not in ("GET", "HEAD"):
                assert ask(web, method, path, headers=headers).status == 403, (method, path)


def test_access_log_shows_neither_tokens_nor_words_that_people_look_for():
    for path, shown in (
        ("/sign-in?a=1&token=secret&b=2", "/sign-in?..."),
        ("/api/v1/datasets/1/rows?q=my%20illness", "/api/v1/datasets/1/rows?..."),
        ("/runs", "/runs"),
    ):
        entry = logging.LogRecord("uvicorn.access", 20, "", 0, "%s %d", (path, 200), None)
        assert web_process._without_query(entry)
        assert entry.getMessage() == f"{shown} 200"
