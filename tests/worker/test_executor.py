"""Two real Celery workers race for many runs, every message sent twice; and training and light jobs side by side."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import storage
from app.db import transaction
from app.models import FAILED, RUNNING, SUCCEEDED, TERMINAL_STATES, Job, Run
from app.queue import LIGHT_QUEUE, TRAIN_QUEUE, celery_app, notify
from app.services.queue import jobs, workers
from app.settings import get_settings
from tests.factories import SPEC, make_run, make_version
from tests.studio.processes import wait_until
from worker.executor import Executor, next_jobs
from worker.jobs import supervisor

# Every message is sent twice, so this is 80 chances for a race.
RUNS = 40
DEADLINE_SECONDS = 150


@pytest.fixture
def server(request: pytest.FixtureRequest, any_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded default goes with SQLite, server mode with PostgreSQL and Redis."""
    if any_database.startswith("postgresql"):
        monkeypatch.setenv("STUDIO_BROKER_URL", request.getfixturevalue("redis_url"))
    monkeypatch.setenv("STUDIO_TRAINER_MODULE", "tests.worker.stub_trainer")
    get_settings.cache_clear()
    celery_app.cache_clear()


def start_worker(number: int) -> subprocess.Popen[bytes]:
    log = (storage.logs_dir() / f"race-{number}.log").open("wb")
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "worker.app",
            "worker",
            "-Q",
            TRAIN_QUEUE,
            "-c",
            "1",
            "-n",
            f"race{number}@localhost",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ],
        cwd=Path(__file__).parents[2],
        stdout=log,
        stderr=log,
        env=dict(os.environ),
        start_new_session=True,
    )


def wait_until_done() -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    waiting = 1
    while waiting and time.monotonic() < deadline:
        with transaction() as session:
            waiting = session.scalar(select(func.count()).where(Job.state.not_in(TERMINAL_STATES)))
        signal.sigtimedwait([], 0.5)
    assert not waiting, f"{waiting} runs were still not done after {DEADLINE_SECONDS} s"


def test_two_workers_execute_every_run_exactly_once(server: None, owner: str) -> None:
    version = make_version(owner)
    started = [start_worker(n) for n in (1, 2)]
    try:
        # One that came late would find all the work done.
        wait_until(lambda: len(workers.list_workers(TRAIN_QUEUE)) == 2, "both workers listen")
        made = [make_run(owner, version, name=f"run {n}") for n in range(RUNS)]
        for run in made:
            notify(run.job_id, TRAIN_QUEUE)
        wait_until_done()
    finally:
        # All is done, so nothing is lost by skipping Celery's slow farewell.
        for worker in started:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
    with transaction() as session:
        states = dict(session.execute(select(Job.state, func.count()).group_by(Job.state)).all())
        holders = set(session.scalars(select(Job.holder)))
        fences = set(session.scalars(select(Job.fence)))
        order = list(session.scalars(select(Run.id)))
    assert states == {SUCCEEDED: RUNS}
    assert fences == {1}, "a fence above 1 means that a run was claimed twice"
    assert len(holders) == 2, "one worker did all the work, so nothing raced"
    starts = [len((storage.run_dir(run_id) / "starts.txt").read_text().splitlines()) for run_id in order]
    assert starts == [1] * RUNS


@pytest.fixture
def training_worker(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    """A training worker in threads of this process."""
    monkeypatch.setenv("STUDIO_TRAINER_MODULE", "tests.worker.stub_trainer")
    monkeypatch.setenv("STUDIO_POLL_SECONDS", "0.1")
    get_settings.cache_clear()
    executor = Executor(TRAIN_QUEUE)
    executor.start()
    yield executor
    supervisor.stopping.set()
    executor.leave()
    supervisor.stopping.clear()


def test_light_jobs_do_not_wait_behind_a_training(owner: str, training_worker: Executor, light_worker: None) -> None:
    run = make_run(owner, spec={**SPEC, "labels": ["hang", "x"]})
    wait_until(lambda: state_of(run.job_id) == RUNNING, "the training runs")
    with transaction() as session:
        fetch = jobs.add(session, owner_id=owner, kind="fetch")
    # Nothing is known of the model that it should fetch, so it fails as soon as it is taken.
    wait_until(lambda: state_of(fetch.id) == FAILED, "the light job is taken", 60)
    assert state_of(run.job_id) == RUNNING and training_worker.is_busy
    assert {worker.machine["queue"] for worker in workers.list_workers(LIGHT_QUEUE)} == {"light"}


def state_of(job_id: str) -> str:
    with transaction() as session:
        return session.get_one(Job, job_id).state


def test_a_report_never_waits_for_downloads(owner: str) -> None:
    *others, last, files = next_jobs(LIGHT_QUEUE)
    assert len(others) == get_settings().light_jobs
    with transaction() as session:
        for _ in others:
            jobs.add(session, owner_id=owner, kind="fetch")
    for next_job in others:
        assert jobs.claim(next_job() or "")
    assert last() is None
    with transaction() as session:
        check = jobs.add(session, owner_id=owner, kind="data-check")
        # Hours of answers hold up neither of them, and wait for neither.
        answers = jobs.add(session, owner_id=owner, kind="batch-prediction")
    assert last() == check.id and files() == answers.id
    assert jobs.claim(check.id)
    assert others[0]() is None
