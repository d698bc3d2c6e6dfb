"""A job in a process of its own: every way in which it can end."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from app.db import transaction
from app.models import CANCELLED, FAILED, QUEUED, SUCCEEDED, Job
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from tests.studio.processes import wait_until
from worker.jobs import subprocess_job
from worker.jobs.subprocess_job import SubprocessJob, run


def store(claim: Claim, result: dict[str, Any]) -> None:
    with jobs.held(claim) as session:
        session.get_one(Job, claim.job_id).adjustments = result
        jobs.succeed(session, claim)


JOB = SubprocessJob(
    "tests.worker.jobs.stub_job", store, ("stub_crashed", "It ended with {code}.", "Try again."), {"MORE": "yes"}
)


@pytest.fixture
def claim(owner: str, monkeypatch: pytest.MonkeyPatch) -> Claim:
    monkeypatch.setattr(subprocess_job, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(subprocess_job, "RENEW_SECONDS", 0.0)
    with transaction() as session:
        job = jobs.add(session, owner_id=owner, kind="label-review")
    found = jobs.claim(job.id)
    assert found is not None
    return found


def carried_out(claim: Claim, folder: Path, behaviour: str, leaving: bool = False) -> Job:
    (folder / "behaviour.txt").write_text(behaviour)
    run(claim, lambda: leaving, folder, JOB)
    return state(claim)


def state(claim: Claim) -> Job:
    with transaction() as session:
        return session.get_one(Job, claim.job_id)


def test_result_is_stored_and_ends_the_job(claim: Claim, tmp_path: Path) -> None:
    job = carried_out(claim, tmp_path, "finish")
    assert (job.state, job.adjustments) == (SUCCEEDED, {"answer": 42})


def test_process_gets_no_secret_but_the_variables_of_its_job(
    claim: Claim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_INFERENCE_SECRET", "hush")
    monkeypatch.setenv("HF_TOKEN", "hush")
    carried_out(claim, tmp_path, "finish")
    environment = json.loads((tmp_path / "environment.json").read_text())
    assert environment["MORE"] == "yes" and environment["HF_HUB_OFFLINE"] == "1"
    assert not [name for name in environment if name.startswith("STUDIO_") or name == "HF_TOKEN"]


def test_refusal_fails_the_job_with_its_words(claim: Claim, tmp_path: Path) -> None:
    job = carried_out(claim, tmp_path, "refuse")
    assert job.state == FAILED and job.error["error"]["code"] == "too_odd"


def test_crash_is_tried_again_and_at_last_told_with_the_exit_code(claim: Claim, tmp_path: Path) -> None:
    with transaction() as session:
        session.get_one(Job, claim.job_id).max_attempts = 2
    job = carried_out(claim, tmp_path, "crash")
    assert (job.state, job.attempt) == (QUEUED, 1)
    again = jobs.claim(claim.job_id)
    assert again is not None
    job = carried_out(again, tmp_path, "crash")
    assert job.state == FAILED and job.error["error"]["message"] == "It ended with 7."


def test_leaving_worker_releases_the_job_without_counting_an_attempt(claim: Claim, tmp_path: Path) -> None:
    job = carried_out(claim, tmp_path, "hang", leaving=True)
    assert (job.state, job.attempt) == (QUEUED, 0)


def test_request_to_stop_kills_the_process(claim: Claim, tmp_path: Path) -> None:
    worker = threading.Thread(target=carried_out, args=(claim, tmp_path, "hang"))
    worker.start()
    wait_until(lambda: state(claim).phase == "Halfway", "the phase of the process is reported", 60)
    with transaction() as session:
        jobs.request_cancel(session, session.get_one(Job, claim.job_id))
    worker.join(60)
    assert not worker.is_alive() and state(claim).state == CANCELLED
