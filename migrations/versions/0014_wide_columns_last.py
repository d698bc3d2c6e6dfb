"""Columns of a run that hold much come last: SQLite reads a row from its beginning, and lists of runs need the small ones"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

SMALL = (
    "id",
    "created_at",
    "owner_id",
    "project_id",
    "archived",
    "starred",
    "quality",
    "train_loss",
    "seconds",
    "memory_bytes",
    "job_id",
    "dataset_version_id",
    "experiment_id",
    "name",
    "task_type",
    "base_model",
    "method",
    "tags",
)
WIDE = ("note", "sparkline", "spec", "results")


def upgrade() -> None:
    # PostgreSQL keeps long values beside the row, wherever their column stands.
    if op.get_bind().dialect.name != "sqlite":
        return
    columns = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("runs")}
    between = tuple(sorted(columns - {*SMALL, *WIDE}))
    with op.batch_alter_table("runs", recreate="always", partial_reordering=[(*SMALL, *between, *WIDE)]):
        pass


def downgrade() -> None:
    """The order of columns means nothing to earlier revisions."""
