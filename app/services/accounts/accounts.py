"""Users, one-time sign-in links, browser sessions, API tokens and the audit trail.

Secrets are 256 random bits; only their SHA-256 is stored.
"""

import hashlib
import secrets
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import db_now, snapshot, transaction
from app.errors import Conflict, NotFound, Rejected, StudioError
from app.models import ApiToken, AuditEntry, BrowserSession, Project, ProjectMember, SignInLink, User
from app.settings import get_settings

OWNER_NAME = "owner"
LINK_SECONDS = 3600.0
# The last use of a session or token is written at most this often, so that a page view is not a write to the database.
USED_EVERY_SECONDS = 60.0
TOKEN_PREFIX = "studio_"
HOW_TO_GET_A_LINK = "Run `studio link` in the terminal on the studio's machine, or restart it, and open the new link."


def ensure_owner() -> User:
    """The owner of the embedded studio, created with a first project when there is none; safe to call concurrently."""
    with snapshot() as session:
        found = session.scalars(select(User).where(User.role == "owner").order_by(User.created_at)).first()
    if found is not None:
        return found
    try:
        return add_user(OWNER_NAME, role="owner")
    except Conflict:
        with snapshot() as session:
            return session.scalars(select(User).where(User.name == OWNER_NAME)).one()


def add_user(name: str, role: str = "member") -> User:
    """Create a user with a project.

    Raises:
        Rejected: the name is empty or longer than 200 characters.
        Conflict: the name is taken.
    """
    name = name.strip()
    if not 1 <= len(name) <= 200:
        raise Rejected("user_name", f"A user name has 1 to 200 characters, not {len(name)}.", "Choose another name.")
    user = User(name=name, role=role)
    try:
        with transaction() as session:
            session.add(user)
            session.flush()
            _add_project(session, user.id)
            session.refresh(user)
    except IntegrityError as error:
        raise Conflict("user_exists", f"There already is a user called {name!r}.", "Choose another name.") from error
    return user


def home_project(user_id: str) -> Project:
    """The first project of a user, in which new datasets and runs are created.

    Raises:
        NotFound: there is no such user.
    """
    with snapshot() as session:
        found = session.scalars(
            select(Project)
            .join(ProjectMember, ProjectMember.project_id == Project.id)
            .where(ProjectMember.user_id == user_id)
            .order_by(Project.created_at, Project.id)
        ).first()
    if found is not None:
        return found
    with transaction() as session:
        _require_user(session, user_id)
        return _add_project(session, user_id)


def create_sign_in_link(user_id: str) -> str:
    """A token for one browser session, valid for an hour; it is sent as ``/sign-in?token=...``."""
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        _require_user(session, user_id)
        session.add(SignInLink(user_id=user_id, token_sha256=_hash(token), expires_at=db_now() + LINK_SECONDS))
    return token


def redeem_sign_in_link(token: str, address: str = "") -> tuple[User, str]:
    """Use up a link and open a session.

    Returns:
        The user and the value of the session cookie.

    Raises:
        StudioError: 410 ``link_used`` or ``link_expired``; 401 ``link_unknown``.
    """
    cookie = secrets.token_urlsafe(32)
    digest = _hash(token)
    with transaction() as session:
        # One conditional statement, so that of two browsers with the same link exactly one opens a session.
        used = session.execute(
            update(SignInLink)
            .where(SignInLink.token_sha256 == digest, SignInLink.used_at.is_(None), SignInLink.expires_at > db_now())
            .values(used_at=db_now())
        )
        link = session.scalars(select(SignInLink).where(SignInLink.token_sha256 == digest)).first()
        if cast(CursorResult[Any], used).rowcount != 1 or link is None:
            raise _link_error(link)
        user = _require_user(session, link.user_id)
        if not user.active:
            raise _link_error(None)
        lifetime = get_settings().session_max_days * 86400
        session.add(BrowserSession(user_id=user.id, token_sha256=_hash(cookie), expires_at=db_now() + lifetime))
        entry = AuditEntry(user_id=user.id, action="sign_in", object_type="user", object_id=user.id, address=address)
        session.add(entry)
    return user, cookie


