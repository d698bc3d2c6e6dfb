"""Experiments; stars, tags, notes and sortable results of runs"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

COPIES = ("quality", "train_loss", "seconds", "memory_bytes")


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("dataset_version_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("chosen_run_id", sa.String(length=36), nullable=True),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["dataset_version_id"], ["dataset_versions.id"]),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"]),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("experiments", schema=None) as batch_op:
        for column in ("dataset_version_id", "owner_id", "project_id"):
            batch_op.create_index(batch_op.f(f"ix_experiments_{column}"), [column], unique=False)
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("experiment_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("starred", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("quality", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("train_loss", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("seconds", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("memory_bytes", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("sparkline", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.create_foreign_key("fk_runs_experiment", "experiments", ["experiment_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_runs_experiment_id"), ["experiment_id"], unique=False)
        batch_op.create_index("ix_runs_newest", ["owner_id", "archived", "created_at", "id"], unique=False)
    _copy_results()


def downgrade() -> None:
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index("ix_runs_newest")
        batch_op.drop_index(batch_op.f("ix_runs_experiment_id"))
        batch_op.drop_constraint("fk_runs_experiment", type_="foreignkey")
        for column in ("sparkline", *reversed(COPIES), "note", "tags", "starred", "experiment_id"):
            batch_op.drop_column(column)
    op.drop_table("experiments")


def _copy_results() -> None:
    """Give the runs that are already there the sortable copies of their results."""
    runs = sa.table("runs", sa.column("id"), sa.column("results", sa.JSON()), *(sa.column(name) for name in COPIES))
    connection = op.get_bind()
    for run_id, results in connection.execute(sa.select(runs.c.id, runs.c.results)).all():
        if not results:
            continue
        values = {
            "quality": (results.get("metrics") or {}).get("accuracy"),
            "train_loss": results.get("train_loss"),
            "seconds": (results.get("seconds") or {}).get("total"),
            "memory_bytes": results.get("peak_memory_bytes"),
        }
        connection.execute(runs.update().where(runs.c.id == run_id).values(values))
