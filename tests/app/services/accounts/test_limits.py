"""Limits of queued runs and weekly hours of one person, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.db import transaction
from app.errors import Conflict
from app.models import SUCCEEDED, Job
from app.services.accounts import limits
from app.services.queue import jobs
from app.settings import get_settings
from tests.app.services.queue.queued_runs import jobs_of


@pytest.fixture
def ann(any_database: str, owner: str) -> str:
    return owner


def test_limit_of_queued_runs_holds_against_concurrent_submits(ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_MAX_QUEUED_PER_USER", "3")
    get_settings.cache_clear()

    def submit(_: int) -> bool:
        try:
            with transaction() as session:
                limits.check_limits(session, ann)
                jobs.add(session, owner_id=ann, kind="train")
        except Conflict as refused:
            assert refused.code == "too_many_runs" and "3" in refused.message
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(submit, range(24))) == 3


def test_hours_of_the_last_week_are_limited(ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (job_id,) = jobs_of(ann, 1)
    with transaction() as session:
        job = session.get_one(Job, job_id)
        job.state, job.started_at, job.finished_at = SUCCEEDED, job.created_at - 7200, job.created_at
    monkeypatch.setenv("STUDIO_MAX_HOURS_PER_USER_PER_WEEK", "1.5")
    get_settings.cache_clear()
    with transaction() as session, pytest.raises(Conflict, match=r"2\.0 hours"):
        limits.check_limits(session, ann)
