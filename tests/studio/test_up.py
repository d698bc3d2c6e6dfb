"""The embedded studio as a person meets it: one command, one link, one way to stop, nothing left behind."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from sqlalchemy import select

from app import storage
from app.db import transaction
from app.models import CANCELLED, QUEUED, RUNNING, SUCCEEDED, Job
from app.services.accounts import accounts
from app.services.accounts.accounts import ensure_owner
from app.services.inference import inference_client
from app.services.queue import inference_servers
from app.services.runs import runs
from studio.up import workers
from tests.conftest import forget_settings
from tests.factories import SPEC, make_run
from tests.studio.processes import Up, call, letters, run, start_up, still_alive, stop, wait_until

# How soon it is ready and gone is measured by `make bench-web`.
GONE_SECONDS = 30.0


@pytest.fixture(scope="module")
def studios() -> Iterator[list[Up]]:
    """The studios that this file has started; only the newest may still run."""
    started: list[Up] = []
    yield started
    if started and started[-1].process.poll() is None:
        stop(started[-1])


@pytest.fixture
def running(
    studios: list[Up], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Up]:
    """A studio, which this process's settings name too; a new one is started only after a test has ended the last."""
    if not studios or studios[-1].process.poll() is not None:
        studios.append(start_up(tmp_path_factory.mktemp("up") / "data"))
    monkeypatch.setenv("STUDIO_DATA_DIR", str(studios[-1].home))
    forget_settings()
    yield studios[-1]
    forget_settings()


@pytest.fixture
def hanging_job(running: Up) -> Iterator[str]:
    """Id of a job whose trainer is running and does not end by itself."""
    hanging = make_run(ensure_owner().id, spec={**SPEC, "labels": ["hang", "x"]})
    wait_until(lambda: _job(hanging.job_id).state == RUNNING, "the worker takes the run", 60)
    yield hanging.job_id
    if running.process.poll() is None:
        runs.request_cancel(ensure_owner().id, hanging.id)
        wait_until(lambda: _job(hanging.job_id).state == CANCELLED, "the trainer ends")


def _job(job_id: str) -> Job:
    with transaction() as session:
        return session.get_one(Job, job_id)


def test_link_signs_in_once_and_stays_out_of_the_log(running: Up) -> None:
    headers = {"origin": running.address}
    with httpx.Client(base_url=running.address, trust_env=False, headers=headers) as browser:
        assert browser.get("/readyz").status_code == 200
        assert browser.get("/").status_code == 302
        assert running.token in browser.get("/sign-in", params={"token": running.token}).text
        assert browser.post("/sign-in", data={"token": running.token}).status_code == 303
        page = browser.get("/")
        assert page.status_code == 200 and "gradio" in page.text
        assert browser.get("/api/v1/runs").json()["runs"] == []
    again = httpx.post(f"{running.address}/sign-in", data={"token": running.token}, headers=headers, trust_env=False)
    assert again.status_code == 410
    assert len([line for line in running.lines if "/sign-in?token=" in line]) == 1
    written = (storage.logs_dir() / "web.log").read_text()
    assert "GET /sign-in?... HTTP" in written and running.token not in written


def test_web_process_loads_no_torch_and_stays_small(running: Up) -> None:
    web = running.find("studio.web")
    assert not [library.path for library in web.memory_maps() if "/torch/" in library.path]
    assert web.memory_info().rss < 300 * 1024**2


def test_second_start_on_the_same_folder_names_the_first(running: Up) -> None:
    second = call("up", STUDIO_DATA_DIR=str(running.home), STUDIO_PORT="0")
    assert second.returncode == 2
    assert str(running.process.pid) in second.stderr and running.address in second.stderr
    assert len(second.stderr.splitlines()) == 1


def test_new_link_leads_to_the_running_studio(running: Up, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("link") == 0
    assert capsys.readouterr().out.startswith(f"{running.address}/sign-in?token=")


def test_run_of_the_command_line_is_done_once_beside_a_running_studio(running: Up, tmp_path: Path) -> None:
    place = {"STUDIO_DATA_DIR": str(running.home), "STUDIO_TRAINER_MODULE": "tests.worker.stub_trainer"}
    done = call("finetune", str(letters(tmp_path, "train")), "--json", **place)
    assert done.returncode == 0, done.stderr
    with transaction() as session:
        job = session.scalars(select(Job).where(Job.kind == "train").order_by(Job.created_at.desc())).first()
    assert job is not None and (job.state, job.fence) == (SUCCEEDED, 1)


@pytest.mark.faults
def test_killed_worker_is_restarted(running: Up) -> None:
    before = running.find("-Q train")
    pool = before.children(recursive=True)
    before.kill()
    wait_until(lambda: running.printed("The worker process ended (signal SIGKILL)"), "the death is noticed")
    wait_until(lambda: any("-Q train" in " ".join(child.cmdline()) for child in _children(running)), "a new worker")
    assert running.find("-Q train").pid != before.pid
    assert still_alive(pool, GONE_SECONDS) == []


def _children(up: Up) -> list[psutil.Process]:
    children = psutil.Process(up.process.pid).children()
    return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]


def test_the_inference_server_is_registered_starts_when_it_is_wanted_and_asks_for_its_secret(running: Up) -> None:
    wait_until(lambda: bool(inference_servers.list_servers()), "it is registered")
    keeper = running.find("studio.cli inference")
    assert keeper.children() == []
    address = inference_client.wake()
    assert address == keeper.environ()["STUDIO_INFERENCE_URL"]
    question = {"adapter": str(running.home), "inputs": ["a text"]}
    assert httpx.post(f"{address}/predict", json=question, trust_env=False).status_code == 401


def test_many_rows_are_reported_while_a_training_runs(running: Up, hanging_job: str) -> None:
    rows = "".join(f"question {n} about {n * 7919 % 1009},{'ab'[n % 2]}\n" for n in range(4000))
    headers = {"authorization": f"Bearer {accounts.create_token(ensure_owner().id)}"}
    files = {"file": ("a.csv", f"text,label\n{rows}".encode())}
    url = f"{running.address}/api/v1/datasets"
    answer = httpx.post(url, headers=headers, files=files, timeout=60, trust_env=False)
    assert answer.status_code == 201 and answer.json()["usable_rows"] == 4000, answer.text
    assert _job(hanging_job).state == RUNNING


@pytest.mark.faults
def test_interrupted_studio_leaves_no_process_and_requeues_the_run(running: Up, hanging_job: str) -> None:
    tree = running.tree
    stop(running)
    assert still_alive(tree, 0) == []
    assert running.process.returncode == 0
    job = _job(hanging_job)
    assert (job.state, job.attempt) == (QUEUED, 0)


@pytest.mark.faults
def test_killed_studio_leaves_no_process(running: Up, hanging_job: str) -> None:
    tree = running.tree
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()
    assert still_alive(tree, GONE_SECONDS) == []


def test_port_in_use_is_refused_with_its_number(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        refused = call("up", STUDIO_DATA_DIR=str(tmp_path / "data"), STUDIO_PORT=port)
    assert refused.returncode == 2
    assert f"Port {port}" in refused.stderr and len(refused.stderr.splitlines()) == 1


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
