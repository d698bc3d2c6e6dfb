"""Retention: superseded attempts and abandoned uploads are deleted, files of listed rows stay."""

import os

import pytest

from app import manifest, storage
from app.db import transaction
from app.models import CANCELLED, Checkpoint, Job, Run
from app.services.operations import invariants, retention
from tests.factories import make_run


def test_superseded_attempts_and_abandoned_uploads_are_deleted(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(owner)
    for fence in (1, 2):
        for step in (5, 10):
            folder = storage.attempt_dir(run.id, fence) / "checkpoints" / f"step-{step}"
            folder.mkdir(parents=True)
            (folder / "weights").write_text("w")
            sha256 = manifest.write(folder)
            path = str(folder.relative_to(storage.data_dir()))
            with transaction() as session:
                session.get_one(Job, run.job_id).fence = 2
                session.add(Checkpoint(run_id=run.id, fence=fence, step=step, path=path, bytes=1, sha256=sha256))
    abandoned = storage.uploads_dir() / "broken"
    abandoned.write_text("half")
    os.utime(abandoned, (1, 1))
    assert retention.cleanup() == retention.CleanupResult(0, 0, 1), "the run has not ended"
    with transaction() as session:
        job = session.get_one(Run, run.id).job
        job.state, job.finished_at = CANCELLED, job.created_at - 8 * 24 * 3600
    assert retention.cleanup() == retention.CleanupResult(2, 1, 0)
    assert not (storage.run_dir(run.id) / "attempt-1").exists()
    assert invariants.violations() == []
