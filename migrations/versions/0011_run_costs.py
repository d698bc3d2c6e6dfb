"""What runs were estimated to cost, what they did cost, and how fast machines were measured to be"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "run_costs",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("machine", sa.String(length=200), nullable=False),
        sa.Column("family", sa.String(length=40), nullable=False),
        sa.Column("base_model", sa.String(length=200), nullable=False),
        sa.Column("method", sa.String(length=60), nullable=False),
        sa.Column("formula", sa.Integer(), nullable=False),
        sa.Column("counted", sa.JSON(), nullable=False),
        sa.Column("estimate", sa.JSON(), nullable=False),
        sa.Column("actual", sa.JSON(), nullable=True),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_index("ix_run_costs_machine", "run_costs", ["machine"])
    op.create_index("ix_run_costs_finished_at", "run_costs", ["finished_at"])
    op.create_table(
        "machine_speeds",
        sa.Column("machine", sa.String(length=200), nullable=False),
        sa.Column("measured_at", sa.Float(), nullable=False),
        sa.Column("seconds", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("machine"),
    )


def downgrade() -> None:
    op.drop_table("machine_speeds")
    op.drop_table("run_costs")
