"""Limits of queued runs and weekly hours of one person, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app import job_kinds
from app.db import transaction
from app.errors import Conflict, DiskFull
from app.models import SUCCEEDED, Artifact, DatasetVersion, Job
from app.services.accounts import limits
from app.services.queue import jobs
from app.settings import get_settings
from tests.app.services.queue.queued_runs import jobs_of
from tests.factories import make_run, make_user, make_version


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


def test_usage_tells_active_runs_and_hours(ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_MAX_HOURS_PER_USER_PER_WEEK", "8")
    get_settings.cache_clear()
    with transaction() as session:
        jobs.add(session, owner_id=ann, kind="train")
        ended = jobs.add(session, owner_id=ann, kind="train")
        session.flush()
        ended.state = SUCCEEDED
        ended.finished_at = ended.created_at
        ended.started_at = ended.created_at - 7200
    used = limits.usage(ann)
    assert (used.active, used.max_active, used.max_hours) == (1, 200, 8.0) and used.hours == pytest.approx(2.0)


def test_light_jobs_are_no_runs_and_take_no_hours_of_devices(ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_MAX_QUEUED_PER_USER", "1")
    get_settings.cache_clear()
    with transaction() as session:
        jobs.add(session, owner_id=ann, kind=job_kinds.DATA_CHECK)
        fetched = jobs.add(session, owner_id=ann, kind=job_kinds.MODEL_FETCH)
        session.flush()
        fetched.state, fetched.started_at, fetched.finished_at = (
            SUCCEEDED,
            fetched.created_at - 7200,
            fetched.created_at,
        )
        limits.check_limits(session, ann)
    used = limits.usage(ann)
    assert (used.active, used.hours) == (0, 0.0)


def test_bytes_of_one_person_are_limited_and_other_people_are_not_counted(
    ann: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_version(ann)
    make_version(make_user("bob"))
    run = make_run(ann)
    with transaction() as session:
        session.add(Artifact(run_id=run.id, kind="adapter", path="runs/x", bytes=1000, sha256="0" * 64))
    assert limits.usage(ann).bytes == 100 + 100 + 1000
    monkeypatch.setenv("STUDIO_MAX_BYTES_PER_USER", "1500")
    get_settings.cache_clear()
    limits.check_storage(ann, 300)
    with pytest.raises(Conflict) as refused:
        limits.check_storage(ann, 301)
    assert refused.value.code == "storage_used_up" and refused.value.details["stored_bytes"] == 1200


def test_of_two_imports_at_once_only_one_passes_a_limit(ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    project, version = make_version(ann)
    monkeypatch.setenv("STUDIO_MAX_BYTES_PER_USER", "250")
    get_settings.cache_clear()

    def keep(_: int) -> bool:
        try:
            with transaction() as session:
                limits.check_stored(session, ann, project, 100)
                dataset_id = session.get_one(DatasetVersion, version).dataset_id
                kept = {"dataset_id": dataset_id, "number": 2 + _, "format": "csv", "content_sha256": "0" * 64}
                about = {"bytes": 100, "rows": 1, "usable_rows": 1, "status": "ok", "task_type": "text-classification"}
                rest = {"columns": {}, "labels": {}, "split_sizes": {}, "report": {}}
                session.add(DatasetVersion(**kept, **about, **rest))
        except Conflict as refused:
            assert refused.code == "storage_used_up"
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(keep, range(6))) == 1
    assert limits.usage(ann).bytes == 200


def test_no_upload_takes_the_space_that_is_kept_free(ann: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limits.check_storage(ann, 1000)
    with pytest.raises(DiskFull, match="MB are needed"):
        limits.check_storage(ann, 10**15)
