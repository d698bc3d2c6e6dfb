"""Signing in with a one-time link or a password, and signing out."""

import re
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from app import requester
from app.api import provider_sign_in
from app.api.sign_in_answers import signed_in_answer
from app.api.sign_in_pages import (
    link_form,
    page,
    password_form,
    provider_button,
    refusal_page,
    sending_page,
    signed_out,
    switch_form,
)
from app.errors import StudioError
from app.gate.header_sign_in import named_by_proxy
from app.gate.identity import cookie_name, session_cookie
from app.gate.origin import is_secure
from app.languages import gettext as _
from app.services.accounts import accounts, attempts, denials, passwords, provided_identity

router = APIRouter(tags=["sign-in"])

TOKEN = re.compile(r"[A-Za-z0-9_-]{20,200}")


@router.get("/sign-in")
async def show_sign_in(request: Request, token: str = "") -> Response:
    """A page that sends the link's token on; opening a link changes nothing, so previews cannot use it up.

    Whom a trusted proxy names is signed in at once.
    """
    if not TOKEN.fullmatch(token):
        if named := named_by_proxy(request.scope):
            return await provider_sign_in.sign_in_named(request, named)
        button = provider_button() if provided_identity.is_configured() else ""
        if await run_in_threadpool(passwords.anybody_has):
            return page(_("Sign in"), button + password_form() + link_form())
        return page(
            _("Sign in") if button else _("You are signed out"), button + (link_form() if button else signed_out())
        )
    if (others := await run_in_threadpool(_others, request, token)) is not None:
        return page(_("Switch to another account?"), switch_form(token, *others))
    return sending_page(token)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Open a session by a link's token, or by name and password; ``switch=yes`` leaves another account for the link's."""
    try:
        read = parse_qs((await request.body()).decode("latin-1"), max_num_fields=10, encoding="utf-8")
    except ValueError:
        return page(_("Sign-in failed"), f"<p>{_('The form could not be read.')}</p>", status=400)
    fields = {name: values[0] for name, values in read.items()}
    agent = request.headers.get("user-agent", "")
    try:
        if "name" in fields:
            given = fields["name"][:200], fields.get("password", ""), fields.get("code", "")[:40]
            cookie = (await run_in_threadpool(passwords.sign_in, *given, agent))[1]
        else:
            token = _token_in(fields.get("token", ""))
            others = await run_in_threadpool(_others, request, token)
            if others is not None and fields.get("switch") != "yes":
                return page(_("Switch to another account?"), switch_form(token, *others), status=409)
            cookie = await run_in_threadpool(_redeem, token, agent, fields.get("code", "")[:40])
    except StudioError as error:
        await run_in_threadpool(denials.note, error, request.method, request.scope["path"])
        return refusal_page(error, fields)
    return await signed_in_answer(request, cookie)


def _redeem(token: str, agent: str = "", code: str = "") -> str:
    """The cookie of the new session.

    A link that was really given out works however many others were tried from its address: behind a proxy everybody has the
    same one.
    """
    user = accounts.user_of_link(token)
    address = requester.current().address
    if user is None:
        attempts.BY_ADDRESS.check(address)
        attempts.BY_ADDRESS.note_failure(address)
    elif code:
        attempts.BY_ACCOUNT.check(user.id)
    try:
        return accounts.redeem_sign_in_link(token, agent, code)[1]
    except StudioError as error:
        if user is not None and error.code == "wrong_code":
            attempts.BY_ACCOUNT.note_failure(user.id)
        raise


def _others(request: Request, token: str) -> tuple[str, str] | None:
    """(who is signed in in this browser, whom the link is for), if these are two people."""
    here, there = accounts.user_for_session(session_cookie(request.scope)), accounts.user_of_link(token)
    return (here.name, there.name) if here and there and here.id != there.id else None


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End this browser's session; programs' tokens are not touched."""
    cookie = request.scope.get("state", {}).get("session_cookie")
    if cookie:
        await run_in_threadpool(accounts.sign_out, cookie)
    wants_page = "text/html" in request.headers.get("accept", "")
    answer = RedirectResponse("/sign-in", status_code=303) if wants_page else JSONResponse({"signed_out": bool(cookie)})
    answer.delete_cookie(
        cookie_name(request.scope), path="/", httponly=True, secure=is_secure(request.scope), samesite="lax"
    )
    return answer


def _token_in(pasted: str) -> str:
    """The token of a sign-in link, or what was pasted if it is no link."""
    found = re.search(r"[?&]token=([A-Za-z0-9_-]+)", pasted)
    return found[1] if found else pasted.strip()
