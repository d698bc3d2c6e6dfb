"""Figures of the queue for operators."""

from app.db import transaction
from app.models import Job
from app.services.operations import operations
from app.services.queue import jobs, workers
from tests.factories import make_run


def test_states_waiting_times_workers_and_counters_are_measured(owner: str, any_database: str) -> None:
    first, second, third = (make_run(owner) for _ in range(3))
    jobs.begin(jobs.claim(first.job_id), pid=1, phase="")
    with transaction() as session:
        jobs.request_pause(session, session.get_one(Job, second.job_id))
        session.get_one(Job, first.job_id).lease_until = 1.0
        session.get_one(Job, third.job_id).created_at -= 90
    workers.beat("here:1")
    jobs.sweep()
    figures = operations.measure()
    assert (figures.states["queued"], figures.ready, figures.paused) == (3, 2, 1)
    assert 90 <= figures.oldest_wait < 120
    assert figures.workers == {"working": 0, "free": 1, "silent": 0, "barred": 0}
    assert figures.counters == {"sweep_requeued": 1}
