"""The audit trail is a hash chain, and its entries cannot be changed"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COLUMNS = ("id", "created_at", "user_id", "action", "object_type", "object_id", "number", "details_sha256", "sha256")
KEPT = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in COLUMNS)
ERASURE = f"NEW.salt = '' AND NEW.address = '' AND CAST(NEW.data AS TEXT) = '{{}}' AND {KEPT}"
REFUSAL = "audit entries are only ever added"
GUARDS = {
    "sqlite": (
        f"CREATE TRIGGER audit_entries_unchanged BEFORE UPDATE ON audit_entries WHEN NOT ({ERASURE}) "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
        f"CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
        "CREATE TRIGGER audit_entries_unchanged BEFORE UPDATE ON audit_entries FOR EACH ROW "
        f"WHEN (NOT ({ERASURE})) EXECUTE FUNCTION refuse_audit_change()",
        "CREATE TRIGGER audit_entries_stay BEFORE DELETE OR TRUNCATE ON audit_entries FOR EACH STATEMENT "
        "EXECUTE FUNCTION refuse_audit_change()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    added = (("number", sa.BigInteger()), ("salt", sa.String(32)), ("details_sha256", sa.String(64)))
    for name, kind in (*added, ("sha256", sa.String(64))):
        op.add_column("audit_entries", sa.Column(name, kind, nullable=True))
    _chain_entries(op.get_bind())
    with op.batch_alter_table("audit_entries") as batch:
        for name, kind in (*added, ("sha256", sa.String(64))):
            batch.alter_column(name, existing_type=kind, nullable=False)
    op.create_index("ix_audit_entries_number", "audit_entries", ["number"], unique=True)
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    on_table = " ON audit_entries" if op.get_bind().dialect.name == "postgresql" else ""
    for name in ("audit_entries_unchanged", "audit_entries_stay"):
        op.execute(f"DROP TRIGGER {name}{on_table}")
    if on_table:
        op.execute("DROP FUNCTION refuse_audit_change()")
    op.drop_index("ix_audit_entries_number", "audit_entries")
    for name in ("sha256", "details_sha256", "salt", "number"):
        op.drop_column("audit_entries", name)
    op.drop_table("audit_heads")


def _chain_entries(connection: sa.Connection) -> None:
    """Entries from before become the beginning of the chain, in the order of their times."""
    tables = sa.MetaData()
    entries = sa.Table("audit_entries", tables, autoload_with=connection)
    heads = sa.Table("audit_heads", tables, autoload_with=connection)
    previous, number = "0" * 64, 0
    order = sa.select(entries).order_by(entries.c.created_at, entries.c.id)
    for number, row in enumerate(connection.execute(order).mappings().all(), 1):
        salt = secrets.token_hex(16)
        data = row["data"] if isinstance(row["data"], dict) else json.loads(row["data"])
        details = _digest([salt, row["address"], data])
        what = [row[name] for name in ("user_id", "action", "object_type", "object_id")]
        previous = _digest([previous, number, row["created_at"], *what, details])
        values = {"number": number, "salt": salt, "details_sha256": details, "sha256": previous}
        connection.execute(entries.update().where(entries.c.id == row["id"]).values(values))
    if number:
        connection.execute(heads.insert().values(id=1, number=number, sha256=previous))


def _digest(content: list[Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
