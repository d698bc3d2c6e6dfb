"""Where a session was opened, what a token may do and until when"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("address", sa.String(64), nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("agent", sa.String(200), nullable=False, server_default=""))
    op.add_column("api_tokens", sa.Column("scope", sa.String(20), nullable=False, server_default="all"))
    op.add_column("api_tokens", sa.Column("expires_at", sa.Float(), nullable=True))
    op.create_index("ix_audit_entries_created_at", "audit_entries", ["created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_audit_entries_created_at", "audit_entries")
    for table, column in (
        ("api_tokens", "expires_at"),
        ("api_tokens", "scope"),
        ("sessions", "agent"),
        ("sessions", "address"),
    ):
        op.drop_column(table, column)
