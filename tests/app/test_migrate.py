"""Migrations: what they build is what the tables say, and runs of the first release keep their results."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from app import db
from app.migrate import config, upgrade
from app.models import Run
from app.services.runs import runs
from tests.factories import make_run


def test_the_newest_revision_is_what_the_tables_say(any_database: str) -> None:
    with db.get_engine().connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), db.Base.metadata)
    assert differences == []


def test_runs_from_before_keep_their_results(owner: str, any_database: str) -> None:
    run = make_run(owner)
    with db.transaction() as session:
        session.get_one(Run, run.id).results = {"metrics": {"loss": 0.3, "accuracy": 0.9}, "seconds": {"total": 12.5}}
    command.downgrade(config(), "0001")
    with db.get_engine().connect() as connection:
        assert connection.execute(text("select count(*) from runs")).scalar() == 1
    upgrade()
    found = runs.get_run(owner, run.id)
    assert (found.quality, found.seconds, found.memory_bytes) == (0.9, 12.5, None)
    assert (found.starred, found.tags, found.note, found.experiment_id) == (False, [], "", None)
