"""Projects with roles: whose own project one is, conversations in projects, runs shared with a person"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# Until now everybody had exactly one project, and nobody was a member of another.
HOME_OF = """
UPDATE projects SET home_of = (
    SELECT min(member.user_id) FROM project_members AS member
    WHERE member.project_id = projects.id AND member.role = 'owner'
      AND NOT EXISTS (
        SELECT 1 FROM project_members AS other JOIN projects AS older ON older.id = other.project_id
        WHERE other.user_id = member.user_id AND other.role = 'owner'
          AND (older.created_at < projects.created_at OR (older.created_at = projects.created_at AND older.id < projects.id))
      )
)
"""
CONVERSATIONS = """
UPDATE conversations SET project_id = (SELECT id FROM projects WHERE home_of = conversations.owner_id)
"""
# A person without any project gets one at the next upload; a conversation needs it now.
MISSING = """
SELECT DISTINCT owner_id FROM conversations WHERE owner_id NOT IN (SELECT home_of FROM projects WHERE home_of IS NOT NULL)
"""


def upgrade() -> None:
    with op.batch_alter_table("projects") as batch:
        batch.add_column(sa.Column("home_of", sa.String(length=36), nullable=True))
        batch.create_unique_constraint("uq_projects_home_of", ["home_of"])
    op.execute(HOME_OF)
    _add_missing_projects()
    with op.batch_alter_table("conversations") as batch:
        batch.add_column(sa.Column("project_id", sa.String(length=36), nullable=True))
    op.execute(CONVERSATIONS)
    with op.batch_alter_table("conversations") as batch:
        batch.alter_column("project_id", existing_type=sa.String(length=36), nullable=False)
        batch.create_foreign_key("fk_conversations_project_id", "projects", ["project_id"], ["id"])
        batch.create_index("ix_conversations_project_id", ["project_id"])
    op.create_table(
        "run_grants",
        sa.Column("run_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("granted_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "user_id"),
    )
    op.create_index("ix_run_grants_user_id", "run_grants", ["user_id"])
    op.create_table(
        "project_choices",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_index("ix_project_choices_project_id", "project_choices", ["project_id"])
    _index_runs("project_id")


def downgrade() -> None:
    _index_runs("owner_id")
    op.drop_table("project_choices")
    op.drop_table("run_grants")
    with op.batch_alter_table("conversations") as batch:
        batch.drop_index("ix_conversations_project_id")
        batch.drop_constraint("fk_conversations_project_id", type_="foreignkey")
        batch.drop_column("project_id")
    with op.batch_alter_table("projects") as batch:
        batch.drop_constraint("uq_projects_home_of", type_="unique")
        batch.drop_column("home_of")


def _add_missing_projects() -> None:
    connection = op.get_bind()
    for (owner_id,) in connection.execute(sa.text(MISSING)).all():
        made = {"owner": owner_id, "now": 0.0}
        connection.execute(
            sa.text("INSERT INTO projects (id, name, home_of, created_at) VALUES (:owner, 'My project', :owner, :now)"),
            made,
        )
        connection.execute(
            sa.text(
                "INSERT INTO project_members (id, project_id, user_id, role, created_at) "
                "VALUES (:owner, :owner, :owner, 'owner', :now)"
            ),
            made,
        )


def _index_runs(first: str) -> None:
    for name, columns in (
        ("ix_runs_newest", ["archived", "created_at", "id"]),
        ("ix_runs_best", ["dataset_version_id", "task_type", "quality"]),
    ):
        op.drop_index(name, table_name="runs")
        op.create_index(name, "runs", [first, *columns])
