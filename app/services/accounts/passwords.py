"""Signing in by name and password: argon2id hashes, the same work for unknown names, few tries at a time."""

import threading
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import requester
from app.db import db_now, snapshot, transaction
from app.errors import NotAllowed, NotSignedIn, Rejected, StudioError
from app.languages import gettext as _
from app.models import User
from app.models_sign_in import Password
from app.services.accounts import accounts, attempts, credentials, second_factor
from app.services.accounts.audit_chain import record

MIN_CHARACTERS, MAX_CHARACTERS = 12, 200
MIN_DIFFERENT = 5
# RFC 9106, the second recommended choice: 64 MiB, 3 passes, 4 lanes.
HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
# Each hash takes 64 MiB, so only so many are computed at once; others wait.
_COMPUTING = threading.BoundedSemaphore(2)


def has_password(user_id: str) -> bool:
    """Whether the person can sign in with a password."""
    with snapshot() as session:
        return session.get(Password, user_id) is not None


def anybody_has() -> bool:
    """Whether the sign-in page asks for passwords at all."""
    with snapshot() as session:
        return session.scalar(select(Password.user_id).limit(1)) is not None


def set_password(user_id: str, new: str, current: str = "", cookie: str = "") -> None:
    """Set one's own password; all browsers but the one of ``cookie`` are signed out. Tokens go on working.

    Raises:
        NotAllowed: the current password is wrong.
        Rejected: the new one is too short or too simple.
    """
    check_own(user_id, current)
    with snapshot() as session:
        _check_new(new, accounts.require_user(session, user_id).name)
    hashed = _hash(new)
    with transaction() as session:
        accounts.require_user(session, user_id)
        session.merge(Password(user_id=user_id, hash=hashed, changed_at=db_now()))
        record(session, user_id, "set_password", "user", user_id)
    credentials.end_other_sessions(user_id, cookie)


def check_own(user_id: str, password: str) -> None:
    """Ask for one's own password again before something is changed by which one signs in; who has none passes.

    Raises:
        NotAllowed: it is wrong.
    """
    with snapshot() as session:
        stored = session.get(Password, user_id)
    if stored is None:
        return
    attempts.BY_ACCOUNT.check(user_id)
    if not _matches(stored.hash, password):
        attempts.BY_ACCOUNT.note_failure(user_id)
        raise NotAllowed("wrong_password", _("The current password is wrong."), _("Enter it again."))


def sign_in(name: str, password: str, code: str = "", agent: str = "") -> tuple[User, str]:
    """Open a session; returns the user and the value of the session cookie.

    Unknown names, people without a password and disabled ones take the same time and get the same answer as a wrong password. Only
    with the right password does the answer speak of a second factor.

    Raises:
        NotSignedIn: ``wrong_password``: the name or the password is wrong, or the account is disabled.
        StudioError: 401 ``code_needed`` or ``wrong_code``; 429 after too many failures of the account or from the address.
    """
    address, account = requester.current().address, accounts.digest(name.strip().lower())
    attempts.BY_ADDRESS.check(address)
    attempts.BY_ACCOUNT.check(account)
    try:
        return _sign_in(name, password, code, agent)
    except StudioError:
        attempts.BY_ADDRESS.note_failure(address)
        attempts.BY_ACCOUNT.note_failure(account)
        raise


def _sign_in(name: str, password: str, code: str, agent: str) -> tuple[User, str]:
    query = select(User, Password.hash).join(Password, Password.user_id == User.id)
    with snapshot() as session:
        found = session.execute(query.where(User.name == name.strip(), User.active)).first()
    right = _matches(found[1] if found else _nobodys_hash(), password)
    if found is None or not right:
        raise NotSignedIn(
            "wrong_password",
            _("The name or the password is wrong."),
            _("Try again, or ask an administrator of this studio for a sign-in link."),
        )
    user, hashed = found
    with transaction() as session:
        if not accounts.require_user(session, user.id).active:
            raise NotSignedIn("wrong_password", _("The name or the password is wrong."))
        second_factor.require(session, user.id, code)
        if HASHER.check_needs_rehash(hashed):
            session.merge(Password(user_id=user.id, hash=_hash(password)))
        return user, accounts.open_session(session, user.id, agent, "password")


def drop(session: Session, user_id: str) -> None:
    """Forget the password."""
    session.execute(delete(Password).where(Password.user_id == user_id))


def _matches(hashed: str, password: str) -> bool:
    with _COMPUTING:
        try:
            return HASHER.verify(hashed, _normal(password)[: 2 * MAX_CHARACTERS])
        except (VerificationError, InvalidHashError):
            return False


def _hash(password: str) -> str:
    with _COMPUTING:
        return HASHER.hash(_normal(password))


@lru_cache
def _nobodys_hash() -> str:
    """What the password of an unknown person is compared with, so that the answer takes as long."""
    return _hash("nobody's password")


def _normal(password: str) -> str:
    """The same characters typed on different keyboards count as the same."""
    return unicodedata.normalize("NFKC", password)


def _check_new(password: str, name: str) -> None:
    hint = _(
        "Take {MIN} to {MAX} characters, e.g. four words that do not belong together.",
        MIN=MIN_CHARACTERS,
        MAX=MAX_CHARACTERS,
    )
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS or len(_normal(password)) > 2 * MAX_CHARACTERS:
        raise Rejected("password_length", _("This password has {count} characters.", count=len(password)), hint)
    if any("\ud800" <= character <= "\udfff" for character in password):
        raise Rejected("bad_character", _("The password holds a character that cannot be stored."), hint)
    if len(set(password)) < MIN_DIFFERENT or (len(name) > 3 and name.lower() in password.lower()):
        raise Rejected("password_simple", _("This password has few different characters, or your name in it."), hint)
