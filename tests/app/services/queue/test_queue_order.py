"""The order of the queue: fair turns between people, one's own order of one's own runs, the limit of active runs."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.db import transaction
from app.errors import NotFound, Rejected
from app.services.queue import jobs, queue_order
from app.services.runs import runs
from app.settings import get_settings
from tests.app.services.queue.queued_runs import jobs_of, run_of
from tests.factories import make_user


@pytest.fixture
def ann(any_database: str, owner: str) -> str:
    return owner


@pytest.fixture
def bob(ann: str) -> str:
    return make_user("bob")


def order() -> list[str]:
    with transaction() as session:
        return [row.id for row in queue_order.line(session)]


def test_people_take_turns_whatever_the_order_of_submission(ann: str, bob: str) -> None:
    first, second = jobs_of(ann, 3), jobs_of(bob, 2)
    assert order() == [first[0], second[0], first[1], second[1], first[2]]


def test_running_job_counts_as_a_turn(ann: str, bob: str) -> None:
    first, second = jobs_of(ann, 2), jobs_of(bob, 2)
    jobs.begin(jobs.claim(first[0]), pid=1, phase="")
    assert order() == [second[0], first[1], second[1]]
    assert queue_order.next_job() == second[0]


def test_moves_and_priorities_reorder_own_runs_only(ann: str, bob: str) -> None:
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


def test_limit_of_active_runs_holds_against_concurrent_claims(
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


def light_jobs_of(user: str, *kinds: str) -> list[str]:
    with transaction() as session:
        made = [jobs.add(session, owner_id=user, kind=kind) for kind in kinds]
        session.flush()
        return [job.id for job in made]


def test_queue_offers_only_its_own_kinds(ann: str) -> None:
    (training,) = jobs_of(ann, 1)
    review, fetch, track, check = light_jobs_of(ann, "label-review", "fetch", "track", "data-check")
    assert queue_order.next_job() == training and order() == [training]
    jobs.claim(training)
    assert queue_order.next_job() is None
    taken = []
    while (job_id := queue_order.next_light_job()) is not None:
        taken.append(job_id)
        jobs.claim(job_id)
    assert taken[0] == check and sorted(taken[1:]) == sorted([review, fetch, track]), "reports on data come first"


def test_people_take_turns_with_light_jobs(ann: str, bob: str) -> None:
    mine = light_jobs_of(ann, "label-review", "label-review", "label-review")
    (theirs,) = light_jobs_of(bob, "fetch")
    jobs.claim(mine[0])
    assert queue_order.next_light_job() == theirs
    assert queue_order.next_light_job(("data-check",)) is None


def test_the_limit_of_active_runs_does_not_hold_back_light_jobs(ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_MAX_ACTIVE_PER_USER", "1")
    get_settings.cache_clear()
    (training,) = jobs_of(ann, 1)
    review, fetch = light_jobs_of(ann, "label-review", "fetch")
    assert jobs.claim(review) and jobs.claim(fetch) and jobs.claim(training)
