"""The inference server with its real processes: registration, start on demand, yielding to a training, idle stop, crash."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil
import pytest

from app.errors import Conflict
from app.services.inference import chat, inference_client
from app.services.inference.chat import ChatTarget, SamplingSettings
from app.services.queue import inference_servers
from app.services.queue.inference_servers import READY, RESTING, YIELDED
from app.services.runs import runs
from tests.conftest import forget_settings
from tests.servers import free_port
from tests.studio.processes import ROOT, still_alive, wait_until
from tests.tiny_generation import install_chat_model
from tests.worker.jobs.stub_runs import start, state, stub_trainer  # noqa: F401 - a fixture, used by name
from worker.jobs import supervisor

HELLO = [{"role": "user", "content": "Hello?"}]
# Long enough for the steps of a test on a busy machine.
DEVICE, IDLE_SECONDS = "the tests' device", 8


@pytest.fixture
def supervisor_process(owner: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psutil.Process]:
    """A running `studio inference` on a named device."""
    for name, value in {
        "INFERENCE_URL": f"http://127.0.0.1:{free_port()}",
        "INFERENCE_SECRET": "s3cret",
        "DEVICE": DEVICE,
    }.items():
        monkeypatch.setenv(f"STUDIO_{name}", value)
    forget_settings()
    process = subprocess.Popen(
        [sys.executable, "-m", "studio.cli", "inference", "--idle-seconds", str(IDLE_SECONDS)], cwd=ROOT, env=os.environ
    )
    wait_until(lambda: bool(inference_servers.list_servers()), "the server is registered")
    yield psutil.Process(process.pid)
    process.kill()
    process.wait()


def server() -> inference_servers.InferenceServerStatus:
    (found,) = inference_servers.list_servers()
    return found


def talk(model: str) -> str:
    async def listen() -> str:
        pieces = chat.stream_reply(
            inference_client.wake(), ChatTarget(model, "", model), HELLO, SamplingSettings(20, 0.0), "ann"
        )
        return "".join([piece.get("text", "") async for piece in pieces])

    return asyncio.run(listen())


def test_server_yields_to_a_training_restarts_on_demand_and_stops_when_idle(
    owner: str, supervisor_process: psutil.Process
) -> None:
    model = install_chat_model()
    assert (server().state, server().device, supervisor_process.children()) == (RESTING, DEVICE, [])
    reply = talk(model)

    def is_ready() -> bool:
        found = server()
        return found.state == READY and found.facts.get("bases") == [model]

    wait_until(is_ready, "the row tells which model is in memory")
    (server_process,) = supervisor_process.children()
    assert reply and "STUDIO_DATABASE_URL" not in server_process.environ()

    run, seen = start(owner, "hang"), []
    begun = threading.Event()

    def note(_: object) -> None:
        seen.append((server().state, server_process.is_running()))
        begun.set()

    training = threading.Thread(target=supervisor.execute, args=(run.job_id,), kwargs={"on_spool": note})
    training.start()
    assert begun.wait(90) and seen[0] == (YIELDED, False)
    with pytest.raises(Conflict, match="has released it"):
        inference_client.wake()
    runs.request_cancel(owner, run.id)
    training.join(60)
    assert state(run).device == DEVICE

    wait_until(lambda: server().state == RESTING, "the device is free again")
    assert talk(model) == reply
    wait_until(lambda: server().state == RESTING, "nobody asks, so its memory is freed")
    assert supervisor_process.children() == []


def test_killed_supervisor_ends_the_server_and_the_chat_names_the_remedy(
    owner: str, supervisor_process: psutil.Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    inference_servers.want(server().name)
    wait_until(lambda: bool(supervisor_process.children()), "the server is started")
    children = supervisor_process.children()
    supervisor_process.send_signal(signal.SIGKILL)
    # It notices once its libraries are loaded, which takes a busy machine half a minute.
    assert still_alive(children, 60) == []
    monkeypatch.setattr(inference_servers, "ALIVE_SECONDS", 0.0)
    with pytest.raises(Conflict, match="has sent no heartbeat") as refused:
        inference_client.wake()
    assert "studio up" in refused.value.hint
