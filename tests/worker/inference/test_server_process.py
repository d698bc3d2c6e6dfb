"""The inference server as its supervisor sees it; that the process starts and ends is tested in ``test_supervisor``."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from tests.conftest import forget_settings
from tests.servers import free_port
from tests.studio.processes import wait_until
from worker.inference.server import create_inference
from worker.inference.server_process import ModelServer, _environment


class RunningServer(ModelServer):
    """A server that runs already."""

    def __init__(self, url: str) -> None:
        self._url = url


@pytest.fixture
def url(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("STUDIO_INFERENCE_SECRET", "s3cret")
    forget_settings()
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture
def server(url: str) -> Iterator[ModelServer]:
    config = uvicorn.Config(create_inference(), port=int(url.rsplit(":", 1)[1]), log_level="warning")
    served = uvicorn.Server(config)
    thread = threading.Thread(target=served.run, daemon=True)
    thread.start()
    wait_until(lambda: served.started, "the server listens")
    yield RunningServer(url)
    served.should_exit = True
    thread.join(10)


def test_process_knows_the_studio_settings_but_no_database_broker_or_token(
    url: str, studio_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STUDIO_DATABASE_URL", "STUDIO_BROKER_URL", "HF_TOKEN"):
        monkeypatch.setenv(name, "sqlite:///hush")
    environment = _environment(url)
    assert environment["STUDIO_INFERENCE_URL"] == url and environment["STUDIO_INFERENCE_SECRET"] == "s3cret"
    assert environment["STUDIO_DATA_DIR"] == str(studio_home)
    assert "sqlite:///hush" not in environment.values()


def test_server_tells_its_load(server: ModelServer) -> None:
    status = server.status()
    assert status is not None
    assert (status.bases, status.tuned, status.replies, status.waiting) == ([], 0, 0, 0)
    assert 0 <= status.idle_seconds < 60


def test_closed_server_refuses_new_requests(server: ModelServer, url: str) -> None:
    def ask() -> httpx.Response:
        headers = {"X-Studio-Secret": "s3cret"}
        body = {"base": "nobody", "messages": [{"role": "user", "content": "Hi"}]}
        return httpx.post(f"{url}/chat", headers=headers, json=body, trust_env=False)

    assert ask().json()["error"]["code"] == "unknown_base_model"
    # No reply was in progress, so none was stopped.
    assert server.close(0) == 0
    assert "making room for a training" in ask().json()["error"]["message"]


def test_server_that_does_not_answer_has_no_load_and_stops_nothing(url: str) -> None:
    nobody = RunningServer(url)
    assert nobody.status() is None and nobody.close(0) == 0
