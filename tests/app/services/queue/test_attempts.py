"""Attempts that come further do not count against the maximum."""

import pytest

from app.db import transaction
from app.models import FAILED, QUEUED, Checkpoint, Job
from app.services.queue import jobs
from app.settings import get_settings
from tests.factories import make_run

ERROR = {"error": {"code": "trainer_crashed", "message": "It ended.", "hint": "", "details": {}}}


def attempt(run_id: str, job_id: str, step: int, how: str) -> Job:
    """Claim the job, save a step (0: none), then crash or lose the worker; returns the job afterwards."""
    with transaction() as session:
        session.get_one(Job, job_id).not_before = 0.0
    claim = jobs.claim(job_id)
    assert claim is not None
    jobs.begin(claim, pid=1, phase="Training")
    if step:
        with transaction() as session:
            path = f"runs/{run_id}/attempt-{claim.fence}/checkpoints/step-{step}"
            row = Checkpoint(
                run_id=run_id, fence=claim.fence, step=step, path=path, bytes=1, sha256="0" * 64, metrics={}
            )
            session.add(row)
    if how == "crash":
        jobs.retry(claim, ERROR)
    else:
        with transaction() as session:
            session.get_one(Job, job_id).lease_until = 1.0
        jobs.sweep()
    with transaction() as session:
        return session.get_one(Job, job_id)


@pytest.mark.parametrize("how", ["crash", "lost"])
def test_run_that_comes_further_each_time_is_tried_as_often_as_it_takes(
    any_database: str, owner: str, how: str
) -> None:
    run = make_run(owner)
    for step in range(1, get_settings().max_attempts + 3):
        job = attempt(run.id, run.job_id, step, how)
        assert (job.state, job.attempt) == (QUEUED, 0)


@pytest.mark.parametrize("how", ["crash", "lost"])
def test_attempts_that_come_no_further_count(any_database: str, owner: str, how: str) -> None:
    run = make_run(owner)
    assert attempt(run.id, run.job_id, 6, how).attempt == 0
    # The best checkpoint of the attempt before is copied into the next one; that is no progress.
    states = [attempt(run.id, run.job_id, step, how).state for step in (6, 0, 3)]
    assert states == [QUEUED, QUEUED, FAILED]
