"""The queue: fair turns, one's own order, pausing, limits, and what is said about waiting; on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.db import transaction
from app.errors import Conflict, NotFound, Rejected
from app.models import CANCELLED, QUEUED, RUNNING, SUCCEEDED, Job, Run
from app.services.accounts import limits
from app.services.queue import jobs, queue_order, workers
from app.services.runs import queue_page, runs
from app.settings import get_settings
from tests.factories import make_run, make_user, make_version


@pytest.fixture
def ann(any_database: str, owner: str) -> str:
    return owner


@pytest.fixture
def bob(ann: str) -> str:
    return make_user("bob")


def order() -> list[str]:
    with transaction() as session:
        return [row.id for row in queue_order.line(session)]


def jobs_of(user: str, count: int) -> list[str]:
    place = make_version(user)
    return [make_run(user, place, name=f"{n}").job_id for n in range(count)]


def run_of(job_id: str) -> str:
    with transaction() as session:
        return session.query(Run).filter_by(job_id=job_id).one().id


def test_people_take_turns_whoever_came_first(ann: str, bob: str) -> None:
    first, second = jobs_of(ann, 3), jobs_of(bob, 2)
    assert order() == [first[0], second[0], first[1], second[1], first[2]]


def test_a_run_that_works_counts_as_a_turn(ann: str, bob: str) -> None:
    first, second = jobs_of(ann, 2), jobs_of(bob, 2)
    jobs.begin(jobs.claim(first[0]), pid=1, phase="")
    assert order() == [second[0], first[1], second[1]]
    assert queue_order.next_job() == second[0]


def test_own_runs_are_moved_and_ranked_without_passing_anybody_else(ann: str, bob: str) -> None:
    first, second = jobs_of(ann, 3), jobs_of(bob, 1)
    runs.move(ann, run_of(first[2]), "up")
    assert order() == [first[0], second[0], first[2], first[1]]
    runs.move(ann, run_of(first[1]), "first")
    assert order()[0] == first[1]
    runs.set_priority(ann, run_of(first[2]), "high")
    assert order() == [first[2], second[0], first[1], first[0]]
    runs.move(ann, run_of(first[1]), "last")
    assert order() == [first[2], second[0], first[0], first[1]]
    with pytest.raises(Rejected):
        runs.move(ann, run_of(first[1]), "sideways")
    with pytest.raises(NotFound):
        runs.move(bob, run_of(first[1]), "first")


def test_a_paused_run_waits_for_its_person(ann: str) -> None:
    first, second = jobs_of(ann, 2)
    runs.pause(ann, run_of(first))
    assert queue_order.next_job() == second and jobs.claim(first) is None
    assert runs.as_dict(runs.get_run(ann, run_of(first)))["paused"]
    assert first not in jobs.sweep().notified
    told = queue_page.describe(ann)
    assert [row["id"] for row in told["paused"]] == [run_of(first)]
    runs.resume(ann, run_of(first))
    assert queue_order.next_job() == first
    with pytest.raises(Conflict, match="not paused"):
        with transaction() as session:
            jobs.unpause(session, session.get_one(Job, first))


def test_a_worker_lost_while_pausing_leaves_the_run_paused(ann: str) -> None:
    (job_id,) = jobs_of(ann, 1)
    claim = jobs.claim(job_id)
    jobs.begin(claim, pid=1, phase="")
    runs.pause(ann, run_of(job_id))
    assert jobs.renew(claim) == jobs.PAUSE
    with transaction() as session:
        session.get_one(Job, job_id).lease_until = 1.0
    jobs.sweep()
    assert queue_order.next_job() is None
    runs.request_cancel(ann, run_of(job_id))
    with transaction() as session:
        assert session.get_one(Job, job_id).state == CANCELLED


def test_limits_hold_against_submits_at_once(ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = make_version(ann)
    monkeypatch.setenv("STUDIO_MAX_QUEUED_PER_USER", "3")
    get_settings.cache_clear()

    def submit(_: int) -> bool:
        try:
            with transaction() as session:
                limits.check_room(session, ann)
                jobs.add(session, owner_id=ann, kind="train")
        except Conflict as refused:
            assert refused.code == "too_many_runs" and "3" in refused.message
            return False
        return True

    assert place
    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(submit, range(24))) == 3


def test_no_more_than_the_allowed_runs_of_one_person_work_at_once(
    ann: str, bob: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = jobs_of(ann, 4), jobs_of(bob, 1)
    monkeypatch.setenv("STUDIO_MAX_ACTIVE_PER_USER", "2")
    get_settings.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert sum(claim is not None for claim in pool.map(jobs.claim, mine)) == 2
    assert queue_order.next_job() == theirs[0]
    jobs.claim(theirs[0])
    assert queue_order.next_job() is None


def test_hours_of_the_week_are_counted(ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (job_id,) = jobs_of(ann, 1)
    with transaction() as session:
        job = session.get_one(Job, job_id)
        job.state, job.started_at, job.finished_at = SUCCEEDED, job.created_at - 7200, job.created_at
    monkeypatch.setenv("STUDIO_MAX_HOURS_PER_USER_PER_WEEK", "1.5")
    get_settings.cache_clear()
    with transaction() as session, pytest.raises(Conflict, match="2.0 hours"):
        limits.check_room(session, ann)


def test_the_page_says_when_and_why_and_hides_what_others_tune(ann: str, bob: str) -> None:
    mine, theirs = jobs_of(ann, 2), jobs_of(bob, 1)
    assert "No worker is running" in queue_page.describe(ann)["waiting"][0]["why"]
    workers.beat(jobs.default_holder(), mine[0])
    claim = jobs.claim(mine[0])
    jobs.begin(claim, pid=1, phase="Training")
    with transaction() as session:
        jobs.note_progress(session, claim, "Training", {"step": 5, "total_steps": 10, "eta_seconds": 100.0})
    told = queue_page.describe(ann)
    assert [row["state"] for row in told["running"]] == [RUNNING]
    assert told["running"][0]["ends_at"] == pytest.approx(told["now"] + 100, abs=2)
    other, own = told["waiting"]
    assert (other["id"], other["name"], own["id"]) == (None, "Somebody else's run", run_of(mine[1]))
    assert other["starts_at"] == pytest.approx(told["running"][0]["ends_at"], abs=1)
    assert own["starts_at"] == other["ends_at"] < own["ends_at"]
    assert own["why"] == "All workers are busy, and 1 run is ahead."
    assert told["workers"][0]["machine"]["threads"] >= 1
    assert theirs[0] not in str(told["waiting"])


def test_the_page_says_that_nobody_has_so_many_devices(owner: str) -> None:
    usual, pair = jobs_of(owner, 1)[0], jobs_of(owner, 1)[0]
    workers.beat("here:1")
    with transaction() as session:
        session.get_one(Job, pair).devices = 64
    free, never = queue_page.describe(owner)["waiting"]
    assert (free["id"], free["why"]) == (run_of(usual), "A worker is free and takes it in a moment.")
    assert never["devices"] == 64 and never["why"] == "It asks for 64 devices at once, and no worker here has so many."
    assert (never["starts_at"], never["ends_at"]) == (None, None)


def test_two_device_failures_bar_a_worker_and_others_go_on(ann: str) -> None:
    workers.beat("here:1")
    workers.beat("here:2")
    workers.note_device_failure("here:1")
    assert not workers.is_barred("here:1")
    workers.note_device_failure("here:1")
    assert workers.is_barred("here:1") and not workers.is_barred("here:2")
    workers.leave("here:2")
    assert [(each["name"], each["barred"]) for each in workers.list_workers()] == [("here:1", True)]


def test_a_finished_run_is_trained_further_and_nothing_else_is(ann: str) -> None:
    (job_id,) = jobs_of(ann, 1)
    run_id = run_of(job_id)
    with pytest.raises(Conflict, match="only finished"):
        runs.continue_training(ann, run_id, 2)
    with transaction() as session:
        session.get_one(Job, job_id).state = SUCCEEDED
    run = runs.continue_training(ann, run_id, 2)
    assert (run.job.state, run.spec["training"]["epochs"]) == (QUEUED, 5)
    assert run.job_id != job_id
