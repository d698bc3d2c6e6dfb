"""The queue page: positions, reasons and expected times; other people's runs stay anonymous."""

import pytest

from app.db import transaction
from app.errors import Conflict
from app.models import RUNNING, Job
from app.services.queue import jobs, queue_order, workers
from app.services.runs import queue_page, runs
from tests.app.services.queue.queued_runs import jobs_of, run_of
from tests.factories import make_user


@pytest.fixture
def ann(any_database: str, owner: str) -> str:
    return owner


@pytest.fixture
def bob(ann: str) -> str:
    return make_user("bob")


def test_paused_run_waits_until_its_owner_resumes_it(ann: str) -> None:
    first, second = jobs_of(ann, 2)
    runs.pause(ann, run_of(first))
    assert queue_order.next_job() == second and jobs.claim(first) is None
    assert runs.as_dict(runs.get_run(ann, run_of(first)))["paused"]
    assert first not in jobs.sweep().notified
    (row,) = queue_page.describe(ann).paused
    assert row.id == run_of(first) and row.why == "Paused; waits until its owner resumes it."
    runs.resume(ann, run_of(first))
    assert queue_order.next_job() == first
    with pytest.raises(Conflict, match="not paused"):
        with transaction() as session:
            jobs.unpause(session, session.get_one(Job, first))


def test_waiting_runs_show_reason_and_times_without_other_peoples_names(ann: str, bob: str) -> None:
    mine, theirs = jobs_of(ann, 2), jobs_of(bob, 1)
    assert "No worker is running" in queue_page.describe(ann).waiting[0].why
    workers.beat(jobs.default_holder(), mine[0])
    claim = jobs.claim(mine[0])
    jobs.begin(claim, pid=1, phase="Training")
    with transaction() as session:
        jobs.note_progress(session, claim, "Training", {"step": 5, "total_steps": 10, "eta_seconds": 100.0})
    overview = queue_page.describe(ann)
    assert [row.state for row in overview.running] == [RUNNING]
    assert overview.running[0].ends_at == pytest.approx(overview.now + 100, abs=2)
    other, own = overview.waiting
    assert (other.id, other.name, own.id) == (None, "Somebody else's run", run_of(mine[1]))
    assert other.starts_at == pytest.approx(overview.running[0].ends_at, abs=1)
    assert own.starts_at == other.ends_at < own.ends_at
    assert own.why == "All workers are busy, and 1 run is ahead."
    assert overview.workers[0].machine["threads"] >= 1
    assert theirs[0] not in str(overview.waiting)


def test_run_that_no_worker_can_take_says_so(owner: str) -> None:
    usual, pair = jobs_of(owner, 1)[0], jobs_of(owner, 1)[0]
    workers.beat("here:1")
    with transaction() as session:
        session.get_one(Job, pair).devices = 64
    free, never = queue_page.describe(owner).waiting
    assert (free.id, free.why) == (run_of(usual), "A worker is free and takes it in a moment.")
    assert never.devices == 64 and never.why == "It asks for 64 devices at once, and no worker here has so many."
    assert (never.starts_at, never.ends_at) == (None, None)
