"""The main job by program: upload, run, result and prediction through `gradio_client` and through an MCP client."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

from tests.app.broker.messages import BROKEN
from tests.studio.processes import Up, call, wait_until

ROWS = "".join(
    f'{{"text": "{words} number {number}", "label": "{label}"}}\n'
    for number in range(20)
    for words, label in (("please pay the open bill", "money"), ("where is my parcel", "delivery"))
)
QUICK = json.dumps({"epochs": 1, "max_length": 32})
SECONDS = 120.0


@pytest.fixture(scope="module")
def token(studio_up: Up) -> str:
    return call("token", STUDIO_DATA_DIR=str(studio_up.home)).stdout.split()[-1]


@pytest.fixture(scope="module")
def broken_messages(studio_up: Up) -> Path:
    """Messages that nobody can read, as a full disk or an attacker leaves them, in both queues of the running studio."""
    folder = studio_up.home / "broker" / "messages"
    for at, content in enumerate(BROKEN.values()):
        for queue in ("train", "light"):
            (folder / f"000_{at:02d}.{queue}.msg").write_bytes(content)
    return folder


def test_workers_pass_over_broken_messages(studio_up: Up, broken_messages: Path) -> None:
    def read() -> bool:
        return not list(broken_messages.glob("000_*.msg"))

    wait_until(read, "the broken messages are moved aside", SECONDS)
    assert len(list((studio_up.home / "broker" / "unreadable").iterdir())) == 2 * len(BROKEN)
    assert studio_up.process.poll() is None


def test_gradio_client_does_the_main_job(studio_up: Up, token: str, broken_messages: Path) -> None:
    client = Client(studio_up.address, headers={"Authorization": f"Bearer {token}"}, verbose=False)
    data = client.predict("messages.jsonl", ROWS, api_name="/upload_data")
    run = client.predict(data["id"], "head-only", training=QUICK, api_name="/start_run")

    def ended() -> bool:
        return str(client.predict(run["id"], api_name="/read_run")["state"]) not in ("queued", "claimed", "running")

    wait_until(ended, "the run has ended", SECONDS)
    assert client.predict(run["id"], api_name="/read_run")["state"] == "succeeded"
    answers = client.predict(run["id"], ["the bill is too high"], api_name="/predict")
    assert answers[0]["label"] == "money"
    assert client.predict([run["id"]], api_name="/compare_runs")["runs"][0]["id"] == run["id"]
    assert run["id"] in client.predict(run["id"], api_name="/download_link")


def test_mcp_client_does_the_main_job(studio_up: Up, token: str) -> None:
    answers = asyncio.run(main_job(studio_up.address, token))
    assert answers[0]["label"] == "delivery"


async def main_job(address: str, token: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        streamablehttp_client(f"{address}/gradio_api/mcp/", headers=headers) as (reading, writing, _),
        ClientSession(reading, writing) as session,
    ):
        await session.initialize()
        tools = {tool.name: tool.description for tool in (await session.list_tools()).tools}
        assert "Queue a fine-tuning run" in (tools["start_run"] or "")
        data = await use(session, "upload_data", name="messages.jsonl", text=ROWS)
        run = await use(session, "start_run", dataset_id=data["id"], method="head-only", training=QUICK)
        async with asyncio.timeout(SECONDS):
            while run["state"] != "succeeded":
                assert run["state"] in ("queued", "claimed", "running"), run
                # Each question waits for its answer, so this is no busy loop.
                run = await use(session, "read_run", run_id=run["id"])
        refused = await session.call_tool("read_run", {"run_id": "nothing"})
        assert refused.isError and "among yours" in str(refused.content)
        return await use(session, "predict", run_id=run["id"], texts=["my parcel did not arrive"])


async def use(session: ClientSession, tool: str, **arguments: Any) -> Any:
    answer = await session.call_tool(tool, arguments)
    assert not answer.isError, answer.content
    return json.loads(answer.content[0].text)  # type: ignore[union-attr]
