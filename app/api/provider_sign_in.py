"""Signing in with an OpenID Connect provider, or as whom a trusted proxy names.

What an attempt consists of is kept in a cookie of the browser that began it, for ten minutes: without it no answer of the
provider is accepted, so nobody can sign another browser in, and nothing is stored for whoever only knocks.
"""

import html
import json
import secrets
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from app import requester
from app.api.sign_in_answers import signed_in_answer
from app.api.sign_in_pages import page
from app.errors import StudioError
from app.failures import calm_error
from app.gate.origin import is_secure
from app.languages import gettext as _
from app.services.accounts import attempts, denials, provided_identity, single_sign_on
from app.services.accounts.identity_claims import Attempt, ProvidedIdentity
from app.settings import get_settings

router = APIRouter(tags=["sign-in"])

CALLBACK = "/sign-in/callback"
ATTEMPT_SECONDS = 600
PROVIDER_THREADS = CapacityLimiter(8)
Asked = TypeVar("Asked")


@router.get("/sign-in/provider", response_model=None)
async def begin(request: Request) -> Response:
    """Send the browser to the provider."""
    try:
        _check_configured()
        made = Attempt(*(secrets.token_urlsafe(32) for _each in range(3)))
        address = await _ask_provider(provided_identity.provider().authorization_address, made, _redirect_uri())
    except StudioError as error:
        return _refusal(error)
    answer = RedirectResponse(address, status_code=303)
    content = ".".join((made.state, made.nonce, made.verifier))
    answer.set_cookie(
        _cookie_name(request),
        content,
        max_age=ATTEMPT_SECONDS,
        path="/",
        httponly=True,
        secure=is_secure(request.scope),
        samesite="lax",
    )
    return answer


@router.get(CALLBACK, response_model=None)
async def finish(request: Request, code: str = "", state: str = "", error: str = "", iss: str = "") -> Response:
    """The provider's answer: opens a session for whoever it vouches for."""
    try:
        _check_configured()
        made = _attempt_of(request, state)
        if error:
            raise _declined(error)
        if iss and iss != get_settings().oidc_issuer:
            raise _unknown_answer()
        found = await _ask_provider(provided_identity.provider().identity, code, made, _redirect_uri())
        agent = request.headers.get("user-agent", "")
        _user, cookie = await run_in_threadpool(single_sign_on.sign_in, found, agent)
        answer = await signed_in_answer(request, cookie)
    except StudioError as refused:
        await run_in_threadpool(denials.note, refused, request.method, request.scope["path"])
        answer = _refusal(refused)
    except Exception as failure:
        answer = _refusal(calm_error(failure))
    answer.delete_cookie(
        _cookie_name(request), path="/", httponly=True, secure=is_secure(request.scope), samesite="lax"
    )
    return answer


async def sign_in_named(request: Request, name: str) -> Response:
    """Open a session for whom a trusted proxy names; the gate has made sure that it was the proxy."""
    identity = ProvidedIdentity(single_sign_on.HEADER_ISSUER, name, name, "")
    try:
        agent = request.headers.get("user-agent", "")
        _user, cookie = await run_in_threadpool(single_sign_on.sign_in, identity, agent, "proxy")
    except StudioError as refused:
        await run_in_threadpool(denials.note, refused, request.method, request.scope["path"])
        return _refusal(refused)
    return await signed_in_answer(request, cookie)


def _check_configured() -> None:
    if not provided_identity.is_configured():
        raise StudioError(
            "no_provider",
            _("This studio has no sign-in provider."),
            _("Sign in with a link or a password."),
            status=404,
        )


async def _ask_provider(action: Callable[..., Asked], *arguments: object) -> Asked:
    """Call this in a thread; others wait without one, so that a provider that hangs keeps no thread from other requests."""
    return await to_thread.run_sync(action, *arguments, limiter=PROVIDER_THREADS)


def _attempt_of(request: Request, state: str) -> Attempt:
    """What this browser has begun.

    Raises:
        StudioError: 401 it has begun nothing of this state; 429 after too many such answers from its address. Whoever has begun
            passes all the same, so that nobody behind one address can shut the others out.
    """
    parts = request.cookies.get(_cookie_name(request), "").split(".")
    if len(parts) != 3 or not all(parts) or not secrets.compare_digest(parts[0].encode(), state.encode()):
        address = requester.current().address
        attempts.FORGED_ANSWERS.check(address)
        attempts.FORGED_ANSWERS.note_failure(address)
        raise _unknown_answer()
    return Attempt(*parts)


def _unknown_answer() -> StudioError:
    return StudioError(
        "unknown_answer",
        _("This answer of the provider belongs to no sign-in that this browser has begun."),
        _("Begin again on the sign-in page, in this browser and within ten minutes."),
        status=401,
    )


def _declined(error: str) -> StudioError:
    return StudioError(
        "provider_declined",
        _("The provider has not signed you in: {error}.", error=json.dumps(error[:60])),
        _("Begin again on the sign-in page, or ask the administrator of the provider."),
        status=401,
    )


def _redirect_uri() -> str:
    return get_settings().address + CALLBACK


def _cookie_name(request: Request) -> str:
    return "__Host-studio-provider" if is_secure(request.scope) else f"studio-provider-{get_settings().port}"


def _refusal(error: StudioError) -> Response:
    words = f'<p role="alert"><strong>{html.escape(error.message)}</strong> {html.escape(error.hint)}</p>'
    back = f'<p><a class="button" href="/sign-in">{html.escape(_("Back to the sign-in page"))}</a></p>'
    shown = page(_("Sign-in failed"), words + back, status=error.status)
    if "retry_after" in error.details:
        shown.headers["Retry-After"] = str(error.details["retry_after"])
    return shown
