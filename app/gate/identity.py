"""Authentication of a request by its bearer token or its session cookie; fails closed.

A request with an ``Authorization`` header is authenticated by it alone: a wrong token never falls back on a cookie.
"""

import logging
import time
from dataclasses import dataclass

from anyio import to_thread
from starlette.types import Scope

from app.db import is_busy
from app.errors import StudioError
from app.gate.header_sign_in import named_by_proxy
from app.gate.origin import is_secure
from app.languages import gettext as _
from app.services.accounts import accounts, single_sign_on
from app.settings import get_settings

logger = logging.getLogger(__name__)

# Opening a page fetches dozens of package files; a database query for each would slow all requests down.
REMEMBER_SECONDS = 30.0
MAX_REMEMBERED = 1000


@dataclass(frozen=True)
class Visitor:
    """An authenticated user; ``cookie`` is the session, empty for tokens; ``may_change`` is false for tokens that only read."""

    user_id: str
    cookie: str = ""
    name: str = ""
    may_change: bool = True

    @property
    def by_cookie(self) -> bool:
        """Whether the credential is a cookie, so that the request needs an origin check."""
        return bool(self.cookie)


class Identities:
    """Looks users up; caches cookies for ``REMEMBER_SECONDS``, for package files only."""

    def __init__(self) -> None:
        self._recent: dict[str, tuple[float, Visitor]] = {}

    async def find(self, scope: Scope, *, remembered: bool = False) -> Visitor | None:
        """The visitor, or ``None`` without a valid credential.

        Args:
            scope: the request.
            remembered: a cached result for the same cookie is accepted.

        Raises:
            StudioError: 503 when accounts cannot be read.
        """
        bearer, cookie = _bearer(scope), session_cookie(scope)
        named = named_by_proxy(scope)
        if bearer is None and named == "":
            return None
        if bearer is None and not cookie:
            return None
        if bearer is None and remembered and (known := self._recall(cookie)):
            return known
        try:
            if bearer is not None:
                return await _of_token(bearer)
            user = await to_thread.run_sync(accounts.user_for_session, cookie)
            if user is not None and named and not await to_thread.run_sync(_is_named, user.id, named):
                return None
        except Exception as error:
            if is_busy(error):
                raise
            logger.error("accounts cannot be read", exc_info=error)
            raise StudioError(
                "accounts_unavailable", _("The studio cannot check who you are right now."), _("Try again."), status=503
            ) from error
        if user is None:
            return None
        visitor = Visitor(user.id, cookie, user.name)
        if remembered:
            self._remember(visitor)
        return visitor

    def _recall(self, cookie: str) -> Visitor | None:
        at, visitor = self._recent.get(cookie, (0.0, None))
        return visitor if time.monotonic() - at < REMEMBER_SECONDS else None

    def _remember(self, visitor: Visitor) -> None:
        if len(self._recent) >= MAX_REMEMBERED:
            self._recent.clear()
        self._recent[visitor.cookie] = (time.monotonic(), visitor)


def _is_named(user_id: str, subject: str) -> bool:
    """Whether the proxy means the person of the session, and not somebody who has signed in since."""
    meant = single_sign_on.user_of(single_sign_on.HEADER_ISSUER, subject)
    return meant is not None and meant.id == user_id


async def _of_token(bearer: str) -> Visitor | None:
    used = await to_thread.run_sync(accounts.user_for_token, bearer)
    return None if used is None else Visitor(used.user.id, name=used.user.name, may_change=used.scope != "read")


def cookie_name(scope: Scope) -> str:
    """Name of the session cookie: bound to the host over HTTPS, distinguished by port on plain loopback."""
    return "__Host-studio-session" if is_secure(scope) else f"studio-session-{get_settings().port}"


def _bearer(scope: Scope) -> str | None:
    values = [value for name, value in scope["headers"] if name == b"authorization"]
    if not values:
        return None
    scheme, _, token = values[0].decode("latin-1").partition(" ")
    return token.strip() if len(values) == 1 and scheme.lower() == "bearer" else ""


def session_cookie(scope: Scope) -> str:
    """The session cookie's value; two different values mean an injected cookie, so neither counts."""
    wanted = cookie_name(scope)
    found = set()
    for name, value in scope["headers"]:
        if name == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, content = part.strip().partition("=")
                if key == wanted:
                    found.add(content.strip('"'))
    return found.pop() if len(found) == 1 else ""
