"""The supervisor with a stub trainer: every way a job can end, and who may write about it."""

import threading
from pathlib import Path

import pytest

from app import storage
from app.db import transaction
from app.models import CANCELLED, DIVERGED, FAILED, QUEUED, RUNNING, SUCCEEDED, Job, Run
from app.services.queue import jobs
from app.services.runs import metrics, runs
from app.settings import get_settings
from tests.factories import SPEC, make_run
from worker.jobs import supervisor
from worker.processes import prewarmed
from worker.processes.trainer_process import trainer_environment


@pytest.fixture(autouse=True)
def stub_trainer(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_TRAINER_MODULE", "tests.worker.stub_trainer")
    get_settings.cache_clear()
    # Another file's warm trainer would be taken for the stub.
    prewarmed.dismiss()
    yield
    prewarmed.dismiss()


def start(owner: str, behaviour: str) -> Run:
    run = make_run(owner)
    with transaction() as session:
        session.get_one(Run, run.id).spec = {**SPEC, "labels": [behaviour, "x"]}
    return run


def state(run: Run) -> Job:
    with transaction() as session:
        return session.get_one(Job, session.get_one(Run, run.id).job_id)


def starts(run: Run) -> int:
    return len((storage.run_dir(run.id) / "starts.txt").read_text().splitlines())


def test_a_job_that_ends_well_has_results_metrics_and_an_adapter(owner: str) -> None:
    run = start(owner, "train")
    supervisor.execute(run.job_id)
    assert state(run).state == SUCCEEDED
    assert runs.get_run(owner, run.id).results == {"metrics": {"accuracy": 1.0}}
    assert [point.value for point in metrics.since(owner, run.id).points] == [0.5]


def test_a_message_delivered_twice_starts_one_trainer(owner: str) -> None:
    run = start(owner, "train")
    supervisor.execute(run.job_id)
    supervisor.execute(run.job_id)
    assert starts(run) == 1


def test_a_refusal_of_the_trainer_is_shown_and_not_retried(owner: str) -> None:
    run = start(owner, "refuse")
    supervisor.execute(run.job_id)
    assert state(run).state == DIVERGED
    assert runs.as_dict(runs.get_run(owner, run.id))["error"]["code"] == "diverged"
    assert starts(run) == 1


def test_a_crash_is_tried_again_up_to_the_cap_and_then_fails_with_a_sentence(owner: str) -> None:
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
def test_cancel_ends_a_running_job_even_when_its_trainer_does_not_listen(owner: str, behaviour: str) -> None:
    run = start(owner, behaviour)
    begun = threading.Event()
    worker = threading.Thread(target=supervisor.execute, args=(run.job_id,), kwargs={"on_spool": lambda _: begun.set()})
    worker.start()
    assert begun.wait(20)
    runs.request_cancel(owner, run.id)
    # The limit: cancel works within 10 s in any phase.
    worker.join(10)
    assert not worker.is_alive()
    assert state(run).state == CANCELLED


def test_cancelling_a_waiting_run_ends_it_at_once(owner: str) -> None:
    run = start(owner, "train")
    runs.request_cancel(owner, run.id)
    assert state(run).state == CANCELLED
    supervisor.execute(run.job_id)
    assert not (storage.run_dir(run.id) / "starts.txt").exists()


def test_an_overtaken_supervisor_kills_its_trainer_and_writes_nothing(owner: str) -> None:
    run = start(owner, "hang")
    begun = threading.Event()
    worker = threading.Thread(target=supervisor.execute, args=(run.job_id,), kwargs={"on_spool": lambda _: begun.set()})
    worker.start()
    assert begun.wait(20)
    with transaction() as session:
        session.get_one(Job, run.job_id).lease_until = 1.0
    assert jobs.sweep().requeued == [run.job_id]
    worker.join(10)
    assert not worker.is_alive()
    assert state(run).state == QUEUED
    assert state(run).phase == "The worker disappeared; waiting for another"


def test_a_worker_that_shuts_down_gives_the_job_back_without_counting_an_attempt(
    owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(owner, "hang")
    begun = threading.Event()
    monkeypatch.setattr(supervisor, "stopping", threading.Event())
    worker = threading.Thread(target=supervisor.execute, args=(run.job_id,), kwargs={"on_spool": lambda _: begun.set()})
    worker.start()
    assert begun.wait(20)
    assert state(run).state == RUNNING
    supervisor.stopping.set()
    worker.join(10)
    assert (state(run).state, state(run).attempt) == (QUEUED, 0)


def test_stale_claims_cannot_write(owner: str) -> None:
    run = start(owner, "train")
    claim = jobs.claim(run.job_id)
    with transaction() as session:
        session.get_one(Job, run.job_id).lease_until = 1.0
    jobs.sweep()
    with pytest.raises(jobs.StaleClaim), jobs.held(claim) as session:
        metrics.append(session, run.id, "old", [])
    with pytest.raises(jobs.StaleClaim):
        jobs.renew(claim)


def test_a_trainer_inherits_no_secret(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_DATABASE_URL", "sqlite:////somewhere")
    monkeypatch.setenv("STUDIO_INFERENCE_SECRET", "hush")
    monkeypatch.setenv("HF_TOKEN", "hush")
    assert not [
        name
        for name in trainer_environment()
        if name.startswith("STUDIO_") or "TOKEN" in name.upper().replace("TOKENIZERS", "")
    ]
