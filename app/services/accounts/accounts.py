"""Users, one-time sign-in links, browser sessions, API tokens and the audit trail.

Secrets are 256 random bits; only their SHA-256 is stored.
"""

import hashlib
import secrets
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, CursorResult, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import requester
from app.db import db_now, snapshot, transaction, try_write
from app.errors import Conflict, NotFound, Rejected, StudioError
from app.languages import gettext as _
from app.languages import gettext_noop
from app.models import ApiToken, BrowserSession, Project, ProjectMember, SignInLink, User
from app.services.accounts import second_factor
from app.services.accounts.audit_chain import record
from app.services.accounts.names import has_bad_character
from app.settings import get_settings

OWNER_NAME = "owner"
# The owner is whoever holds the machine's terminal; administrators are made by others.
OWNER, ADMINISTRATOR, MEMBER = "owner", "admin", "member"
ADMINISTRATORS = (OWNER, ADMINISTRATOR)
LINK_SECONDS = 3600.0
# What a person's own project is called until they rename it; shown in the reader's language.
HOME_NAME = gettext_noop("My project")
SCOPES = ("all", "read")
MAX_TOKEN_DAYS = 3650
# The last use of a session or token is written at most this often, so that a page view is not a write to the database.
USED_EVERY_SECONDS = 60.0
TOKEN_PREFIX = "studio_"
HOW_TO_GET_A_LINK = gettext_noop(
    "Ask an administrator of this studio for a new link, or run `studio link` in the terminal on its machine."
)


class TokenUse(NamedTuple):
    """Whose token it is, and what it may do."""

    user: User
    scope: str


def ensure_owner() -> User:
    """The owner of the embedded studio, created with a first project when there is none; safe to call concurrently."""
    with snapshot() as session:
        found = session.scalars(select(User).where(User.role == OWNER).order_by(User.created_at)).first()
    if found is not None:
        return found
    try:
        return add_user(OWNER_NAME, role=OWNER)
    except Conflict:
        with snapshot() as session:
            return session.scalars(select(User).where(User.name == OWNER_NAME)).one()


def add_user(name: str, role: str = MEMBER) -> User:
    """Create a user with a project.

    Raises:
        Rejected: the name is empty or longer than 200 characters.
        Conflict: the name is taken.
    """
    name = name.strip()
    if not 1 <= len(name) <= 200:
        raise Rejected(
            "user_name",
            _("A user name has 1 to 200 characters, not {name}.", name=len(name)),
            _("Choose another name."),
        )
    if has_bad_character(name):
        raise Rejected(
            "bad_character",
            _("This user name holds a character that cannot be shown."),
            _("Choose another name."),
        )
    try:
        with transaction() as session:
            user = insert_user(session, name, role)
    except IntegrityError as error:
        raise Conflict(
            "user_exists", _("There already is a user called {name}.", name=repr(name)), _("Choose another name.")
        ) from error
    return user


def insert_user(session: Session, name: str, role: str = MEMBER) -> User:
    """The row of a new person with a project of their own; a taken name is an ``IntegrityError``."""
    user = User(name=name, role=role)
    session.add(user)
    session.flush()
    _add_project(session, user.id)
    session.refresh(user)
    return user


def home_project(user_id: str) -> Project:
    """The person's own project, in which new datasets are created unless another is chosen.

    Raises:
        NotFound: there is no such user.
    """
    with snapshot() as session:
        found = session.scalars(select(Project).where(Project.home_of == user_id)).first()
    if found is not None:
        return found
    with transaction() as session:
        require_user(session, user_id)
        return _add_project(session, user_id)


def create_sign_in_link(user_id: str) -> str:
    """A token for one browser session, valid for an hour; it is sent as ``/sign-in?token=...``."""
    with transaction() as session:
        require_user(session, user_id)
        return add_link(session, user_id, LINK_SECONDS)


def add_link(session: Session, user_id: str, seconds: float) -> str:
    """The token of a new one-time link that is valid for so long."""
    token = secrets.token_urlsafe(32)
    session.add(SignInLink(user_id=user_id, token_sha256=digest(token), expires_at=db_now() + seconds))
    return token


def user_of_link(token: str) -> User | None:
    """Whom a sign-in link is for, None if it is unknown; changes nothing."""
    query = select(User).join(SignInLink, SignInLink.user_id == User.id).where(SignInLink.token_sha256 == digest(token))
    with snapshot() as session:
        return session.scalars(query).first()


def redeem_sign_in_link(token: str, agent: str = "", code: str = "") -> tuple[User, str]:
    """Use up a link and open a session.

    Args:
        agent: the browser, as it names itself.
        code: of the second factor, for people who have one; without it the link stays unused.

    Returns:
        The user and the value of the session cookie.

    Raises:
        StudioError: 410 ``link_used`` or ``link_expired``; 401 ``link_unknown``, ``code_needed`` or ``wrong_code``.
    """
    hashed = digest(token)
    with transaction() as session:
        # One conditional statement, so that of two browsers with the same link exactly one opens a session.
        used = session.execute(
            update(SignInLink)
            .where(SignInLink.token_sha256 == hashed, SignInLink.used_at.is_(None), SignInLink.expires_at > db_now())
            .values(used_at=db_now())
        )
        link = session.scalars(select(SignInLink).where(SignInLink.token_sha256 == hashed)).first()
        if cast(CursorResult[Any], used).rowcount != 1 or link is None:
            raise _link_error(link)
        user = require_user(session, link.user_id)
        if not user.active:
            raise _link_error(None)
        second_factor.require(session, user.id, code)
        return user, open_session(session, user.id, agent, "link")


