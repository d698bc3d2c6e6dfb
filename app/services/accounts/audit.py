"""Reading the audit trail: who did what to which object, when and from where. Entries are only ever added."""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Select, select

from app.db import snapshot
from app.errors import Rejected
from app.languages import gettext as _
from app.models import User
from app.models_audit import AuditEntry
from app.services.accounts import denials
from app.services.accounts.audit_chain import ChainState, verify
from app.services.accounts.people import require_administrator
from app.settings import get_settings

MAX_ENTRIES = 200
# Database -> when its chain was checked last, and the result.
_checked: dict[str, tuple[float, ChainState]] = {}


@dataclass(frozen=True)
class Entry:
    """One act. ``person`` is the name of who did it, empty for the studio itself or somebody deleted since.

    With ``salt`` and the hashes everybody can check the chain, see ``app.services.accounts.audit_chain``.
    """

    number: int
    id: str
    at: float
    user_id: str | None
    person: str
    action: str
    object_type: str
    object_id: str
    address: str
    data: dict[str, Any]
    salt: str
    details_sha256: str
    sha256: str


@dataclass(frozen=True)
class AuditPage:
    """Entries, the newest first; ``before`` is the cursor of the older ones, empty at the end."""

    entries: list[Entry]
    before: str


def list_entries(
    admin_id: str, *, before: str = "", user_id: str = "", action: str = "", limit: int = 100
) -> AuditPage:
    """A page of the trail.

    Args:
        before: the cursor of an earlier page.
        user_id, action: only what this person did, only this kind of act.
        limit: at most ``MAX_ENTRIES``.

    Raises:
        NotAllowed: the caller is no administrator.
        Rejected: the cursor is none.
    """
    limit = max(1, min(limit, MAX_ENTRIES))
    denials.note_unwritten()
    query = _query().order_by(AuditEntry.number.desc()).limit(limit + 1)
    if before:
        query = query.where(AuditEntry.number < _cursor(before))
    if user_id:
        query = query.where(AuditEntry.user_id == user_id)
    if action:
        query = query.where(AuditEntry.action == action)
    with snapshot() as session:
        require_administrator(session, admin_id)
        found = [_entry(entry, name) for entry, name in session.execute(query)]
    more = len(found) > limit
    return AuditPage(found[:limit], str(found[limit - 1].number) if more else "")


def list_actions(admin_id: str) -> list[str]:
    """The kinds of acts there are, by name.

    Raises:
        NotAllowed: the caller is no administrator.
    """
    with snapshot() as session:
        require_administrator(session, admin_id)
        return list(session.scalars(select(AuditEntry.action).distinct().order_by(AuditEntry.action)))


def export_lines(admin_id: str) -> Iterator[str]:
    """The whole trail as JSON lines, the oldest entry first; read in pieces, so that it may be long.

    Raises:
        NotAllowed: the caller is no administrator.
    """
    with snapshot() as session:
        require_administrator(session, admin_id)
    denials.note_unwritten()
    return _lines()


def _lines() -> Iterator[str]:
    last = 0
    while True:
        query = _query().where(AuditEntry.number > last).order_by(AuditEntry.number).limit(MAX_ENTRIES)
        with snapshot() as session:
            found = [_entry(entry, name) for entry, name in session.execute(query)]
        if not found:
            return
        for entry in found:
            yield json.dumps(asdict(entry), ensure_ascii=False) + "\n"
        last = found[-1].number


def check(admin_id: str, *, max_age: float = 0.0) -> ChainState:
    """Whether the trail is whole: every hash is computed anew, about 6 s for 100,000 entries.

    Args:
        max_age: a result of this process for the same database that is not older, in seconds, will do.

    Raises:
        NotAllowed: the caller is no administrator.
    """
    with snapshot() as session:
        require_administrator(session, admin_id)
    database, now = get_settings().resolved_database_url, time.monotonic()
    at, known = _checked.get(database, (now, None))
    if known is not None and now - at < max_age:
        return known
    state = verify()
    _checked[database] = now, state
    return state


def _query() -> Select[AuditEntry, str]:
    return select(AuditEntry, User.name).outerjoin(User, User.id == AuditEntry.user_id)


def _entry(entry: AuditEntry, name: str | None) -> Entry:
    return Entry(
        entry.number,
        entry.id,
        entry.created_at,
        entry.user_id,
        name or "",
        entry.action,
        entry.object_type,
        entry.object_id,
        entry.address,
        entry.data,
        entry.salt,
        entry.details_sha256,
        entry.sha256,
    )


def _cursor(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    raise Rejected(
        "cursor",
        _("{text} is no cursor of the audit trail.", text=repr(text[:60])),
        _("Begin at the newest entries."),
    )
