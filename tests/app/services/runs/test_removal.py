"""Deleting runs: only their files, or everything; never active runs or those of others."""

import pytest
from sqlalchemy import func, select

from app import storage
from app.db import snapshot, transaction
from app.errors import Conflict, NotFound
from app.models import Checkpoint, Job, MetricPoint, Prediction
from app.models_work import TrackerExport
from app.services.evaluation import comparison
from app.services.operations import invariants
from app.services.queue import jobs
from app.services.runs import removal, runs
from tests.app.outcomes import end_run, rows_right
from tests.app.services.runs.test_checkpoints import keep
from tests.factories import make_run, make_user


def ended(owner: str) -> str:
    run = make_run(owner)
    end_run(run.id, rows_right(9, 10), rows_right(5, 10))
    with transaction() as session:
        session.get_one(Job, run.job_id).fence = 1
    keep(run.id, 40)
    return run.id


def rows_of(run_id: str) -> list[int]:
    with snapshot() as session:
        tables = (Checkpoint, MetricPoint, Prediction)
        return [session.scalar(select(func.count()).where(table.run_id == run_id)) or 0 for table in tables]


def test_deleting_files_keeps_the_results(owner: str, any_database: str) -> None:
    run_id = ended(owner)
    assert removal.remove(owner, run_id, keep_results=True) >= 40
    assert not (storage.data_dir() / "runs" / run_id).exists()
    assert rows_of(run_id) == [0, 44, 10]
    assert comparison.compare(owner, [run_id]).metrics
    assert invariants.violations() == []


def test_deleting_everything_leaves_other_runs(owner: str, any_database: str) -> None:
    run_id, other = ended(owner), ended(owner)
    removal.remove(owner, run_id, keep_results=False)
    with pytest.raises(NotFound):
        runs.get_run(owner, run_id)
    assert rows_of(run_id) == [0, 0, 0] and rows_of(other) == [1, 44, 10]
    assert (storage.data_dir() / "runs" / other).exists() and invariants.violations() == []


def test_active_runs_and_those_of_others_are_not_deleted(owner: str) -> None:
    with pytest.raises(Conflict, match="still active"):
        removal.remove(owner, make_run(owner).id, keep_results=False)
    with pytest.raises(NotFound):
        removal.remove(make_user(), ended(owner), keep_results=True)


def test_what_was_exported_of_a_run_is_deleted_with_it(owner: str) -> None:
    run_id = ended(owner)
    with transaction() as session:
        job = jobs.add(session, owner_id=owner, kind="track")
        session.flush()
        job.state = "succeeded"
        export = TrackerExport(id="e" * 36, owner_id=owner, run_id=run_id, job_id=job.id, tracker="tensorboard")
        session.add(export)
    written = storage.export_file(export.id)
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_bytes(b"zip")
    removal.remove(owner, run_id, keep_results=True)
    assert written.exists()
    removal.remove(owner, run_id, keep_results=False)
    assert not written.exists()