def open_session(session: Session, user_id: str, agent: str, by: str) -> str:
    """The cookie of a new browser session, always a fresh one; ``by`` says in the trail how the person signed in."""
    cookie = secrets.token_urlsafe(32)
    lifetime = get_settings().session_max_days * 86400
    opened = BrowserSession(user_id=user_id, token_sha256=digest(cookie), expires_at=db_now() + lifetime)
    opened.address, opened.agent = requester.current().address, agent[:200]
    session.add(opened)
    record(session, user_id, "sign_in", "user", user_id, data={"by": by})
    return cookie


def user_for_session(cookie: str) -> User | None:
    """The active user of a session cookie, None when it is unknown, idle too long or expired."""
    if not cookie:
        return None
    with snapshot() as session:
        found = session.execute(
            select(User, BrowserSession, (db_now() - BrowserSession.used_at).label("age"))
            .join(BrowserSession, BrowserSession.user_id == User.id)
            .where(BrowserSession.token_sha256 == digest(cookie), *unended(), User.active)
        ).first()
    if found is None:
        return None
    user, browser, age = found
    if age > USED_EVERY_SECONDS:
        _update_last_use(BrowserSession, browser.id)
    return user


def unended() -> tuple[ColumnElement[bool], ...]:
    """What holds of a session that is neither over nor idle too long."""
    idle = get_settings().session_idle_hours * 3600
    return BrowserSession.expires_at > db_now(), BrowserSession.used_at > db_now() - idle


def user_for_token(bearer: str) -> TokenUse | None:
    """The active user of an API token with its scope, None when it is unknown, revoked or over."""
    if not bearer.startswith(TOKEN_PREFIX):
        return None
    with snapshot() as session:
        found = session.execute(
            select(User, ApiToken, (db_now() - ApiToken.used_at).label("age"))
            .join(ApiToken, ApiToken.user_id == User.id)
            .where(ApiToken.token_sha256 == digest(bearer), *unrevoked(), User.active)
        ).first()
    if found is None:
        return None
    user, token, age = found
    if age is None or age > USED_EVERY_SECONDS:
        _update_last_use(ApiToken, token.id)
    return TokenUse(user, token.scope)


def unrevoked() -> tuple[ColumnElement[bool], ...]:
    """What holds of a token that still works."""
    return ApiToken.revoked_at.is_(None), or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > db_now())


def create_token(user_id: str, name: str = "token", *, scope: str = "all", days: int | None = None) -> str:
    """Create a bearer token for programs; it is returned once and stored as a hash.

    Args:
        scope: ``all``, or ``read`` for requests that change nothing.
        days: how long it works, without end if left out.

    Raises:
        Rejected: an unknown scope, or days out of 1 to ``MAX_TOKEN_DAYS``.
    """
    if scope not in SCOPES or (days is not None and not 1 <= days <= MAX_TOKEN_DAYS):
        raise Rejected(
            "token",
            _("A token with scope {scope} for {days} days was asked for.", scope=repr(scope), days=days),
            _(
                "Its scope is {scopes}, and it lasts 1 to {max_days} days.",
                scopes=", ".join(SCOPES),
                max_days=MAX_TOKEN_DAYS,
            ),
        )
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    ends = None if days is None else db_now() + days * 86400.0
    with transaction() as session:
        require_user(session, user_id)
        made = ApiToken(user_id=user_id, name=name.strip()[:200] or "token", token_sha256=digest(token), scope=scope)
        made.expires_at = ends
        session.add(made)
        record(
            session, user_id, "create_token", "user", user_id, data={"name": made.name, "scope": scope, "days": days}
        )
    return token


def sign_out(cookie: str) -> None:
    """End the session of a cookie; an unknown cookie is no error."""
    with transaction() as session:
        found = session.scalars(select(BrowserSession).where(BrowserSession.token_sha256 == digest(cookie))).first()
        if found is None:
            return
        user_id = found.user_id
        session.execute(delete(BrowserSession).where(BrowserSession.id == found.id))
        record(session, user_id, "sign_out", "user", user_id)


def _update_last_use(table: type[BrowserSession | ApiToken], key: str) -> None:
    """Note it if that can be done at once; neither a full disk nor a busy database keeps anybody out."""
    used = update(table).where(table.id == key).values(used_at=db_now())
    try_write(lambda session: session.execute(used), "the last use of a session or token", wait_seconds=0)


def _add_project(session: Session, user_id: str) -> Project:
    project = Project(name=HOME_NAME, home_of=user_id)
    session.add(project)
    session.flush()
    session.add(ProjectMember(project_id=project.id, user_id=user_id, role="owner"))
    session.flush()
    session.refresh(project)
    return project


def require_user(session: Session, user_id: str) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("user_not_found", _("There is no user {user_id}.", user_id=repr(user_id)), _("Check the id."))
    return user


def _link_error(link: SignInLink | None) -> StudioError:
    if link is None:
        return StudioError("link_unknown", _("This sign-in link is not valid."), _(HOW_TO_GET_A_LINK), status=401)
    if link.used_at is not None:
        refusal = StudioError(
            "link_used", _("This sign-in link has already been used."), _(HOW_TO_GET_A_LINK), status=410
        )
    else:
        refusal = StudioError("link_expired", _("This sign-in link has expired."), _(HOW_TO_GET_A_LINK), status=410)
    refusal.withheld = ("user", link.user_id)
    return refusal


def digest(secret: str) -> str:
    """What is stored of a secret: its SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()
