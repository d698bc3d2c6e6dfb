"""A real web server on a free loopback port with data of its own, and a browser that is signed in to it."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from starlette.types import ASGIApp

from app.services.accounts import accounts
from tests.conftest import forget_settings

# The content is there, every view has taken the answer that the page's head asked for, and no part says that it still waits.
FILLED = (
    "document.querySelector(document.querySelector('#starting') ? '.browser-component' : '#content')"
    " && !Object.keys(window.early || {}).length && !document.querySelector('.skeleton, .browser-component[aria-busy]')"
)
# What a page may take on two busy cores; a fault that lasts is found all the same.
expect.set_options(timeout=30_000)
WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 390, "height": 800}


@dataclass
class Studio:
    """The running web server and its owner."""

    address: str
    owner: str


@dataclass
class Watched:
    """A page of the browser and everything that went wrong or left the machine while it was used."""

    page: Page
    studio: Studio
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a path and wait until its script has filled the page."""
        self.page.goto(self.studio.address + path)
        self.page.wait_for_function(FILLED)
        return self.page


@pytest.fixture(scope="session")
def listening() -> Iterator[socket.socket]:
    """A free loopback port for the web server of all files: browsers that stay keep what they have loaded from it."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        yield opened


@pytest.fixture(scope="session")
def web_server(listening: socket.socket) -> Iterator[uvicorn.Server]:
    """The composed web application, served to the session's end; each request reads the settings of its moment."""
    server = uvicorn.Server(uvicorn.Config(_web(), log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.02)
    assert server.started, "the web server did not start"
    yield server
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def studio(
    request: pytest.FixtureRequest,
    listening: socket.socket,
    tmp_path_factory: pytest.TempPathFactory,
    empty_tables: Path,
) -> Iterator[Studio]:
    """The web server on a data folder of the module's own."""
    port = listening.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        # With its tables before anybody knows the folder: the kept server may still be asked by a page that closes.
        home = tmp_path_factory.mktemp("studio")
        shutil.copyfile(empty_tables, home / "studio.db")
        patch.setenv("STUDIO_DATA_DIR", str(home))
        patch.setenv("STUDIO_PORT", str(port))
        forget_settings()
        request.getfixturevalue("web_server")
        yield Studio(f"http://127.0.0.1:{port}", accounts.ensure_owner().id)
    forget_settings()


@pytest.fixture(scope="session")
def kept_contexts(browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """Browsers of a person who comes back, by their looks: what they have loaded once they need not load again."""
    kept: dict[str, BrowserContext] = {}
    yield kept
    for context in kept.values():
        context.close()


@pytest.fixture
def signed_in(
    studio: Studio, browser: Browser, kept_contexts: dict[str, BrowserContext]
) -> Iterator[Callable[..., Watched]]:
    """Opens a signed-in page of a size and watches it; asked again within a test it is that of another browser."""
    opened: list[Watched] = []
    used: set[str] = set()

    def open_page(size: dict[str, int] = WIDE, **options: object) -> Watched:
        looks = repr((size, sorted(options.items())))
        known = kept_contexts.get(looks) if looks not in used else None
        context = known or browser.new_context(viewport=size, **options)
        kept_contexts.setdefault(looks, context)
        used.add(looks)
        watched = Watched(context.new_page(), studio)
        page = watched.page
        if known:
            # Nothing of an earlier test is remembered by the pages.
            page.goto(f"{studio.address}/healthz")
            page.evaluate("localStorage.clear()")
            known.clear_cookies()
        page.set_default_timeout(30_000)
        page.on("console", lambda message: watched.complaints.append(message.text) if is_complaint(message) else None)
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        page.on("request", lambda r: watched.foreign.append(r.url) if not r.url.startswith(_own(studio)) else None)
        _sign_in(context, studio)
        opened.append(watched)
        return watched

    yield open_page
    for watched in opened:
        context = watched.page.context
        for page in context.pages:
            page.close()
        if context not in kept_contexts.values():
            context.close()


@pytest.fixture
def web(studio_home: Path) -> ASGIApp:
    """API and pages, without a server."""
    return _web()


@pytest.fixture
def cookie(web: ASGIApp, owner: str) -> dict[str, str]:
    """Headers of a browser that is signed in."""
    _, value = accounts.redeem_sign_in_link(accounts.create_sign_in_link(owner))
    return {"cookie": f"studio-session-7860={value}", "accept": "text/html"}


def expect_to_fit(page: Page, size: dict[str, int] = NARROW) -> None:
    """Nothing is wider than the screen once all is drawn."""
    page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=size["width"])


def expect_focus(page: Page, selector: str) -> None:
    """The focus comes to the element that the selector names."""
    page.wait_for_function("(selector) => document.activeElement?.matches(selector)", arg=selector)


def is_complaint(message: ConsoleMessage) -> bool:
    """An error of ours: Gradio tells as errors that its own stream, or a request, ended because the page was left."""
    left = ("AbortError: signal is aborted without reason", "Unexpected error Connection errored out.")
    return message.type == "error" and not message.text.startswith(left)


@cache
def _web() -> ASGIApp:
    """API and pages, made once for all files: they keep nothing of any data folder."""
    from studio.web import create_web

    return create_web()


def _sign_in(context: BrowserContext, studio: Studio) -> None:
    """Redeem a link as its page does, without loading the first page; the link itself is opened in the journeys."""
    token = accounts.create_sign_in_link(studio.owner)
    answer = context.request.post(
        f"{studio.address}/sign-in", form={"token": token}, headers={"Origin": studio.address}, max_redirects=0
    )
    assert answer.status == 303


def _own(studio: Studio) -> tuple[str, ...]:
    return (studio.address, "data:", "blob:")
