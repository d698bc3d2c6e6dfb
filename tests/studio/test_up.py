"""The embedded studio as a person meets it: one command, one link, one way to stop, nothing left behind."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from app.db import transaction
from app.models import QUEUED, RUNNING, Job, Run
from app.services.accounts import accounts
from app.services.accounts.accounts import ensure_owner
from app.services.inference import inference_client
from app.services.queue import inference_servers
from studio.up import workers
from tests.conftest import forget_settings
from tests.factories import SPEC, make_run
from tests.studio.processes import Up, call, start_up, still_alive, stop, wait_until

# How soon it is ready and gone is measured by `make bench-web`.
GONE_SECONDS = 10.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = start_up(tmp_path_factory.mktemp("up") / "data")
    yield up
    stop(up)


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Up]:
    """A studio that the test ends by itself."""
    up = start_up(tmp_path / "data")
    yield up
    if up.process.poll() is None:
        stop(up)


@pytest.fixture
def hanging_job(mine: Up, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Id of a job whose trainer is running and does not end by itself."""
    monkeypatch.setenv("STUDIO_DATA_DIR", str(mine.home))
    forget_settings()
    run = make_run(ensure_owner().id)
    with transaction() as session:
        session.get_one(Run, run.id).spec = {**SPEC, "labels": ["hang", "x"]}
    wait_until(lambda: _job(run.job_id).state == RUNNING, "the worker takes the run", 60)
    wait_until(lambda: len(mine.tree) >= 5, "a trainer is running")
    yield run.job_id
    forget_settings()


def _job(job_id: str) -> Job:
    with transaction() as session:
        return session.get_one(Job, job_id)


def test_sign_in_link_works_once(running: Up) -> None:
    headers = {"origin": running.address}
    with httpx.Client(base_url=running.address, trust_env=False, headers=headers) as browser:
        assert browser.get("/readyz").status_code == 200
        assert browser.post("/sign-in", data={"token": running.token}).status_code == 303
        assert browser.get("/api/v1/runs").json()["runs"] == []
    again = httpx.post(f"{running.address}/sign-in", data={"token": running.token}, headers=headers, trust_env=False)
    assert again.status_code == 410
    assert len([line for line in running.lines if "/sign-in?token=" in line]) == 1


def test_second_start_on_the_same_folder_names_the_first(running: Up) -> None:
    second = call("up", STUDIO_DATA_DIR=str(running.home), STUDIO_PORT="0")
    assert second.returncode == 2
    assert str(running.process.pid) in second.stderr and running.address in second.stderr
    assert "Traceback" not in second.stderr


def test_new_link_leads_to_the_running_studio(running: Up) -> None:
    printed = call("link", STUDIO_DATA_DIR=str(running.home))
    assert printed.stdout.startswith(f"{running.address}/sign-in?token=")


@pytest.mark.faults
def test_killed_worker_is_restarted(running: Up) -> None:
    before = running.find("-Q train")
    pool = before.children(recursive=True)
    before.kill()
    wait_until(lambda: running.printed("The worker process ended (signal SIGKILL)"), "the death is noticed")
    wait_until(lambda: any("-Q train" in " ".join(child.cmdline()) for child in _children(running)), "a new worker")
    assert running.find("-Q train").pid != before.pid
    assert still_alive(pool, 3) == []


def _children(up: Up) -> list[psutil.Process]:
    children = psutil.Process(up.process.pid).children()
    return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]


def test_the_inference_server_is_registered_starts_when_it_is_wanted_and_asks_for_its_secret(running: Up) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_DATA_DIR", str(running.home))
        forget_settings()
        wait_until(lambda: bool(inference_servers.list_servers()), "it is registered")
        keeper = running.find("studio.cli inference")
        assert keeper.children() == []
        address = inference_client.wake()
        assert address == keeper.environ()["STUDIO_INFERENCE_URL"]
    forget_settings()
    question = {"adapter": str(running.home), "inputs": ["a text"]}
    assert httpx.post(f"{address}/predict", json=question, trust_env=False).status_code == 401


def test_many_rows_are_reported_while_a_training_runs(mine: Up, hanging_job: str) -> None:
    rows = "".join(f"question {n} about {n * 7919 % 1009},{'ab'[n % 2]}\n" for n in range(4000))
    headers = {"authorization": f"Bearer {accounts.create_token(ensure_owner().id)}"}
    files = {"file": ("a.csv", f"text,label\n{rows}".encode())}
    url = f"{mine.address}/api/v1/datasets"
    answer = httpx.post(url, headers=headers, files=files, timeout=60, trust_env=False)
    assert answer.status_code == 201 and answer.json()["usable_rows"] == 4000, answer.text
    assert _job(hanging_job).state == RUNNING


@pytest.mark.faults
def test_interrupted_studio_leaves_no_process_and_requeues_the_run(mine: Up, hanging_job: str) -> None:
    tree = mine.tree
    stop(mine)
    assert still_alive(tree, 0) == []
    assert mine.process.returncode == 0
    job = _job(hanging_job)
    assert (job.state, job.attempt) == (QUEUED, 0)


@pytest.mark.faults
def test_killed_studio_leaves_no_process(mine: Up, hanging_job: str) -> None:
    tree = mine.tree
    mine.process.send_signal(signal.SIGKILL)
    mine.process.wait()
    assert still_alive(tree, GONE_SECONDS) == []


def test_port_in_use_is_refused_with_its_number(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        refused = call("up", STUDIO_DATA_DIR=str(tmp_path / "data"), STUDIO_PORT=port)
    assert refused.returncode == 2
    assert f"Port {port}" in refused.stderr and len(refused.stderr.splitlines()) == 1


def test_data_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = call("up", STUDIO_DATA_DIR=str(tmp_path / "file" / "data"))
    assert refused.returncode == 2
    assert "data folder" in refused.stderr and "Traceback" not in refused.stderr


def test_database_that_does_not_answer_is_refused_without_its_password(tmp_path: Path) -> None:
    address = "postgresql+psycopg://someone:hush@127.0.0.1:1/none"
    refused = call("migrate", STUDIO_DATA_DIR=str(tmp_path), STUDIO_DATABASE_URL=address)
    assert refused.returncode == 2
    assert "127.0.0.1:1" in refused.stderr and "hush" not in refused.stderr


def test_every_gpu_gets_a_worker_and_several_together_one_more() -> None:
    assert [worker.environment for worker in workers({"A": "b"}, ())] == [{"A": "b"}]
    found = {worker.name: worker for worker in workers({"A": "b"}, ("GPU-1", "GPU-2"))}
    assert {name: worker.environment["CUDA_VISIBLE_DEVICES"] for name, worker in found.items()} == {
        "worker-1": "GPU-1",
        "worker-2": "GPU-2",
        "worker-all": "GPU-1,GPU-2",
    }
    assert found["worker-all"].environment["STUDIO_LEAST_DEVICES"] == "2"
    assert len({worker.command[worker.command.index("-n") + 1] for worker in found.values()}) == 3
