"""The people of a studio as its administrators see them: invite, change the role, disable, sign out everywhere.

The owner is whoever holds the machine's terminal (`studio link`), so nobody else changes or disables that account.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, Select, delete, func, select, update
from sqlalchemy.orm import Session

from app.db import db_now, snapshot, transaction
from app.errors import Conflict, NotAllowed, NotFound, Rejected
from app.languages import gettext as _
from app.models import ApiToken, BrowserSession, Run, SignInLink, User
from app.models_sign_in import Password, SecondFactor
from app.services.accounts import accounts, passwords, second_factor
from app.services.accounts.accounts import ADMINISTRATOR, ADMINISTRATORS, MEMBER, OWNER
from app.services.accounts.audit_chain import record

ROLES = (MEMBER, ADMINISTRATOR)
INVITATION_DAYS = 7


@dataclass(frozen=True)
class Person:
    """One account; times are Unix seconds, ``used_at`` is None for somebody who has not been here yet."""

    id: str
    name: str
    role: str
    active: bool
    created_at: float
    used_at: float | None
    sessions: int
    tokens: int
    runs: int
    has_password: bool
    has_second_factor: bool

    @property
    def is_administrator(self) -> bool:
        """Whether the person may see and change the others."""
        return self.role in ADMINISTRATORS


def is_administrator(user_id: str) -> bool:
    """Whether this person may see and change the others."""
    with snapshot() as session:
        return accounts.require_user(session, user_id).role in ADMINISTRATORS


def list_people(admin_id: str) -> list[Person]:
    """Everybody, in the order of joining.

    Raises:
        NotAllowed: the caller is no administrator.
    """
    with snapshot() as session:
        require_administrator(session, admin_id)
        return _people(session, _query().order_by(User.created_at, User.id))


def get_person(user_id: str) -> Person:
    """One's own account.

    Raises:
        NotFound: there is no such user.
    """
    with snapshot() as session:
        accounts.require_user(session, user_id)
        return _people(session, _query().where(User.id == user_id))[0]


def invite(admin_id: str, name: str, role: str = MEMBER) -> tuple[Person, str]:
    """Add a person; returns them and the token of a sign-in link that works once within ``INVITATION_DAYS`` days.

    Raises:
        NotAllowed: the caller is no administrator.
        Rejected, Conflict: the name or the role cannot be given.
    """
    with snapshot() as session:
        require_administrator(session, admin_id)
    _check_role(role)
    user_id = accounts.add_user(name, role).id
    with transaction() as session:
        token = accounts.add_link(session, user_id, INVITATION_DAYS * 86400.0)
        record(session, admin_id, "invite", "user", user_id, data={"name": name, "role": role})
    return get_person(user_id), token


def create_link(admin_id: str, user_id: str) -> str:
    """The token of another sign-in link for a person; links that were not used yet stop working.

    Raises:
        NotAllowed: the caller is no administrator, or it is the owner's account.
        Conflict: the account is disabled.
    """
    with transaction() as session:
        user = _changeable(session, admin_id, user_id)
        if not user.active:
            raise Conflict(
                "user_disabled",
                _("The account of {name} is disabled.", name=repr(user.name)),
                _("Enable it first, then make a link."),
            )
        _void_links(session, user_id)
        record(session, admin_id, "create_link", "user", user_id, data={"name": user.name})
        return accounts.add_link(session, user_id, INVITATION_DAYS * 86400.0)


def change_person(admin_id: str, user_id: str, *, role: str | None = None, active: bool | None = None) -> Person:
    """Change the role, or disable or enable the account. Disabling ends sessions, links and tokens at once.

    Runs that are queued or working go on, and nothing is deleted. Tokens that were revoked stay so when the account is enabled.

    Raises:
        NotAllowed: the caller is no administrator, or it is the owner's or their own account.
        NotFound, Rejected: there is no such person or role.
    """
    with transaction() as session:
        user = _changeable(session, admin_id, user_id)
        if user.id == admin_id:
            raise NotAllowed(
                "own_account",
                _("This is your own account."),
                _("Ask another administrator to change its role or to disable it."),
            )
        if role is not None and role != user.role:
            _check_role(role)
            data = {"name": user.name, "from": user.role, "to": role}
            user.role = role
            record(session, admin_id, "change_role", "user", user_id, data=data)
        if active is not None and active != user.active:
            user.active = active
            if not active:
                _end_access(session, user_id)
            record(session, admin_id, "enable" if active else "disable", "user", user_id, data={"name": user.name})
    return get_person(user_id)


def sign_out_everywhere(admin_id: str, user_id: str) -> None:
    """End all sessions, unused links and tokens of a person; a new link lets them in again.

    Raises:
        NotAllowed: the caller is no administrator, or it is the owner's account.
        NotFound: there is no such person.
    """
    with transaction() as session:
        user = _changeable(session, admin_id, user_id)
        _end_access(session, user_id)
        record(session, admin_id, "sign_out_everywhere", "user", user_id, data={"name": user.name})


def reset_password(admin_id: str, user_id: str) -> str:
    """Forget a person's password and end their access; returns the token of a link with which they set another.

    Raises:
        NotAllowed: the caller is no administrator, or it is the owner's account.
        NotFound: there is no such person.
    """
    with transaction() as session:
        user = _changeable(session, admin_id, user_id)
        passwords.drop(session, user_id)
        _end_access(session, user_id)
        record(session, admin_id, "reset_password", "user", user_id, data={"name": user.name})
        return accounts.add_link(session, user_id, INVITATION_DAYS * 86400.0)


def reset_second_factor(admin_id: str, user_id: str) -> None:
    """Forget a person's authenticator and recovery codes; they sign in again without a code.

    Raises:
        NotAllowed: the caller is no administrator, or it is the owner's account.
        NotFound: there is no such person.
    """
    with transaction() as session:
        user = _changeable(session, admin_id, user_id)
        second_factor.drop(session, user_id)
        session.execute(delete(BrowserSession).where(BrowserSession.user_id == user_id))
        record(session, admin_id, "reset_second_factor", "user", user_id, data={"name": user.name})


def require_administrator(session: Session, user_id: str) -> None:
    """Refuse everybody else.

    Raises:
        NotAllowed: the person is no administrator.
    """
    role = accounts.require_user(session, user_id).role
    if role not in ADMINISTRATORS:
        raise NotAllowed(
            "role",
            _("Your role is {role}; people are managed by an administrator.", role=repr(role)),
            _("Ask an administrator of this studio."),
        )


def _changeable(session: Session, admin_id: str, user_id: str) -> User:
    require_administrator(session, admin_id)
    user = session.scalars(select(User).where(User.id == user_id).with_for_update()).first()
    if user is None:
        raise NotFound(
            "user_not_found", _("There is no user {user_id}.", user_id=repr(user_id)), _("Look at the list of people.")
        )
    if user.role == OWNER and user.id != admin_id:
        raise NotAllowed(
            "owner_account",
            _("{name} is the owner of this studio.", name=repr(user.name)),
            _("Whoever holds the machine's terminal changes this account, with `studio user`."),
        )
    return user


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise Rejected(
            "unknown_role",
            _("There is no role {role}.", role=repr(role)),
            _("Roles are {roles}.", roles=", ".join(ROLES)),
        )


def _end_access(session: Session, user_id: str) -> None:
    session.execute(delete(BrowserSession).where(BrowserSession.user_id == user_id))
    _void_links(session, user_id)
    valid = ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None)
    session.execute(update(ApiToken).where(*valid).values(revoked_at=db_now()))


def _void_links(session: Session, user_id: str) -> None:
    session.execute(delete(SignInLink).where(SignInLink.user_id == user_id, SignInLink.used_at.is_(None)))


def _query() -> Select[User, Any, Any, Any, Any, Any, Any]:
    return select(
        User,
        _of(func.max(BrowserSession.used_at), BrowserSession.user_id == User.id),
        _of(func.count(BrowserSession.id), BrowserSession.user_id == User.id, *accounts.unended()),
        _of(func.count(ApiToken.id), ApiToken.user_id == User.id, *accounts.unrevoked()),
        _of(func.count(Run.id), Run.owner_id == User.id),
        _of(func.count(Password.user_id), Password.user_id == User.id),
        _of(func.count(SecondFactor.user_id), SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None)),
    )


def _of(value: Any, *where: Any) -> ScalarSelect[Any]:
    return select(value).where(*where).correlate(User).scalar_subquery()


def _people(session: Session, query: Select[User, Any, Any, Any, Any, Any, Any]) -> list[Person]:
    return [
        Person(
            user.id,
            user.name,
            user.role,
            user.active,
            user.created_at,
            used_at,
            sessions,
            tokens,
            runs,
            bool(password),
            bool(factor),
        )
        for user, used_at, sessions, tokens, runs, password, factor in session.execute(query)
    ]
