"""The outermost layer of the web process: nobody gets past it unknown, from a foreign site, or with an oversized body.

Wraps any ASGI application, so API, pages, Gradio's own routes and static files are all behind it. Every decision uses
``scope["path"]``, the same value the router uses; nothing is derived from a URL that a Host header could bend.
Must not know what any route does.
"""

import asyncio
from typing import Any

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import NotFound, NotSignedIn, StudioError, TooLarge
from app.failures import calm_failure, failure_response
from app.gate.gradio_sessions import GradioSessions
from app.gate.identity import Identities, Visitor
from app.gate.origin import check_host, check_origin
from app.gate.routes import is_asset, is_clean, is_page, is_public, is_reachable, is_stream, needs_body_check
from app.settings import get_settings

MAX_BODY_BYTES = 4 * 1024**2
BODY_SECONDS = 30.0

SECURITY_HEADERS = {
    # Gradio's page carries inline scripts and styles, compiles templates of HTML components at run time and sets its
    # own base address; measured in a browser, it stops working without these. Everything else is closed.
    b"content-security-policy": (
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        b"object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
}


class Gate:
    """ASGI application around ``app``: identifies, refuses or passes on, and stamps security headers on every answer.

    What it passes on carries ``scope["user"]`` and ``scope["state"]["user_id"]``, both the user's id as text, and
    ``scope["state"]["session_cookie"]`` for signing out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.identities = Identities()
        self.sessions = GradioSessions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(dict(scope), receive, _Stamped(scope, send))
        else:
            # No page uses WebSockets; one that appears would be a route nobody checked.
            await send({"type": "websocket.close", "code": 1008, "reason": "not available"})

    async def _answer(self, scope: Scope, receive: Receive, send: "_Stamped") -> None:
        try:
            visitor = await self._admit(scope)
            if isinstance(visitor, Response):
                await visitor(scope, receive, send)
                return
            if scope["method"] not in ("GET", "HEAD") and not is_stream(scope):
                receive = await self._read_body(scope, receive, visitor)
            await self.app(scope, receive, self._watch(scope, send, visitor))
            await send.release()
        except StudioError as error:
            if send.started:
                raise
            await send.instead(failure_response(error), scope, receive)
        except Exception as error:
            if send.started:
                raise  # half an answer is out; only cutting the connection tells the client
            await send.instead(calm_failure(error), scope, receive)

    async def _admit(self, scope: Scope) -> Visitor | Response | None:
        """The visitor of an allowed request; people who are not signed in are redirected, programs refused."""
        check_host(scope)
        if is_public(scope):
            if scope["method"] not in ("GET", "HEAD"):
                check_origin(scope)
            _note_visitor(scope, None)
            return None
        visitor = await self.identities.find(scope, remembered=is_asset(scope))
        if visitor is None:
            if is_page(scope):
                return RedirectResponse("/sign-in", status_code=302)
            raise NotSignedIn(
                "not_signed_in",
                "This address needs a signed-in person or an API token.",
                "Open the sign-in link, or send `Authorization: Bearer <token>`; `studio token` prints one.",
            )
        if scope["method"] not in ("GET", "HEAD") and visitor.by_cookie:
            check_origin(scope)
        if not (is_clean(scope) and is_reachable(scope)):
            raise NotFound("not_found", "There is nothing at this address.", "Check the address.")
        self.sessions.check_path(scope, visitor.user_id)
        _note_visitor(scope, visitor)
        return visitor

    async def _read_body(self, scope: Scope, receive: Receive, visitor: Visitor | None) -> Receive:
        body = await _bounded_body(scope, receive)
        if visitor is not None and needs_body_check(scope):
            self.sessions.check_body(body, visitor.user_id)
        return _replay(body, receive)

    def _watch(self, scope: Scope, send: Send, visitor: Visitor | None) -> Send:
        """Remember which user an event id was given to."""
        if visitor is None or not needs_body_check(scope):
            return send

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.body":
                self.sessions.learn_event(message.get("body", b""), visitor.user_id)
            await send(message)

        return watching


class _Stamped:
    """The ``send`` of one request: adds security headers and knows whether an answer has begun.

    Frameworks answer a defect with a bare 500 and then raise it; such an answer is withheld until the application
    returns, so that the calm one can take its place.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        self.asset = is_asset(scope)
        self.send = send
        self.started = False
        self.withheld: list[Message] = []

    async def __call__(self, message: Message) -> None:
        if self.withheld or (message["type"] == "http.response.start" and message["status"] == 500):
            self.withheld.append(message)
            return
        await self._pass(message)

    async def release(self) -> None:
        """Send what was withheld."""
        for message in self.withheld:
            await self._pass(message)

    async def instead(self, answer: Response, scope: Scope, receive: Receive) -> None:
        """Send this answer in place of what was withheld."""
        self.withheld.clear()
        await answer(scope, receive, self._pass)

    async def _pass(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            message = {**message, "headers": self._stamp(message.get("headers", []))}
        await self.send(message)

    def _stamp(self, headers: Any) -> list[tuple[bytes, bytes]]:
        # Gradio answers cross-origin requests by reflecting their origin; no other origin may read anything here.
        kept = [(name, value) for name, value in headers if not name.lower().startswith(b"access-control-")]
        present = {name.lower() for name, _ in kept}
        kept += [(name, value) for name, value in SECURITY_HEADERS.items() if name not in present]
        if not self.asset and b"cache-control" not in present:
            kept.append((b"cache-control", b"no-store"))
        if get_settings().address.startswith("https://"):
            kept.append((b"strict-transport-security", b"max-age=31536000"))
        return kept


def _note_visitor(scope: Scope, visitor: Visitor | None) -> None:
    scope["user"] = visitor.user_id if visitor else None
    state = dict(scope.get("state") or {})
    state["user_id"] = visitor.user_id if visitor else None
    state["session_cookie"] = visitor.cookie if visitor else None
    scope["state"] = state


async def _bounded_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body, at most four mebibytes, arriving within half a minute."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise _too_large()
    pieces, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise StudioError("disconnected", "The connection ended before the request was complete.")
                pieces.append(message.get("body", b""))
                size += len(pieces[-1])
                if size > MAX_BODY_BYTES:
                    raise _too_large()
                if not message.get("more_body", False):
                    return b"".join(pieces)
    except TimeoutError:
        raise StudioError("too_slow", "The request took too long to arrive.", "Send it again.", status=408) from None


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replaying() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replaying


def _too_large() -> TooLarge:
    return TooLarge(
        "too_large",
        f"The request body is larger than {MAX_BODY_BYTES // 1024**2} MiB.",
        "Send data as a file to /api/v1/datasets; everything else is small.",
    )
