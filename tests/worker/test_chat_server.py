"""The inference server under many readers: streams, refusals, dropped connections, a place for everybody."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from app.catalog.base_models import STARTER_ENCODER, BaseModelCard
from tests.conftest import forget_settings
from tests.servers import free_port
from tests.studio.processes import wait_until
from tests.tiny_chat import CONTEXT, make_chat_base
from worker import residents
from worker.inference import MOST_REPLIES, create_inference

SECRET = {"X-Studio-Secret": "a secret of the test"}
HELLO = [{"role": "user", "content": "Hello?"}]


@pytest.fixture
def server(studio_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a running server that knows one tiny chat model besides the catalog's."""
    monkeypatch.setenv("STUDIO_INFERENCE_SECRET", SECRET["X-Studio-Secret"])
    forget_settings()
    folder = make_chat_base(tmp_path / "base")
    card = BaseModelCard(
        **{**STARTER_ENCODER.__dict__, "name": "tiny-chat", "context_length": CONTEXT, "load_arguments": ()}
    )
    known, path = residents.base_model, residents.base_model_path
    monkeypatch.setattr(residents, "base_model", lambda name: card if name == "tiny-chat" else known(name))
    monkeypatch.setattr(residents, "base_model_path", lambda name: folder if name == "tiny-chat" else path(name))
    port = free_port()
    served = uvicorn.Server(uvicorn.Config(create_inference(), port=port, log_level="warning"))
    thread = threading.Thread(target=served.run, daemon=True)
    thread.start()
    wait_until(lambda: served.started, "the server listens")
    yield f"http://127.0.0.1:{port}"
    served.should_exit = True
    thread.join(10)


def ask(server: str, **body: object) -> httpx.Response:
    with httpx.Client(base_url=server, headers=SECRET, trust_env=False, timeout=60) as client:
        return client.post("/chat", json={"base": "tiny-chat", "messages": HELLO, **body})


def status(server: str) -> dict:
    return httpx.get(f"{server}/status", headers=SECRET, trust_env=False).json()


def test_pieces_come_as_lines_and_the_last_tells_the_numbers(server):
    lines = [json.loads(line) for line in ask(server, temperature=0, max_tokens=12).text.splitlines()]
    done = lines[-1]["done"]
    assert all("text" in line for line in lines[:-1])
    assert done["completion_tokens"] == 12 and done["finish"] == "length" and done["first_token_seconds"] > 0
    again = ask(server, temperature=0, max_tokens=12).text.splitlines()
    assert [json.loads(line) for line in again][:-1] == lines[:-1]


@pytest.mark.parametrize(
    ("body", "status_code", "code"),
    [
        ({"base": "starter-encoder"}, 422, "cannot_talk"),
        ({"base": "nobody"}, 422, "unknown_base_model"),
        ({"messages": [{"role": "user", "content": "x" * 2000}]}, 422, "conversation_too_long"),
        ({"adapter": "/etc"}, 404, "adapter_not_found"),
    ],
)
def test_what_cannot_be_answered_is_refused_before_the_stream_begins(server, body, status_code, code):
    answer = ask(server, **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status_code, code)


def test_without_the_secret_nothing_is_said(server):
    body = {"base": "tiny-chat", "messages": HELLO}
    assert httpx.post(f"{server}/chat", json=body, trust_env=False).status_code == 401


def test_twenty_streams_half_of_them_dropped_leave_no_place_taken(server):
    finished: list[str] = []

    def listen(number: int) -> None:
        body = {"base": "tiny-chat", "messages": HELLO, "max_tokens": 150, "seed": number, "asker": str(number % 3)}
        with (
            httpx.Client(base_url=server, headers=SECRET, trust_env=False, timeout=120) as client,
            client.stream("POST", "/chat", json=body) as answer,
        ):
            for line in answer.iter_lines():
                if number % 2:
                    return  # Gone after the first piece.
                if "done" in line:
                    finished.append(line)

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(120)
    assert len(finished) == 10
    wait_until(lambda: status(server)["replies"] == 0 and status(server)["waiting"] == 0, "every place is free again")
    assert ask(server, max_tokens=2).status_code == 200
    assert MOST_REPLIES < 20
