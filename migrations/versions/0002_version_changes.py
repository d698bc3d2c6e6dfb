"""Who made a dataset version, what it changed, and reviews of it"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    with op.batch_alter_table("dataset_versions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("author_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("change", sa.JSON(), nullable=True))

    op.create_table(
        "dataset_reviews",
        sa.Column("dataset_version_id", sa.String(length=36), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=False),
        sa.Column("base_model", sa.String(length=200), nullable=False),
        sa.Column("results", sa.JSON(), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_version_id"], ["dataset_versions.id"]),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id"),
    )
    with op.batch_alter_table("dataset_reviews", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dataset_reviews_dataset_version_id"), ["dataset_version_id"], unique=False)


def downgrade() -> None:
    op.drop_table("dataset_reviews")
    with op.batch_alter_table("dataset_versions", schema=None) as batch_op:
        batch_op.drop_column("change")
        batch_op.drop_column("author_id")
