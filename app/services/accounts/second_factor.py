"""The second factor of a person: codes of an authenticator, and recovery codes for when it is lost."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.orm import Session

from app.db import db_now, snapshot, transaction
from app.errors import Conflict, Rejected, StudioError
from app.languages import gettext as _
from app.models import User
from app.models_sign_in import RecoveryCode, SecondFactor
from app.services.accounts import one_time_codes
from app.services.accounts.audit_chain import record

ISSUER = "Fine-tuning studio"
RECOVERY_CODES = 10
# Letters and digits that are not mistaken for each other; ten of them are 49 bits.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
SEPARATORS = re.compile(r"[\s-]")


@dataclass(frozen=True)
class FactorState:
    """Whether codes are asked for, and how many recovery codes are left."""

    active: bool
    recovery_codes: int


def state(user_id: str) -> FactorState:
    """Of one's own account."""
    with snapshot() as session:
        left = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        return FactorState(is_active(session, user_id), session.scalar(left) or 0)


def is_active(session: Session, user_id: str) -> bool:
    """Whether this person is asked for a code."""
    confirmed = SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None)
    return session.scalar(select(SecondFactor.user_id).where(*confirmed)) is not None


def begin(user_id: str) -> tuple[str, str]:
    """A new secret and its ``otpauth:`` address; nothing is asked for until :func:`confirm`.

    Raises:
        Conflict: there is a second factor already.
    """
    secret = one_time_codes.new_secret()
    with transaction() as session:
        if is_active(session, user_id):
            raise Conflict(
                "second_factor_active",
                _("This account has a second factor already."),
                _("Remove it first to set up another authenticator."),
            )
        session.execute(delete(SecondFactor).where(SecondFactor.user_id == user_id))
        session.add(SecondFactor(user_id=user_id, secret=secret))
        name = session.get_one(User, user_id).name
    return secret, one_time_codes.address_of(secret, name, ISSUER)


def confirm(user_id: str, code: str) -> list[str]:
    """Ask for codes from now on; returns the recovery codes, which are shown only once.

    Raises:
        Rejected: the code is not one of the authenticator's.
        Conflict: none was begun.
    """
    with transaction() as session:
        factor = session.get(SecondFactor, user_id)
        if factor is None or factor.confirmed_at is not None:
            raise Conflict(
                "second_factor_not_begun", _("No second factor is being set up."), _("Begin on the Account page.")
            )
        now = float(session.scalar(select(db_now())) or 0)
        step = one_time_codes.step_of(factor.secret, _plain(code), now, 0)
        if step is None:
            raise Rejected(
                "wrong_code",
                _("This is not the code that the authenticator shows now."),
                _("Check the clock of the phone, then enter the present code."),
            )
        factor.confirmed_at, factor.last_step = now, step
        codes = ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        session.add_all(RecoveryCode(user_id=user_id, code_sha256=_digest(one)) for one in codes)
        record(session, user_id, "add_second_factor", "user", user_id)
    return [f"{one[:5]}-{one[5:]}" for one in codes]


def remove(user_id: str, code: str) -> None:
    """Ask for codes no more.

    Raises:
        StudioError: the code is wrong.
    """
    with transaction() as session:
        require(session, user_id, code)
        drop(session, user_id)
        record(session, user_id, "remove_second_factor", "user", user_id)


def require(session: Session, user_id: str, code: str) -> None:
    """Take a code or recovery code of the person; each works once. Nothing is asked of those without a second factor.

    Raises:
        StudioError: 401 ``code_needed`` without one, ``wrong_code`` for a wrong or used one.
    """
    if not is_active(session, user_id) or (code.strip() and takes(session, user_id, code)):
        return
    if not code.strip():
        raise StudioError(
            "code_needed",
            _("This account has a second factor."),
            _("Enter the code that your authenticator shows, or a recovery code."),
            status=401,
        )
    raise StudioError(
        "wrong_code",
        _("The code is wrong or was used already."),
        _("Wait for the next code of the authenticator, or use a recovery code."),
        status=401,
    )


def takes(session: Session, user_id: str, code: str) -> bool:
    """Whether this is a valid code of the person; it is used up then. Of two who send the same one, one succeeds."""
    plain = _plain(code)
    factor = session.get(SecondFactor, user_id)
    if factor is not None and re.fullmatch(r"[0-9]{6}", plain):
        now = float(session.scalar(select(db_now())) or 0)
        step = one_time_codes.step_of(factor.secret, plain, now, factor.last_step)
        fresh = SecondFactor.user_id == user_id, SecondFactor.last_step < (step or 0)
        return step is not None and _changes_one(session, update(SecondFactor).where(*fresh).values(last_step=step))
    unused = RecoveryCode.user_id == user_id, RecoveryCode.code_sha256 == _digest(plain), RecoveryCode.used_at.is_(None)
    return _changes_one(session, update(RecoveryCode).where(*unused).values(used_at=db_now()))


def drop(session: Session, user_id: str) -> None:
    """Forget secret and recovery codes."""
    for table in (SecondFactor, RecoveryCode):
        session.execute(delete(table).where(table.user_id == user_id))


def _changes_one(session: Session, change: Any) -> bool:
    return cast(CursorResult[Any], session.execute(change)).rowcount == 1


def _plain(code: str) -> str:
    return SEPARATORS.sub("", code).lower()


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
