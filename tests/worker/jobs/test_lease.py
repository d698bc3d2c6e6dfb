"""Jobs in the light worker itself give up at a stop, and go back to the queue when the worker leaves."""

from collections.abc import Callable

import pytest

from app.db import snapshot, transaction
from app.job_kinds import PERSON_EXPORT
from app.models import Job
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from worker.jobs import lease


def claimed(owner: str) -> Claim:
    with transaction() as session:
        job_id = jobs.add(session, owner_id=owner, kind=PERSON_EXPORT).id
    claim = jobs.claim(job_id)
    assert claim is not None
    return claim


def works_for_ever(claim: Claim, keep_on: Callable[[], None]) -> None:
    while True:
        keep_on()


@pytest.mark.parametrize(("leaving", "state"), [(False, "cancelled"), (True, "queued")])
def test_job_ends_when_it_is_asked_to(owner: str, monkeypatch: pytest.MonkeyPatch, leaving: bool, state: str) -> None:
    monkeypatch.setattr(lease, "RENEW_SECONDS", 0.0)
    claim = claimed(owner)
    if not leaving:
        with transaction() as session:
            jobs.request_cancel(session, session.get_one(Job, claim.job_id))
    lease.run_in_worker(claim, lambda: leaving, "Copying", works_for_ever)
    with snapshot() as session:
        assert session.get_one(Job, claim.job_id).state == state
