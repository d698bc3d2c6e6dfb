"""Changes to data as jobs: followed while no worker runs, ended with their version, stopped, repeated."""

import pytest

from app.errors import Conflict, NotFound, StudioError
from app.queue import LIGHT_QUEUE
from app.services.accounts import accounts
from app.services.datasets import checks
from app.services.datasets.changes import Exclude
from app.services.datasets.dataset_jobs import changes_job, perform
from app.services.datasets.progress import Progress
from app.services.datasets.row_search import Selection
from app.services.queue import jobs, workers
from tests.app.services.datasets.letters import newest


@pytest.fixture
def check(owner, dataset):
    return checks.start(owner, changes_job(dataset.id, [Exclude(Selection(ids=(1, 2)))], 1))


def claim_check(check):
    claim = jobs.claim(check["job_id"])
    assert claim
    jobs.begin(claim, pid=1, phase="Checking every row")
    return claim


def test_version_and_end_of_the_job_are_recorded_together(owner, dataset, check):
    claim = claim_check(check)
    user_id, work = checks.work_of(claim.job_id)
    conclude = Progress(conclude=lambda session, *version: checks.note_result(claim, session, *version))
    assert newest(perform(user_id, work, conclude)).number == 2
    status = checks.status(owner, check["id"])
    assert (status["state"], status["version"], status["dataset_id"]) == ("succeeded", 2, dataset.id)
    assert newest(checks.wait(owner, check["id"])).number == 2
    with pytest.raises(Conflict):
        checks.retry(owner, check["id"])


def test_queued_check_says_that_no_worker_is_running(owner, check, monkeypatch):
    monkeypatch.setattr(checks, "WORKER_START_SECONDS", 0.0)
    assert checks.status(owner, check["id"])["phase"] == checks.NO_WORKER
    with pytest.raises(StudioError) as refused:
        checks.wait(owner, check["id"])
    assert (refused.value.code, refused.value.status) == (checks.NO_LIGHT_WORKER, 503)
    workers.beat("light:1", queue=LIGHT_QUEUE)
    assert checks.status(owner, check["id"])["phase"] != checks.NO_WORKER


def test_stopped_check_changes_nothing_and_can_be_repeated(owner, dataset, check):
    with pytest.raises(Conflict, match="queued"):
        checks.retry(owner, check["id"])
    assert checks.cancel(owner, check["id"])["state"] == "cancelled"
    with pytest.raises(Conflict, match="nothing was changed"):
        checks.wait(owner, check["id"])
    again = checks.retry(owner, check["id"])
    assert (again["id"], again["state"]) == (check["id"], "queued") and again["job_id"] != check["job_id"]


def test_check_of_another_user_is_not_found(dataset, check):
    bob = accounts.add_user("bob").id
    for call in (checks.status, checks.wait, checks.cancel, checks.retry):
        with pytest.raises(NotFound):
            call(bob, check["id"])
    with pytest.raises(NotFound):
        checks.start(bob, changes_job(dataset.id, [], 1))
