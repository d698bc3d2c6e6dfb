"""Routes for one's own account: who one is, open sessions, API tokens."""

from dataclasses import asdict
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from app.api.deps import UserId
from app.api.schemas import Body, ObjectId
from app.services.accounts import accounts, credentials, limits, people

router = APIRouter(prefix="/api/v1/account", tags=["account"])


class TokenBody(Body):
    """What a token is for, what it may do, and for how many days; without end if left out."""

    name: str = Field("token", min_length=1, max_length=200)
    scope: Literal["all", "read"] = "all"
    days: int | None = Field(None, ge=1, le=accounts.MAX_TOKEN_DAYS)


@router.get("")
def read(user_id: UserId) -> dict[str, Any]:
    """Name, role and how much of the limits is used."""
    return {**asdict(people.get_person(user_id)), "usage": asdict(limits.usage(user_id))}


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


def cookie_of(request: Request) -> str:
    """The session cookie with which the request came, empty for tokens."""
    return str(request.scope.get("state", {}).get("session_cookie") or "")
