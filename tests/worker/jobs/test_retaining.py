"""A job that deletes by rule goes back to the queue when its worker leaves."""

import pytest

from app.db import snapshot
from app.models import QUEUED, Job
from app.services.operations import retention_rules
from app.services.queue import jobs
from app.settings import get_settings
from tests.app.services.operations.test_retention_rules import finished
from worker.jobs import retaining


def test_a_leaving_worker_deletes_nothing_more(owner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    finished(owner, 3)
    monkeypatch.setenv("STUDIO_KEEP_ANSWER_DAYS", "2")
    get_settings.cache_clear()
    assert retention_rules.queue()
    with snapshot() as session:
        job_id = session.query(Job).filter_by(kind="retention").one().id
    claim = jobs.claim(job_id)
    assert claim is not None
    retaining.run(claim, lambda: True)
    with snapshot() as session:
        assert session.get_one(Job, job_id).state == QUEUED
    assert retention_rules.rules(owner)[1].due == 1
