"""Writing the audit trail: entries form a hash chain, so that a changed, removed or inserted entry is noticed.

The hash of entry n is SHA-256 over the canonical JSON of ``[hash of n-1, n, time, user id, action, object type, object id,
details hash]``; its details hash is SHA-256 over ``[salt, address, data]``. Canonical JSON is ASCII, without spaces, with
sorted keys; the hash before the first is 64 zeros. With the salt gone nobody can guess from the details hash what stood
there.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import requester
from app.db import before_commit, db_now, snapshot
from app.models import new_id
from app.models_audit import AuditEntry, AuditHead

START = "0" * 64
HEAD = 1
BATCH = 1000
# Writers of PostgreSQL take turns at the end of the chain; the number only has to be the same for all of them.
TURN = 7_091_914
_WAITING = "audit_entries"


@dataclass(frozen=True)
class ChainState:
    """What a check of the whole chain has found.

    Attributes:
        entries: how many fit, from the first on.
        sha256: the hash of the last of them.
        broken: the number of the first entry that does not fit, None if the chain is whole.
        fault: what is wrong with it: ``missing``, ``changed``, ``details``, ``end`` (entries after it are gone) or ``added``.
        erased: entries whose details were taken out.
    """

    entries: int
    sha256: str
    broken: int | None
    fault: str
    erased: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, removed or inserted."""
        return self.broken is None


def record(
    session: Session,
    user_id: str | None,
    action: str,
    object_type: str = "",
    object_id: str = "",
    data: dict[str, Any] | None = None,
) -> None:
    """Add an entry in the transaction that does what it tells of; the address is that of the request being answered.

    The entry is appended at the end of the transaction, so that writers wait for each other as shortly as possible.
    """
    waiting = session.info.setdefault(_WAITING, [])
    if not waiting:
        before_commit(session, lambda: _append(session))
    # What JSON makes of it is what is hashed and read back.
    kept = json.loads(json.dumps(data or {}))
    waiting.append(
        AuditEntry(
            id=new_id(),
            user_id=user_id,
            action=action,
            object_type=object_type,
            object_id=object_id,
            address=requester.current().address,
            data=kept,
        )
    )


def verify() -> ChainState:
    """Compute every hash anew, from the first entry to the last."""
    with snapshot() as session:
        return _verify(session)


def holds(sha256: str) -> bool:
    """Whether an entry with this hash, noted earlier elsewhere, is still part of the trail."""
    with snapshot() as session:
        return session.scalar(select(AuditEntry.id).where(AuditEntry.sha256 == sha256)) is not None


def _append(session: Session) -> None:
    entries: list[AuditEntry] = session.info.pop(_WAITING)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": TURN})
    head = session.get(AuditHead, HEAD)
    if head is None:
        head = AuditHead(id=HEAD, number=0, sha256=START)
        session.add(head)
    at = session.scalar(select(db_now()))
    for entry in entries:
        entry.created_at, entry.number, entry.salt = float(at or 0), head.number + 1, secrets.token_hex(16)
        entry.details_sha256 = details_digest(entry.salt, entry.address, entry.data)
        entry.sha256 = entry_digest(head.sha256, entry)
        head.number, head.sha256 = entry.number, entry.sha256
    session.add_all(entries)


def details_digest(salt: str, address: str, data: dict[str, Any]) -> str:
    """What the chain keeps of an entry's address and data."""
    return _digest([salt, address, data])


def entry_digest(previous: str, entry: Any) -> str:
    """The hash of an entry, or its row, that follows the one with the hash ``previous``."""
    what = [entry.user_id, entry.action, entry.object_type, entry.object_id]
    return _digest([previous, entry.number, entry.created_at, *what, entry.details_sha256])


def _digest(content: list[Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _verify(session: Session) -> ChainState:
    number, previous, erased = 0, START, 0
    for entry in _entries(session):
        fault = _fault(entry, number + 1, previous)
        if fault:
            return ChainState(number, previous, number + 1, fault, erased)
        number, previous, erased = entry.number, entry.sha256, erased + (not entry.salt)
    head = session.get(AuditHead, HEAD)
    named = (head.number, head.sha256) if head else (0, START)
    if named != (number, previous):
        fault = "end" if named[0] > number else "added"
        return ChainState(number, previous, number + 1 if fault == "end" else named[0] + 1, fault, erased)
    return ChainState(number, previous, None, "", erased)


def _fault(entry: Any, number: int, previous: str) -> str:
    if entry.number != number:
        return "missing"
    if entry.sha256 != entry_digest(previous, entry):
        return "changed"
    if entry.salt and entry.details_sha256 != details_digest(entry.salt, entry.address, entry.data):
        return "details"
    return "details" if not entry.salt and (entry.address or entry.data) else ""


def _entries(session: Session) -> Iterator[Any]:
    """All entries in order, as rows: objects would take three times as long."""
    columns = [column for column in AuditEntry.__table__.columns if column.name != "id"]
    query = select(*columns).order_by(AuditEntry.number).execution_options(yield_per=BATCH)
    return iter(session.execute(query))
