"""Routes for one's own account: who one is, open sessions, API tokens."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import StreamingResponse

from app.api.deps import UserId
from app.api.schemas import Body, ObjectId
from app.errors import NotAllowed
from app.languages import gettext as _
from app.services.accounts import accounts, credentials, limits, passwords, people, second_factor
from app.services.operations import person_export

router = APIRouter(prefix="/api/v1/account", tags=["account"])


class TokenBody(Body):
    """What a token is for, what it may do, and for how many days; without end if left out."""

    name: str = Field("token", min_length=1, max_length=200)
    scope: Literal["all", "read"] = "all"
    days: int | None = Field(None, ge=1, le=accounts.MAX_TOKEN_DAYS)


class CurrentPasswordBody(Body):
    """The present password; empty for those who have none."""

    current: str = Field("", max_length=400)


class PasswordBody(CurrentPasswordBody):
    """The present password and the new one."""

    new: str = Field(max_length=400)


class CodeBody(Body):
    """A code of the authenticator, or a recovery code."""

    code: str = Field(min_length=6, max_length=40)


@router.get("")
def read(user_id: UserId) -> dict[str, Any]:
    """Name, role and how much of the limits is used."""
    codes = second_factor.state(user_id).recovery_codes
    return {**asdict(people.get_person(user_id)), "recovery_codes": codes, "usage": asdict(limits.usage(user_id))}


@router.post("/exports", status_code=202)
def start_export(user_id: UserId) -> dict[str, Any]:
    """Write everything of oneself into a ZIP: rows, data, adapters; a job, one at a time."""
    return person_export.start(user_id).as_dict()


@router.get("/exports")
def list_exports(user_id: UserId) -> dict[str, Any]:
    """One's own exports, newest first; each is kept for seven days."""
    return {"exports": [export.as_dict() for export in person_export.list_exports(user_id)]}


@router.get("/exports/{export_id}/file")
def download_export(user_id: UserId, export_id: ObjectId) -> StreamingResponse:
    """The ZIP of an export that is written."""
    name, pieces = person_export.download(user_id, export_id)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


@router.get("/sessions")
def list_sessions(user_id: UserId, request: Request) -> dict[str, Any]:
    """The browsers that are signed in, the last used first."""
    return {"sessions": [asdict(one) for one in credentials.list_sessions(user_id, cookie_of(request))]}


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(user_id: UserId, session_id: ObjectId) -> None:
    """Sign one browser out."""
    credentials.end_session(user_id, session_id)


@router.get("/tokens")
def list_tokens(user_id: UserId) -> dict[str, Any]:
    """The tokens that work; their secrets are shown only once, when they are made."""
    return {"tokens": [asdict(one) for one in credentials.list_tokens(user_id)]}


@router.post("/tokens", status_code=201)
def create_token(user_id: UserId, body: TokenBody) -> dict[str, str]:
    """Make a token; this answer is the only one that shows it."""
    return {"token": accounts.create_token(user_id, body.name, scope=body.scope, days=body.days)}


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(user_id: UserId, token_id: ObjectId) -> None:
    """Make a token worthless at once."""
    credentials.revoke_token(user_id, token_id)


def browser_user(user_id: UserId, request: Request) -> str:
    """The user id of a request with a session cookie: no program's token changes how its owner signs in.

    Raises:
        NotAllowed: the request came with a token.
    """
    if not cookie_of(request):
        raise NotAllowed(
            "needs_browser",
            _("Password and second factor are changed in a signed-in browser, not with an API token."),
            _("Open the Account page."),
        )
    return user_id


BrowserUserId = Annotated[str, Depends(browser_user)]


@router.put("/password", status_code=204)
def set_password(user_id: BrowserUserId, body: PasswordBody, request: Request) -> None:
    """Set the password; other browsers are signed out."""
    passwords.set_password(user_id, body.new, body.current, cookie_of(request))


@router.post("/second-factor", status_code=201)
def begin_second_factor(user_id: BrowserUserId, body: CurrentPasswordBody) -> dict[str, str]:
    """A secret for an authenticator; it counts once a code of it is confirmed."""
    passwords.check_own(user_id, body.current)
    secret, address = second_factor.begin(user_id)
    return {"secret": secret, "address": address}


@router.post("/second-factor/confirm")
def confirm_second_factor(user_id: BrowserUserId, body: CodeBody) -> dict[str, Any]:
    """Ask for codes from now on; this answer is the only one that shows the recovery codes."""
    return {"recovery_codes": second_factor.confirm(user_id, body.code)}


@router.post("/second-factor/remove", status_code=204)
def remove_second_factor(user_id: BrowserUserId, body: CodeBody) -> None:
    """Ask for codes no more."""
    second_factor.remove(user_id, body.code)


def cookie_of(request: Request) -> str:
    """The session cookie with which the request came, empty for tokens."""
    return str(request.scope.get("state", {}).get("session_cookie") or "")
