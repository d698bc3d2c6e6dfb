"""The inference server with many clients: streams, refusals, dropped connections, slots."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import torch
import uvicorn
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from app import manifest
from app.catalog.base_models import STARTER_ENCODER
from app.catalog.card import BaseModelCard
from tests.conftest import forget_settings
from tests.servers import free_port
from tests.studio.processes import wait_until
from tests.tiny_chat import CONTEXT, make_chat_base, make_tokenizer
from tests.tiny_generation import make_chat_spec
from worker.engine.modeling.adapter_files import SPEC
from worker.inference import model_pool
from worker.inference.server import MAX_REPLIES, create_inference

SECRET = {"X-Studio-Secret": "a secret of the test"}
HELLO = [{"role": "user", "content": "Hello?"}]


@pytest.fixture
def server(studio_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a running server that knows one tiny chat model besides the catalog's."""
    monkeypatch.setenv("STUDIO_INFERENCE_SECRET", SECRET["X-Studio-Secret"])
    forget_settings()
    folder = make_chat_base(tmp_path / "base")
    card = BaseModelCard(
        **{
            **STARTER_ENCODER.__dict__,
            "name": "tiny-chat",
            "task_types": ("chat", "instruction"),
            "context_length": CONTEXT,
            "load_arguments": (),
        }
    )
    known, path = model_pool.base_model, model_pool.base_model_path
    monkeypatch.setattr(model_pool, "base_model", lambda name: card if name == "tiny-chat" else known(name))
    monkeypatch.setattr(model_pool, "base_model_path", lambda name: folder if name == "tiny-chat" else path(name))
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


def test_reply_streams_as_json_lines_that_end_with_statistics(server):
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
def test_invalid_request_is_refused_before_the_stream_begins(server, body, status_code, code):
    answer = ask(server, **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status_code, code)


def test_requests_without_the_secret_are_refused(server):
    body = {"base": "tiny-chat", "messages": HELLO}
    assert httpx.post(f"{server}/chat", json=body, trust_env=False).status_code == 401


@pytest.fixture
def adapters(server: str, studio_home: Path, tmp_path: Path) -> list[str | None]:
    """The base model, and two adapters on it as runs leave them behind."""
    folders: list[str | None] = [None]
    for number in (1, 2):
        folder = studio_home / f"adapter{number}"
        torch.manual_seed(number)
        base = AutoModelForCausalLM.from_pretrained(tmp_path / "base", dtype=torch.float32)
        config = LoraConfig(r=4 * number, target_modules="all-linear", init_lora_weights=False)
        get_peft_model(base, config).save_pretrained(folder)
        make_tokenizer().save_pretrained(folder)
        (folder / SPEC).write_text(make_chat_spec().model_dump_json())
        manifest.write(folder)
        folders.append(str(folder))
    return folders


def test_dropped_streams_release_their_slots(server, adapters):
    """With three models in use at once, every kept stream gets the reply that the model gives alone."""
    finished: dict[int, list[str]] = {}

    def listen(number: int) -> None:
        body = {"base": "tiny-chat", "messages": HELLO, "max_tokens": 150, "seed": number, "asker": str(number % 3)}
        received = []
        with (
            httpx.Client(base_url=server, headers=SECRET, trust_env=False, timeout=120) as client,
            client.stream("POST", "/chat", json={**body, "adapter": adapters[number % 3]}) as answer,
        ):
            for line in answer.iter_lines():
                if number % 2:
                    return  # Gone after the first piece.
                received.append(json.loads(line))
        assert "done" in received[-1]
        finished[number] = [line["text"] for line in received[:-1]]

    threads = [threading.Thread(target=listen, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(finished) == list(range(0, 20, 2))
    wait_until(lambda: status(server)["replies"] == 0 and status(server)["waiting"] == 0, "every slot is free again")
    assert MAX_REPLIES < 20 and status(server)["tuned"] == 2
    for number in (0, 2, 4):
        alone = ask(server, max_tokens=150, seed=number, adapter=adapters[number % 3])
        assert "".join(json.loads(line).get("text", "") for line in alone.text.splitlines()) == "".join(
            finished[number]
        )


def test_closing_server_stops_replies_and_refuses_requests(server):
    received: list[dict] = []
    begun = threading.Event()

    def listen() -> None:
        body = {"base": "tiny-chat", "messages": HELLO, "max_tokens": 230, "temperature": 2.0, "seed": 4}
        with (
            httpx.Client(base_url=server, headers=SECRET, trust_env=False, timeout=60) as client,
            client.stream("POST", "/chat", json=body) as answer,
        ):
            for line in answer.iter_lines():
                received.append(json.loads(line))
                begun.set()

    listeners = [threading.Thread(target=listen) for _ in range(MAX_REPLIES + 2)]
    for thread in listeners:
        thread.start()
    assert begun.wait(30)
    closed = httpx.post(f"{server}/close", json={"seconds": 0}, headers=SECRET, trust_env=False, timeout=30).json()
    for thread in listeners:
        thread.join(30)
    stopped = [line["error"]["code"] for line in received if "error" in line]
    assert stopped and set(stopped) == {"device_training"} and len(stopped) - 1 <= closed["stopped"] <= len(stopped)
    assert ask(server).json()["error"]["code"] == "device_training"
    wait_until(lambda: status(server)["replies"] == 0 and status(server)["waiting"] == 0, "every slot is free again")
