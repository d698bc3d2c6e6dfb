"""Transitions of a job that people ask for: pausing while a worker is lost."""

from app.db import transaction
from app.models import CANCELLED, Job
from app.services.queue import jobs, queue_order
from app.services.runs import runs
from tests.app.services.queue.queued_runs import jobs_of, run_of


def test_worker_lost_while_pausing_leaves_the_run_paused(any_database: str, owner: str) -> None:
    (job_id,) = jobs_of(owner, 1)
    claim = jobs.claim(job_id)
    jobs.begin(claim, pid=1, phase="")
    runs.pause(owner, run_of(job_id))
    assert jobs.renew(claim) == jobs.PAUSE
    with transaction() as session:
        session.get_one(Job, job_id).lease_until = 1.0
    jobs.sweep()
    assert queue_order.next_job() is None
    runs.request_cancel(owner, run_of(job_id))
    with transaction() as session:
        assert session.get_one(Job, job_id).state == CANCELLED
