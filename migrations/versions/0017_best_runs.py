"""An index that finds the best run on each version of the data"""

from collections.abc import Sequence

from alembic import op

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_runs_best", "runs", ["owner_id", "dataset_version_id", "task_type", "quality"])


def downgrade() -> None:
    op.drop_index("ix_runs_best", "runs")
