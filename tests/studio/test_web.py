"""The composed web process: every route without sign-in and from another site, its memory, its access log."""

import json
import logging
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.routing import Mount

from app.services.accounts import accounts
from studio import web as web_process
from tests.app.wire import ORIGIN, ask

# Everything that answers somebody who is not signed in. A new entry needs a reason.
PUBLIC = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/favicon.ico"),
    ("GET", "/shared"),
}
# They need no sign-in but the token of a read-only link.
FOR_LINKS = "/api/v1/shared"

LIGHT = """
import json, sys, psutil
from studio.web import create_web
create_web()
heavy = [name for name in ("torch", "transformers", "peft") if name in sys.modules]
print(json.dumps({"heavy": heavy, "bytes": psutil.Process().memory_info().rss}))
"""


@pytest.fixture(scope="module")
def routes() -> list[tuple[str, str]]:
    """(method, path) of every route of the composed application, Gradio's included, with plain values filled in."""
    from app.main import create_api
    from studio_ui.app import mount

    return sorted(set(_walk(mount(create_api()).router.routes, "")))


@pytest.fixture
def web(studio_home: Any) -> Any:
    from studio.web import create_web

    return create_web()


def _walk(routes: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if isinstance(route, Mount):
            yield from _walk(route.routes or [], path)
            yield from (("GET", path + "/x"), ("POST", path + "/x"))
        elif inner := getattr(getattr(route, "original_router", None), "routes", None):
            yield from _walk(inner, prefix)
        else:
            for method in getattr(route, "methods", None) or {"GET"}:
                yield method, re.sub(r"\{[^}]*\}", "x", path)


def test_routes_of_api_and_pages_are_found(routes):
    paths = {path for _, path in routes}
    assert "/api/v1/runs/x/adapter" in paths and "/gradio_api/queue/join" in paths and len(routes) > 80


def test_only_public_routes_need_no_sign_in(web, routes):
    for method, path in routes:
        answer = ask(web, method, path, headers={"origin": ORIGIN})
        if (method, path) in PUBLIC or (method == "HEAD" and ("GET", path) in PUBLIC):
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


def test_web_process_loads_no_torch_and_stays_small(studio_home):
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, timeout=60, check=True)
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["heavy"] == []
    assert result["bytes"] < 300 * 1024**2


def test_server_signs_in_and_logs_no_token(studio_home, owner):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "studio.web:serve_web", "--port", str(port)]
    environment = {**os.environ, "STUDIO_PORT": str(port)}
    log = studio_home / "web.log"
    token = accounts.create_sign_in_link(owner)
    with log.open("w") as out:
        server = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as browser:
                _wait_until_up(browser, server)
                assert browser.get("/").status_code == 302
                assert token in browser.get("/sign-in", params={"token": token}).text
                form = {"token": token}
                origin = {"origin": f"http://127.0.0.1:{port}"}
                answer = browser.post("/sign-in", data=form, headers=origin)
                assert answer.status_code == 303
                page = browser.get("/")
                assert page.status_code == 200 and "gradio" in page.text
                assert browser.get("/api/v1/runs").json()["runs"] == []
        finally:
            server.terminate()
            server.wait(20)
    written = log.read_text()
    assert "/sign-in" in written and token not in written


def _wait_until_up(browser: httpx.Client, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            browser.get("/healthz")
            return
        except httpx.TransportError:
            continue
    raise AssertionError("the web process did not start")


def test_token_of_a_sign_in_link_is_cut_from_the_access_log():
    entry = logging.LogRecord("uvicorn.access", 20, "", 0, "%s %d", ("/sign-in?a=1&token=secret&b=2", 200), None)
    assert web_process._without_token(entry)
    assert entry.getMessage() == "/sign-in?a=1&token=...&b=2 200"
