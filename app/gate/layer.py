"""The outermost ASGI layer of the web process: authentication, same-site checks, body limits, security headers.

Wraps any ASGI application, so API, pages, Gradio's own routes and static files are all behind it. Every decision uses
``scope["path"]``, the same value the router uses; nothing is derived from a URL that a Host header could bend.
"""

import asyncio
from typing import Any

from anyio import to_thread
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import requester
from app.db import counted_commits
from app.errors import NotAllowed, NotFound, NotSignedIn, StudioError, TooLarge
from app.failures import calm_failure, failure_response
from app.gate.gradio_sessions import GradioSessions
from app.gate.header_sign_in import check_header
from app.gate.identity import Identities, Visitor
from app.gate.origin import check_host, check_origin
from app.gate.routes import is_asset, is_clean, is_page, is_public, is_reachable, is_stream, needs_body_check
from app.languages import choose_language, in_language, offered
from app.languages import gettext as _
from app.requester import asked_from
from app.services.accounts import denials
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

    What it passes on carries ``scope["user"]`` and ``scope["state"]["user_id"]``, both the user's id as text,
    ``scope["state"]["user_name"]`` for showing who is signed in, ``scope["state"]["session_cookie"]`` for signing out, and
    ``scope["state"]["language"]``, in which the answer is made.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.identities = Identities()
        self.sessions = GradioSessions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            language = choose_language(scope["headers"], offered())
            asked = {**scope, "state": {**(scope.get("state") or {}), "language": language}}
            client = (scope.get("client") or ("",))[0]
            with counted_commits(), in_language(language), asked_from(client):
                await self._answer(asked, receive, _SecuredSend(scope, send))
        else:
            # No page uses WebSockets; their routes would be unchecked.
            await send({"type": "websocket.close", "code": 1008, "reason": "not available"})

    async def _answer(self, scope: Scope, receive: Receive, send: "_SecuredSend") -> None:
        try:
            visitor = await self._admit(scope)
            if isinstance(visitor, Response):
                await visitor(scope, receive, send)
                return
            if scope["method"] not in ("GET", "HEAD") and not is_stream(scope):
                receive = await self._read_body(scope, receive, visitor)
            with asked_from(requester.current().address, visitor.user_id if visitor else None):
                await self.app(scope, receive, self._bind_events(scope, send, visitor))
            await send.release()
        except StudioError as error:
            if send.started:
                raise
            await _note_denial(error, scope)
            await send.replace(failure_response(error), scope, receive)
        except Exception as error:
            if send.started:
                raise  # the response has begun; only closing the connection signals the failure
            await send.replace(calm_failure(error), scope, receive)

    async def _admit(self, scope: Scope) -> Visitor | Response | None:
        """The visitor of an allowed request; people who are not signed in are redirected, programs refused."""
        check_host(scope)
        check_header(scope)
        if is_public(scope):
            if scope["method"] not in ("GET", "HEAD"):
                check_origin(scope)
            _set_visitor(scope, None)
            return None
        visitor = await self.identities.find(scope, remembered=is_asset(scope))
        if visitor is None:
            if is_page(scope):
                return RedirectResponse("/sign-in", status_code=302)
            raise NotSignedIn(
                "not_signed_in",
                _("This address needs a signed-in person or an API token."),
                _("Open the sign-in link, or send `Authorization: Bearer <token>`; `studio token` prints one."),
            )
        _set_visitor(scope, visitor)
        if scope["method"] not in ("GET", "HEAD"):
            _check_change(scope, visitor)
        if not (is_clean(scope) and is_reachable(scope)):
            raise NotFound("not_found", _("There is nothing at this address."), _("Check the address."))
        self.sessions.check_path(scope, visitor.user_id)
        return visitor

    async def _read_body(self, scope: Scope, receive: Receive, visitor: Visitor | None) -> Receive:
        body = await _bounded_body(scope, receive)
        if visitor is not None and needs_body_check(scope):
            self.sessions.check_body(body, visitor.user_id)
        return _replay(body, receive)

    def _bind_events(self, scope: Scope, send: Send, visitor: Visitor | None) -> Send:
        """Bind event ids in the response to the user."""
        if visitor is None or not needs_body_check(scope):
            return send

        async def send_and_bind(message: Message) -> None:
            if message["type"] == "http.response.body":
                self.sessions.bind_event(message.get("body", b""), visitor.user_id)
            await send(message)

        return send_and_bind


class _SecuredSend:
    """The ``send`` of one request: adds security headers and knows whether an answer has begun.

    Frameworks answer an unhandled exception with a bare 500 and then raise it; such a response is withheld until the
    application returns, so that the one with an error body can replace it.
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
        """Send the withheld response."""
        for message in self.withheld:
            await self._pass(message)

    async def replace(self, answer: Response, scope: Scope, receive: Receive) -> None:
        """Send this response in place of the withheld one."""
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


def _check_change(scope: Scope, visitor: Visitor) -> None:
    if visitor.by_cookie:
        check_origin(scope)
    if not visitor.may_change:
        raise NotAllowed(
            "read_only_token",
            _("This API token may only read."),
            _("Create one with scope `all` on the Account page, or with `studio token`."),
        )


async def _note_denial(error: StudioError, scope: Scope) -> None:
    if denials.is_denial(error):
        with asked_from(requester.current().address, (scope.get("state") or {}).get("user_id")):
            await to_thread.run_sync(denials.note, error, scope["method"], scope["path"])


def _set_visitor(scope: Scope, visitor: Visitor | None) -> None:
    scope["user"] = visitor.user_id if visitor else None
    state = dict(scope.get("state") or {})
    state["user_id"] = visitor.user_id if visitor else None
    state["user_name"] = visitor.name if visitor else None
    state["session_cookie"] = visitor.cookie if visitor else None
    scope["state"] = state


async def _bounded_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body, at most four mebibytes, arriving within half a minute."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise _too_large()
    chunks, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise StudioError("disconnected", _("The connection ended before the request was complete."))
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                if size > MAX_BODY_BYTES:
                    raise _too_large()
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        raise StudioError(
            "too_slow", _("The request took too long to arrive."), _("Send it again."), status=408
        ) from None


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
        _("The request body is larger than {MAX_BODY_BYTES} MiB.", MAX_BODY_BYTES=MAX_BODY_BYTES // 1024**2),
        _("Send data as a file to /api/v1/datasets; everything else is small."),
    )
