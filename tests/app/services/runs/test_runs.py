"""The life of a run: what can be continued, and what cannot."""

import pytest

from app.db import transaction
from app.errors import Conflict
from app.models import QUEUED, SUCCEEDED, Job
from app.services.runs import runs
from tests.app.services.queue.queued_runs import jobs_of, run_of
from tests.app.services.runs.test_checkpoints import keep


def test_only_finished_runs_are_trained_for_further_epochs(any_database: str, owner: str) -> None:
    (job_id,) = jobs_of(owner, 1)
    run_id = run_of(job_id)
    with pytest.raises(Conflict, match="only finished"):
        runs.continue_training(owner, run_id, 2)
    with transaction() as session:
        session.get_one(Job, job_id).state = SUCCEEDED
    with pytest.raises(Conflict, match="could only start over"):
        runs.continue_training(owner, run_id, 2)
    keep(run_id, 5)
    run = runs.continue_training(owner, run_id, 2)
    assert (run.job.state, run.spec["training"]["epochs"]) == (QUEUED, 5)
    assert run.job_id != job_id


def test_repeated_submit_means_the_same_run_after_it_was_stopped_and_resumed(any_database: str, owner: str) -> None:
    (job_id,) = jobs_of(owner, 1)
    run_id = run_of(job_id)
    with transaction() as session:
        session.get_one(Job, job_id).idempotency_key = "key-1"
    runs.request_cancel(owner, run_id)
    assert runs.resume(owner, run_id).job_id != job_id
    request = runs.RunRequest(dataset_id="any", base_model="any", task_type="any", method={})
    assert runs.submit(owner, request, idempotency_key="key-1").id == run_id
