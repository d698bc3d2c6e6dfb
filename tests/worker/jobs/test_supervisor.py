"""A job is claimed and executed once, and only its holder may write about it."""

import pytest

from app import storage
from app.db import transaction
from app.models import CANCELLED, Job
from app.services.queue import jobs
from app.services.runs import metrics, runs
from tests.worker.jobs.stub_runs import start, starts, state, stub_trainer  # noqa: F401 - an autouse fixture
from worker.jobs import supervisor


def test_duplicate_message_starts_one_trainer(owner: str) -> None:
    run = start(owner, "train")
    supervisor.execute(run.job_id)
    supervisor.execute(run.job_id)
    assert starts(run) == 1


def test_cancelled_queued_run_ends_at_once(owner: str) -> None:
    run = start(owner, "train")
    runs.request_cancel(owner, run.id)
    assert state(run).state == CANCELLED
    supervisor.execute(run.job_id)
    assert not (storage.run_dir(run.id) / "starts.txt").exists()


def test_stale_claim_cannot_write(owner: str) -> None:
    run = start(owner, "train")
    claim = jobs.claim(run.job_id)
    with transaction() as session:
        session.get_one(Job, run.job_id).lease_until = 1.0
    jobs.sweep()
    with pytest.raises(jobs.StaleClaim), jobs.held(claim) as session:
        metrics.append(session, run.id, "old", [])
    with pytest.raises(jobs.StaleClaim):
        jobs.renew(claim)
