"""What operators see: Prometheus numbers of the queue, JSON lines with ids, and files that go when nobody needs them."""

import io
import json
import logging
import os

import pytest

from app import logs, manifest, storage
from app.db import transaction
from app.models import CANCELLED, Checkpoint, Job, Run
from app.services.operations import invariants, operations, retention
from app.services.queue import jobs, workers
from app.settings import get_settings
from tests.factories import make_run


def test_the_queue_is_measured(owner: str, any_database: str) -> None:
    first, second, third = (make_run(owner) for _ in range(3))
    jobs.begin(jobs.claim(first.job_id), pid=1, phase="")
    with transaction() as session:
        jobs.request_pause(session, session.get_one(Job, second.job_id))
        session.get_one(Job, first.job_id).lease_until = 1.0
        session.get_one(Job, third.job_id).created_at -= 90
    workers.beat("here:1")
    jobs.sweep()
    now = operations.measure()
    assert (now.states["queued"], now.ready, now.paused) == (3, 2, 1)
    assert 90 <= now.oldest_wait < 120
    assert now.workers == {"working": 0, "free": 1, "silent": 0, "barred": 0}
    assert now.tallies == {"sweep_requeued": 1}


def test_json_lines_name_job_and_run_and_stay_one_line(monkeypatch: pytest.MonkeyPatch, studio_home: object) -> None:
    monkeypatch.setenv("STUDIO_LOG_FORMAT", "json")
    get_settings.cache_clear()
    for formatter, parse in ((logs.JsonLines("worker"), json.loads), (logs.TextLines(), str)):
        out = io.StringIO()
        handler = logging.StreamHandler(out)
        handler.setFormatter(formatter)
        log = logging.Logger("test")
        log.addHandler(handler)
        with logs.about(job="j1"), logs.about(run="r1"):
            log.info("a name with\nERROR a forged line and \x1b[31m colour")
        (line,) = out.getvalue().splitlines()
        parse(line)
        assert "j1" in line and "r1" in line and "\x1b" not in line


def test_what_nobody_needs_goes_and_what_is_listed_stays(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
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
    left_over = storage.uploads_dir() / "broken"
    left_over.write_text("half")
    os.utime(left_over, (1, 1))
    assert retention.cleanup() == {"checkpoints": 0, "folders": 0, "uploads": 1}, "the run has not ended"
    with transaction() as session:
        job = session.get_one(Run, run.id).job
        job.state, job.finished_at = CANCELLED, job.created_at - 8 * 24 * 3600
    assert retention.cleanup() == {"checkpoints": 2, "folders": 1, "uploads": 0}
    assert not (storage.run_dir(run.id) / "attempt-1").exists()
    assert invariants.violations() == []
