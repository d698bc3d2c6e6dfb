"""Beat's scheduler: lost jobs come back, an outage costs nobody a lease, and the data folder is tidied once an hour."""

from collections.abc import Iterator

import pytest

from app.db import transaction
from app.models import QUEUED, Job
from app.queue import celery_app
from app.services.operations import retention
from app.services.queue import jobs
from app.settings import get_settings
from tests.factories import make_run
from worker import sweeper
from worker.sweeper import SweepScheduler


@pytest.fixture
def scheduler(owner: str) -> Iterator[SweepScheduler]:
    made = SweepScheduler(celery_app(), lazy=True)
    yield made
    made.close()


def lost_job(owner: str) -> str:
    """A claimed job whose holder has not renewed its lease."""
    run = make_run(owner)
    assert jobs.claim(run.job_id)
    with transaction() as session:
        session.get_one(Job, run.job_id).lease_until = 1.0
    return run.job_id


def state(job_id: str) -> str:
    with transaction() as session:
        return session.get_one(Job, job_id).state


def test_lost_job_is_queued_again_and_the_next_sweep_is_as_far_as_the_settings_say(
    owner: str, scheduler: SweepScheduler
) -> None:
    job = lost_job(owner)
    assert scheduler.tick() == get_settings().sweep_seconds
    assert state(job) == QUEUED


def test_holders_get_the_time_of_one_lease_after_an_outage(
    owner: str, scheduler: SweepScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = lost_job(owner)
    sweep = jobs.sweep

    def fail(**_: object) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(jobs, "sweep", fail)
    assert scheduler.tick() == get_settings().sweep_seconds
    monkeypatch.setattr(jobs, "sweep", sweep)
    scheduler.tick()
    assert state(job) != QUEUED
    # As if one lease had passed.
    scheduler._away_until -= get_settings().lease_seconds
    scheduler.tick()
    assert state(job) == QUEUED


def test_data_folder_is_tidied_at_the_start_and_once_an_hour(
    scheduler: SweepScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied: list[object] = []
    cleanup = retention.cleanup
    monkeypatch.setattr(retention, "cleanup", lambda: tidied.append(cleanup()))
    scheduler.tick()
    scheduler.tick()
    assert len(tidied) == 1
    monkeypatch.setattr(sweeper, "TIDY_SECONDS", 0.0)
    scheduler.tick()
    assert len(tidied) == 2


def test_nothing_is_scheduled_by_message(scheduler: SweepScheduler) -> None:
    assert scheduler.schedule == {}
