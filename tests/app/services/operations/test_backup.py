"""Backup and restore, from either database into the other, and the way from the first revision with rows in every table."""

import json
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import MetaData, inspect, select

from app import db, manifest, storage
from app.db import transaction
from app.errors import Conflict, Rejected
from app.migrate import upgrade
from app.models import QUEUED, SUCCEEDED, Artifact, Checkpoint, Event, Job, MetricPoint, Run
from app.services.accounts import accounts
from app.services.operations import backup, invariants
from app.services.queue import jobs
from app.services.runs import metrics, runs
from tests.conftest import forget_settings
from tests.factories import make_run


def fill(owner: str) -> tuple[Run, Run]:
    """A finished run with an adapter and a checkpoint, and one that is being trained."""
    done, working = make_run(owner, name="Done"), make_run(owner, name="Working")
    claim = jobs.claim(done.job_id)
    folder = storage.attempt_dir(done.id, claim.fence)
    for name in ("adapter", "checkpoints/step-5"):
        (folder / name).mkdir(parents=True)
        (folder / name / "weights").write_text(f"weights of {name}")
        manifest.write(folder / name)
    lines = [
        {"n": n, "type": "metric", "key": "train/loss", "step": n, "value": 1 / (n + 1), "at": 1.0} for n in range(5)
    ]
    with jobs.held(claim) as session:
        metrics.append(session, done.id, f"attempt-{claim.fence}", lines)
        for name, table in (("adapter", Artifact), ("checkpoints/step-5", Checkpoint)):
            path = str((folder / name).relative_to(storage.data_dir()))
            sha256 = manifest.sha256_of(folder / name / manifest.NAME)
            more = {"kind": "adapter"} if table is Artifact else {"fence": claim.fence, "step": 5}
            session.add(table(run_id=done.id, path=path, bytes=1, sha256=sha256, **more))
        session.get_one(Run, done.id).results = {"metrics": {"accuracy": 1.0}}
        jobs.succeed(session, claim)
    jobs.begin(jobs.claim(working.job_id), pid=1, phase="Training")
    return done, working


@pytest.mark.parametrize("into", ["same", "other"])
def test_restored_installation_equals_the_saved_one(
    owner: str,
    any_database: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    into: str,
) -> None:
    done, working = fill(owner)
    summary = backup.make(tmp_path / "kept.zip")
    assert summary.rows > 10 and summary.files >= 2
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path / "elsewhere"))
    is_sqlite = any_database.startswith("sqlite")
    if is_sqlite == (into == "same"):
        monkeypatch.setenv("STUDIO_DATABASE_URL", f"sqlite:///{tmp_path / 'restored.db'}")
    else:
        server = request.getfixturevalue("postgres_server")
        place = server.database()
        request.addfinalizer(lambda: (db.forget_engine(), place.__exit__(None, None, None)))
        monkeypatch.setenv("STUDIO_DATABASE_URL", place.__enter__())
    forget_settings()
    backup.restore(tmp_path / "kept.zip", upgrade)
    assert invariants.violations() == []
    assert [step for step, _ in metrics.read_curves(owner, done.id).series()["train/loss"]] == list(range(5))
    again = runs.get_run(owner, working.id).job
    assert (again.state, again.fence, again.lease_until) == (QUEUED, 2, None)
    assert jobs.claim(working.job_id) is not None
    with transaction() as session:
        # New points continue the numbering of the old.
        session.add(MetricPoint(run_id=done.id, key="train/loss", step=99, value=0.0, at=0.0))
        artifact = session.scalars(select(Artifact)).one()
    assert (storage.data_dir() / artifact.path / "weights").read_text() == "weights of adapter"
    with pytest.raises(Conflict, match="empty"):
        backup.restore(tmp_path / "kept.zip", upgrade)


def test_damaged_or_hostile_backup_changes_nothing(owner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade_marker(owner)
    fill(owner)
    backup.make(tmp_path / "kept.zip")
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    contents = json.loads(members["manifest.json"])
    table = next(name for name in members if name.endswith("users.jsonl"))
    outside = ("files/../../outside", f"files/{tmp_path}/outside", "files/runs/../../../outside", "files/studio.db")
    cases = {
        "changed": {**members, table: members[table].replace(b"owner", b"admin")},
        "missing": {name: content for name, content in members.items() if name != table},
        **{f"hostile-{number}": hostile(members, contents, table, name) for number, name in enumerate(outside)},
    }
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path / "elsewhere"))
    forget_settings()
    for name, content in cases.items():
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for member, data in content.items():
                archive.writestr(member, data)
        with pytest.raises(Rejected):
            backup.restore(tmp_path / f"{name}.zip", upgrade)
    with pytest.raises(Rejected, match="cannot be read"):
        backup.restore(tmp_path / "nothing.zip", upgrade)
    storage.data_dir()
    assert not (tmp_path / "outside").exists() and not inspect(db.get_engine()).get_table_names()


def hostile(members: dict[str, bytes], contents: dict, table: str, name: str) -> dict[str, bytes]:
    """A backup with one more file of that name, which its manifest lists."""
    listed = {**contents, "members": {**contents["members"], name: contents["members"][table]}}
    return {**members, name: members[table], "manifest.json": json.dumps(listed).encode()}


def test_row_of_a_backup_that_names_a_file_outside_is_refused(
    owner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade_marker(owner)
    fill(owner)
    with transaction() as session:
        session.scalars(select(Artifact)).one().path = "../../../etc"
    assert "I7 ../../../etc: points out of the data folder" in invariants.violations()


def upgrade_marker(owner: str) -> None:
    """The tables of this test were made without Alembic; a backup names the revision."""
    from alembic import command

    from app.migrate import config

    assert owner
    command.stamp(config(), "head")


def test_the_first_revision_with_rows_in_every_table_comes_to_the_newest(
    studio_home: Path, any_database: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{studio_home / 'first.db'}"
    if any_database.startswith("postgresql"):
        place = request.getfixturevalue("postgres_server").database()
        request.addfinalizer(lambda: (db.forget_engine(), place.__exit__(None, None, None)))
        url = place.__enter__()
    monkeypatch.setenv("STUDIO_DATABASE_URL", url)
    forget_settings()
    upgrade("0001")
    first = MetaData()
    first.reflect(db.get_engine())
    tables = [table for table in first.sorted_tables if table.name != "alembic_version"]
    with db.get_engine().begin() as connection:
        for table in tables:
            connection.execute(table.insert(), {column.name: _value(column) for column in table.columns})
    upgrade()
    with db.get_engine().connect() as connection:
        assert all(len(connection.execute(select(table)).all()) == 1 for table in tables)
    with transaction() as session:
        job = session.scalars(select(Job)).one()
        assert (job.priority, job.adjustments, job.paused_at) == (0, {}, None)
        assert session.scalars(select(Event)).one().data == {}
        job.state = SUCCEEDED
    owner = accounts.ensure_owner().id
    claim = jobs.claim(make_run(owner).job_id)
    assert claim is not None
    inspected = {item["name"] for item in inspect(db.get_engine()).get_columns("jobs")}
    assert inspected == {column.name for column in Job.__table__.columns}


def _value(column: object) -> object:
    """The same id everywhere, so that every foreign key finds its row."""
    name, kind = column.name, column.type.python_type  # type: ignore[attr-defined]
    if kind is str and (name == "id" or name.endswith("_id")):
        return "00000000-0000-0000-0000-000000000001"
    return {str: f"old {name}"[:20], int: 1, float: 1.0, bool: False, dict: {}, object: {}}[kind]
