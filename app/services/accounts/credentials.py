"""A person's own browser sessions and API tokens: seen, ended, revoked. Secrets are never shown again."""

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update

from app.db import db_now, snapshot, transaction
from app.errors import NotFound
from app.languages import gettext as _
from app.models import ApiToken, BrowserSession
from app.services.accounts import accounts
from app.services.accounts.audit_chain import record


@dataclass(frozen=True)
class SessionInfo:
    """A signed-in browser; ``here`` marks the one that asks. Times are Unix seconds."""

    id: str
    created_at: float
    used_at: float
    address: str
    agent: str
    here: bool


@dataclass(frozen=True)
class TokenInfo:
    """A token that works; ``expires_at`` None for one without end, ``used_at`` None for one never used."""

    id: str
    name: str
    scope: str
    created_at: float
    used_at: float | None
    expires_at: float | None


def list_sessions(user_id: str, cookie: str = "") -> list[SessionInfo]:
    """The open sessions, the last used first; ``cookie`` is the one of the browser that asks."""
    here = accounts.digest(cookie) if cookie else ""
    own = BrowserSession.user_id == user_id, *accounts.unended()
    with snapshot() as session:
        found = session.scalars(select(BrowserSession).where(*own).order_by(BrowserSession.used_at.desc()))
        return [
            SessionInfo(one.id, one.created_at, one.used_at, one.address, one.agent, one.token_sha256 == here)
            for one in found
        ]


def end_session(user_id: str, session_id: str) -> None:
    """Sign one browser out.

    Raises:
        NotFound: it is not among theirs, or has ended.
    """
    with transaction() as session:
        own = BrowserSession.id == session_id, BrowserSession.user_id == user_id
        if cast(CursorResult[Any], session.execute(delete(BrowserSession).where(*own))).rowcount != 1:
            raise NotFound(
                "session_not_found",
                _("Session {session_id} not found.", session_id=repr(session_id)),
                _("It may have ended already; look at the list."),
            )
        record(session, user_id, "end_session", "user", user_id)


def end_other_sessions(user_id: str, cookie: str) -> int:
    """Sign all browsers out but the one of this cookie; returns how many."""
    with transaction() as session:
        others = BrowserSession.user_id == user_id, BrowserSession.token_sha256 != accounts.digest(cookie)
        ended = cast(CursorResult[Any], session.execute(delete(BrowserSession).where(*others))).rowcount
        if ended:
            record(session, user_id, "end_session", "user", user_id, data={"sessions": ended})
    return int(ended)


def list_tokens(user_id: str) -> list[TokenInfo]:
    """The tokens that work, newest first."""
    own = ApiToken.user_id == user_id, *accounts.unrevoked()
    with snapshot() as session:
        found = session.scalars(select(ApiToken).where(*own).order_by(ApiToken.created_at.desc(), ApiToken.id))
        return [TokenInfo(one.id, one.name, one.scope, one.created_at, one.used_at, one.expires_at) for one in found]


def revoke_token(user_id: str, token_id: str) -> None:
    """Make a token worthless at once and for good.

    Raises:
        NotFound: it is not among theirs, or works no more.
    """
    with transaction() as session:
        own = ApiToken.id == token_id, ApiToken.user_id == user_id, *accounts.unrevoked()
        revoked = session.execute(update(ApiToken).where(*own).values(revoked_at=db_now()))
        if cast(CursorResult[Any], revoked).rowcount != 1:
            raise NotFound(
                "token_not_found",
                _("Token {token_id} not found.", token_id=repr(token_id)),
                _("It may be revoked or over already; look at the list."),
            )
        record(session, user_id, "revoke_token", "user", user_id, data={"token": token_id})
