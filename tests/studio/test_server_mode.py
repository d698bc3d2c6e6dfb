"""Server mode as the compose file starts it: PostgreSQL, Redis and one process for each service."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.db import transaction
from app.models import FAILED, SUCCEEDED, Job
from app.services.accounts.accounts import ensure_owner
from app.services.queue import jobs
from tests.conftest import forget_settings
from tests.factories import make_run
from tests.servers import free_port
from tests.studio.processes import ROOT, STUDIO, call, clean_environment, wait_until

SERVICES = {"web": ("web",), "worker": ("worker",), "light-worker": ("worker", "--queue", "light"), "beat": ("beat",)}


@pytest.fixture
def settings(
    tmp_path: Path, postgres_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """The settings of every service of the installation; this process reads the same."""
    values = {
        "STUDIO_DATA_DIR": str(tmp_path / "data"),
        "STUDIO_DATABASE_URL": postgres_url,
        "STUDIO_BROKER_URL": redis_url,
        "STUDIO_PORT": str(free_port()),
        "STUDIO_TRAINER_MODULE": "tests.worker.stub_trainer",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    forget_settings()
    yield values
    forget_settings()


@contextmanager
def started(settings: dict[str, str], folder: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """The services, each with a log file of its name."""
    running = {}
    for name, command in SERVICES.items():
        with (folder / f"{name}.log").open("wb") as log:
            running[name] = subprocess.Popen(
                [*STUDIO, *command], cwd=ROOT, env=clean_environment(**settings), stdout=log, stderr=log
            )
    try:
        yield running
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def test_the_services_come_up_do_a_run_and_stop_when_told(settings: dict[str, str], tmp_path: Path) -> None:
    assert call("migrate", **settings).returncode == 0
    assert call("migrate", **settings).returncode == 0, "a second time must do no harm"
    with started(settings, tmp_path) as running:
        wait_until(lambda: _is_ready(settings["STUDIO_PORT"]), "/readyz", 60)
        run = make_run(ensure_owner().id)
        wait_until(lambda: _state(run.job_id) == SUCCEEDED, "the worker does the run", 60)
        with transaction() as session:
            fetch = jobs.add(session, owner_id=ensure_owner().id, kind="fetch")
        # There is no row of the model that it should fetch, so the job fails as soon as the light worker takes it.
        wait_until(lambda: _state(fetch.id) == FAILED, "the light worker takes a job", 60)
        assert not [name for name, process in running.items() if process.poll() is not None]
        assert "beat: Starting" in (tmp_path / "beat.log").read_text()
    assert {name: process.returncode for name, process in running.items()} == {
        "web": -signal.SIGTERM,
        "worker": 0,
        "light-worker": 0,
        "beat": 0,
    }
    assert not (tmp_path / "data" / "studio.db").exists()


def _is_ready(port: str) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _state(job_id: str) -> str:
    with transaction() as session:
        return session.get_one(Job, job_id).state
