"""Tables of the audit trail: entries that form a hash chain, and its head. The database itself refuses to change an entry.

An entry's hash covers the previous hash, what was done, and the hash of its details; ``app.services.accounts.audit_chain``
computes it. Details and address may be taken out, for the erasure of a person, and the chain stays whole.
"""

from typing import Any

from sqlalchemy import DDL, JSON, BigInteger, Float, Index, Integer, String, event
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class AuditEntry(Base):
    """Who did what to which object. ``number`` counts from 1 without a gap; without ``salt`` the details were taken out."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_created_at", "created_at", "id"),
        Index("ix_audit_entries_number", "number", unique=True),
    )
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[float] = mapped_column(Float)
    user_id: Mapped[str | None] = mapped_column(String(36), index=True)
    action: Mapped[str] = mapped_column(String(60))
    object_type: Mapped[str] = mapped_column(String(40), default="")
    object_id: Mapped[str] = mapped_column(String(36), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    number: Mapped[int] = mapped_column(BigInteger)
    salt: Mapped[str] = mapped_column(String(32))
    details_sha256: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The one row that names the last entry, so that entries missing at the end are noticed."""

    __tablename__ = "audit_heads"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))


_KEPT = " AND ".join(
    f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}"
    for name in (
        "id",
        "created_at",
        "user_id",
        "action",
        "object_type",
        "object_id",
        "number",
        "details_sha256",
        "sha256",
    )
)
# The one change there is: details and address are taken out.
_ERASURE = f"NEW.salt = '' AND NEW.address = '' AND CAST(NEW.data AS TEXT) = '{{}}' AND {_KEPT}"
_REFUSAL = "audit entries are only ever added"
# Migration 0019 has the same statements for databases that exist.
GUARDS = {
    "sqlite": (
        f"CREATE TRIGGER audit_entries_unchanged BEFORE UPDATE ON audit_entries WHEN NOT ({_ERASURE}) "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
        "CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        "CREATE TRIGGER audit_entries_unchanged BEFORE UPDATE ON audit_entries FOR EACH ROW "
        f"WHEN (NOT ({_ERASURE})) EXECUTE FUNCTION refuse_audit_change()",
        "CREATE TRIGGER audit_entries_stay BEFORE DELETE OR TRUNCATE ON audit_entries FOR EACH STATEMENT "
        "EXECUTE FUNCTION refuse_audit_change()",
    ),
}
for _dialect, _statements in GUARDS.items():
    for _statement in _statements:
        event.listen(AuditEntry.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]
