"""Reading the audit trail: who did what to which object, when and from where. Entries are only ever added."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Select, select, tuple_

from app.db import snapshot
from app.errors import Rejected
from app.languages import gettext as _
from app.models import AuditEntry, User
from app.services.accounts.people import require_administrator

MAX_ENTRIES = 200


@dataclass(frozen=True)
class Entry:
    """One act. ``person`` is the name of who did it, empty for the studio itself or somebody deleted since."""

    id: str
    at: float
    user_id: str | None
    person: str
    action: str
    object_type: str
    object_id: str
    address: str
    data: dict[str, Any]


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
    query = _query().order_by(AuditEntry.created_at.desc(), AuditEntry.id.desc()).limit(limit + 1)
    if before:
        query = query.where(tuple_(AuditEntry.created_at, AuditEntry.id) < _cursor(before))
    if user_id:
        query = query.where(AuditEntry.user_id == user_id)
    if action:
        query = query.where(AuditEntry.action == action)
    with snapshot() as session:
        require_administrator(session, admin_id)
        found = [_entry(entry, name) for entry, name in session.execute(query)]
    more = len(found) > limit
    return AuditPage(found[:limit], f"{found[limit - 1].at!r}:{found[limit - 1].id}" if more else "")


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
    return _lines()


def _lines() -> Iterator[str]:
    last: tuple[float, str] | None = None
    while True:
        query = _query().order_by(AuditEntry.created_at, AuditEntry.id).limit(MAX_ENTRIES)
        if last is not None:
            query = query.where(tuple_(AuditEntry.created_at, AuditEntry.id) > last)
        with snapshot() as session:
            found = [_entry(entry, name) for entry, name in session.execute(query)]
        if not found:
            return
        for entry in found:
            yield json.dumps(asdict(entry), ensure_ascii=False) + "\n"
        last = found[-1].at, found[-1].id


def _query() -> Select[AuditEntry, str]:
    return select(AuditEntry, User.name).outerjoin(User, User.id == AuditEntry.user_id)


def _entry(entry: AuditEntry, name: str | None) -> Entry:
    return Entry(
        entry.id,
        entry.created_at,
        entry.user_id,
        name or "",
        entry.action,
        entry.object_type,
        entry.object_id,
        entry.address,
        entry.data,
    )


def _cursor(text: str) -> tuple[float, str]:
    at, _colon, key = text.partition(":")
    try:
        return float(at), key
    except ValueError:
        raise Rejected(
            "cursor",
            _("{text} is no cursor of the audit trail.", text=repr(text[:60])),
            _("Begin at the newest entries."),
        ) from None
