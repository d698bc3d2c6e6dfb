"""Connections to the web process: one that sends nothing, or half a request, is closed, and no address holds all of them.

uvicorn waits for the rest of a request for ever. The time for bodies is the gate's and the upload route's business.
"""

import asyncio
import resource
from collections import Counter
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from app.settings import get_settings

HEAD_SECONDS = 20.0
MAX_PER_ADDRESS = 500
OPEN_FILES = 65536

# Open connections by the address at their other end.
_open: Counter[str] = Counter()


class BoundedProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # the class depends on what is installed
    """uvicorn's protocol with a time for each head and a limit for each address; proxies that are trusted have none."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.app: ASGIApp = keeping_peer(self.app)
        self._address = ""
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Count the connection; close it if its address has too many."""
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        _open[self._address] += 1
        if _open[self._address] > max_per_address() and self._address not in trusted_proxies():
            transport.close()
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting it."""
        self._stop_waiting()
        _open[self._address] -= 1
        if _open[self._address] <= 0:
            del _open[self._address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """The time begins with the first byte of a head, and ends with its last."""
        if not self._is_answering() and self._head_timer is None:
            self._await_head()
        super().data_received(data)
        if self._is_answering():
            self._stop_waiting()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._close_if_waiting)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _close_if_waiting(self) -> None:
        self._head_timer = None
        if not self._is_answering():
            self.transport.close()


def keeping_peer(app: ASGIApp) -> ASGIApp:
    """The application with the address of the connection itself in ``scope["peer"]``: uvicorn puts the one that a trusted proxy
    names in ``scope["client"]``."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["peer"] = (scope.get("client") or ("",))[0]
        await app(scope, receive, send)

    return call


def max_per_address() -> int:
    """At most ``MAX_PER_ADDRESS``, and no more than half of the files that this process may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(8, min(MAX_PER_ADDRESS, soft // 2))


def trusted_proxies() -> frozenset[str]:
    """Addresses of the proxies whose ``X-Forwarded-For`` is believed."""
    return frozenset(filter(None, (name.strip() for name in get_settings().trusted_proxies.split(","))))


def raise_open_files() -> None:
    """Let this process open as many files as the system allows it, connections included."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
