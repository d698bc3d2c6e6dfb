"""Attempts at a run with a stub trainer: every way one can end."""

import threading

import pytest

from app.db import transaction
from app.models import CANCELLED, DIVERGED, FAILED, QUEUED, RUNNING, SUCCEEDED, Job
from app.services.queue import jobs
from app.services.runs import metrics, runs
from app.settings import get_settings
from tests.worker.jobs.stub_runs import start, starts, state, stub_trainer  # noqa: F401 - an autouse fixture
from worker.jobs import supervisor, training


def test_finished_job_has_results_metrics_and_an_adapter(owner: str) -> None:
    run = start(owner, "train")
    supervisor.execute(run.job_id)
    assert state(run).state == SUCCEEDED
    assert runs.get_run(owner, run.id).results == {"metrics": {"accuracy": 1.0}}
    assert [point.value for point in metrics.since(owner, run.id).points] == [0.5]


def test_refused_run_fails_without_retry(owner: str) -> None:
    run = start(owner, "refuse")
    supervisor.execute(run.job_id)
    assert state(run).state == DIVERGED
    assert runs.as_dict(runs.get_run(owner, run.id))["error"]["code"] == "diverged"
    assert starts(run) == 1


def test_crashed_trainer_is_retried_up_to_the_limit(owner: str) -> None:
    run = start(owner, "crash")
    for attempt in range(1, get_settings().max_attempts + 1):
        supervisor.execute(run.job_id)
        assert state(run).attempt == attempt
        with transaction() as session:
            session.get_one(Job, run.job_id).not_before = 0.0
    assert state(run).state == FAILED
    assert "SIGKILL" in state(run).error["error"]["message"]
    supervisor.execute(run.job_id)
    assert starts(run) == get_settings().max_attempts


@pytest.mark.parametrize("behaviour", ["hang", "deaf"])
def test_cancel_ends_a_trainer_that_ignores_requests(
    owner: str, behaviour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The limit: cancel works within 10 s in any phase. Here each stage comes after a fifth of its time.
    assert training.TERM_AFTER_SECONDS < training.KILL_AFTER_SECONDS < 10
    monkeypatch.setattr(training, "TERM_AFTER_SECONDS", training.TERM_AFTER_SECONDS / 5)
    monkeypatch.setattr(training, "KILL_AFTER_SECONDS", training.KILL_AFTER_SECONDS / 5)
    run = start(owner, behaviour)
    begun = threading.Event()
    worker = threading.Thread(target=supervisor.execute, args=(run.job_id,), kwargs={"on_spool": lambda _: begun.set()})
    worker.start()
    assert begun.wait(60)
    runs.request_cancel(owner, run.id)
    worker.join(30)
    assert not worker.is_alive()
    assert state(run).state == CANCELLED


def test_overtaken_supervisor_kills_its_trainer_and_writes_nothing(owner: str) -> None:
    run = start(owner, "hang")
    begun = threading.Event()
    worker = threading.Thread(target=supervisor.execute, args=(run.job_id,), kwargs={"on_spool": lambda _: begun.set()})
    worker.start()
    assert begun.wait(60)
    with transaction() as session:
        session.get_one(Job, run.job_id).lease_until = 1.0
    assert jobs.sweep().requeued == [run.job_id]
    worker.join(30)
    assert not worker.is_alive()
    assert state(run).state == QUEUED
    assert state(run).phase == "The worker disappeared; waiting for another"


def test_stopping_worker_releases_the_job_without_counting_an_attempt(
    owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(owner, "hang")
    begun = threading.Event()
    monkeypatch.setattr(supervisor, "stopping", threading.Event())
    worker = threading.Thread(target=supervisor.execute, args=(run.job_id,), kwargs={"on_spool": lambda _: begun.set()})
    worker.start()
    assert begun.wait(60)
    assert state(run).state == RUNNING
    supervisor.stopping.set()
    worker.join(30)
    assert (state(run).state, state(run).attempt) == (QUEUED, 0)
