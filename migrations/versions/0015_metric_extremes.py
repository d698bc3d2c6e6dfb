"""Lowest and highest point of every sixteen steps of a curve, filled from the points there are"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# The first of equal points is the earliest, as it is for points that arrive later.
FILL = """
INSERT INTO metric_extremes (run_id, key, part, low_step, low, low_at, high_step, high, high_at)
SELECT run_id, key, part,
       MAX(CASE WHEN lowest = 1 THEN step END), MAX(CASE WHEN lowest = 1 THEN value END), MAX(CASE WHEN lowest = 1 THEN at END),
       MAX(CASE WHEN highest = 1 THEN step END), MAX(CASE WHEN highest = 1 THEN value END), MAX(CASE WHEN highest = 1 THEN at END)
FROM (
  SELECT run_id, key, step / 16 AS part, step, value, at,
         ROW_NUMBER() OVER (PARTITION BY run_id, key, step / 16 ORDER BY value, step) AS lowest,
         ROW_NUMBER() OVER (PARTITION BY run_id, key, step / 16 ORDER BY value DESC, step) AS highest
  FROM metric_points
) AS ranked
WHERE lowest = 1 OR highest = 1
GROUP BY run_id, key, part
"""


def upgrade() -> None:
    op.create_table(
        "metric_extremes",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("part", sa.BigInteger(), nullable=False),
        sa.Column("low_step", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("low_at", sa.Float(), nullable=False),
        sa.Column("high_step", sa.BigInteger(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("high_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key", "part"),
        sqlite_with_rowid=False,
    )
    op.execute(FILL)


def downgrade() -> None:
    op.drop_table("metric_extremes")