def user_for_session(cookie: str) -> User | None:
    """The active user of a session cookie, None when it is unknown, idle too long or expired."""
    if not cookie:
        return None
    idle = get_settings().session_idle_hours * 3600
    with snapshot() as session:
        found = session.execute(
            select(User, BrowserSession, (db_now() - BrowserSession.used_at).label("age"))
            .join(BrowserSession, BrowserSession.user_id == User.id)
            .where(
                BrowserSession.token_sha256 == _hash(cookie),
                BrowserSession.expires_at > db_now(),
                BrowserSession.used_at > db_now() - idle,
                User.active,
            )
        ).first()
    if found is None:
        return None
    user, browser, age = found
    if age > USED_EVERY_SECONDS:
        _update_last_use(BrowserSession, browser.id)
    return user


def user_for_token(bearer: str) -> User | None:
    """The active user of an API token, None when it is unknown or revoked."""
    if not bearer.startswith(TOKEN_PREFIX):
        return None
    with snapshot() as session:
        found = session.execute(
            select(User, ApiToken, (db_now() - ApiToken.used_at).label("age"))
            .join(ApiToken, ApiToken.user_id == User.id)
            .where(ApiToken.token_sha256 == _hash(bearer), ApiToken.revoked_at.is_(None), User.active)
        ).first()
    if found is None:
        return None
    user, token, age = found
    if age is None or age > USED_EVERY_SECONDS:
        _update_last_use(ApiToken, token.id)
    return user


def create_token(user_id: str, name: str = "token") -> str:
    """Create a bearer token for programs; it is returned once and stored as a hash."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    with transaction() as session:
        _require_user(session, user_id)
        session.add(ApiToken(user_id=user_id, name=name[:200], token_sha256=_hash(token)))
        session.add(AuditEntry(user_id=user_id, action="create_token", object_type="user", object_id=user_id))
    return token


def sign_out(cookie: str) -> None:
    """End the session of a cookie; an unknown cookie is no error."""
    with transaction() as session:
        found = session.scalars(select(BrowserSession).where(BrowserSession.token_sha256 == _hash(cookie))).first()
        if found is None:
            return
        user_id = found.user_id
        session.execute(delete(BrowserSession).where(BrowserSession.id == found.id))
        session.add(AuditEntry(user_id=user_id, action="sign_out", object_type="user", object_id=user_id))


def record(
    user_id: str | None,
    action: str,
    object_type: str = "",
    object_id: str = "",
    address: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    """Add an entry to the audit trail; entries are never changed."""
    entry = AuditEntry(
        user_id=user_id, action=action, object_type=object_type, object_id=object_id, address=address, data=data or {}
    )
    with transaction() as session:
        session.add(entry)


def _update_last_use(table: type[BrowserSession | ApiToken], key: str) -> None:
    with transaction() as session:
        session.execute(update(table).where(table.id == key).values(used_at=db_now()))


def _add_project(session: Session, user_id: str) -> Project:
    project = Project(name="My project")
    session.add(project)
    session.flush()
    session.add(ProjectMember(project_id=project.id, user_id=user_id, role="owner"))
    session.flush()
    session.refresh(project)
    return project


def _require_user(session: Session, user_id: str) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("user_not_found", f"There is no user {user_id!r}.", "Check the id.")
    return user


def _link_error(link: SignInLink | None) -> StudioError:
    if link is None:
        return StudioError("link_unknown", "This sign-in link is not valid.", HOW_TO_GET_A_LINK, status=401)
    if link.used_at is not None:
        return StudioError("link_used", "This sign-in link has already been used.", HOW_TO_GET_A_LINK, status=410)
    return StudioError("link_expired", "This sign-in link has expired.", HOW_TO_GET_A_LINK, status=410)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
