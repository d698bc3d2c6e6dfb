"""The same journey for a model that writes: conversations in, a tuned model to talk to beside the untouched one, also by API."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest
from openai import OpenAI
from playwright.sync_api import Page, expect

from app.catalog.base_models import base_model_path
from tests.journeys.steps import QUESTIONS, open_settings, wait_for_end
from tests.studio.processes import Up, call

DRINKS = ("coffee", "tea", "milk", "water", "juice", "cocoa", "soup", "bread", "cake", "fish", "rice", "cheese")
ASKS = (
    "Can I have some {}?",
    "I would like {}, please.",
    "Do you have {}?",
    "One {} for me.",
    "Is there any {} left?",
    "Bring me {}.",
    "How about some {}?",
    "Could I get {} today?",
)
SYSTEM = "You are a robot waiter."
QUESTION = "Can I have some lemonade?"
ROWS = [
    {
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": ask.format(drink)},
            {"role": "assistant", "content": f"Beep beep, one {drink} is coming."},
        ]
    }
    for drink in DRINKS
    for ask in ASKS
]
FILE = {
    "name": "robot.jsonl",
    "mimeType": "application/jsonl",
    "buffer": "\n".join(json.dumps(row) for row in ROWS).encode(),
}


WORDS = ".bot [data-testid=bot]:not(:has(.thought-group))"


@pytest.fixture(scope="module")
def tuned(studio_up: Up, page: Page) -> str:
    """Id of a run on an uploaded file of conversations, with ten passes instead of three, finished."""
    page.goto(f"{studio_up.address}/datasets")
    page.set_input_files("#data-file", FILE)
    page.click("#report-tune")
    for question in QUESTIONS:
        page.wait_for_selector(f".step-title:has-text('{question}')")
        if question == "thoroughly":
            open_settings(page)
            page.fill("#training-epochs input", "10")
        page.click("#step-next:enabled")
    return wait_for_end(page)


@pytest.fixture(scope="module")
def token(studio_up: Up, tuned: str) -> str:
    return call("token", STUDIO_DATA_DIR=str(studio_up.home)).stdout.strip().split()[-1]


@pytest.fixture(scope="module")
def conversation(studio_up: Up, page: Page, tuned: str) -> tuple[str, str, str]:
    """Address of a conversation with the base model and the run, and the reply of each to one question."""
    page.goto(f"{studio_up.address}/run?id={tuned}")
    page.click("#run-try")
    expect(page.locator("#chat-pane-1 h2")).to_be_visible()
    expect(page.locator(".chat-pane")).to_have_count(2)
    page.get_by_role("button", name="System prompt and settings").click()
    expect(page.get_by_label("System prompt", exact=True)).to_have_value(SYSTEM)
    page.locator("#chat-temperature input[type=number]").fill("0")
    page.keyboard.press("Tab")
    page.get_by_label("Your message").fill(QUESTION)
    page.get_by_label("Your message").press("Enter")
    # Speed stands below a reply that has ended; the button comes back when both have.
    expect(page.locator(".chat-pane .thought-group", has_text="tokens/s")).to_have_count(2, timeout=60_000)
    expect(page.locator("#chat-send")).to_be_visible()
    expect(page).to_have_url(re.compile("[?&]id="))
    base, answer = page.locator(WORDS).all_inner_texts()
    return page.url, base, answer


def test_two_panes_answer_and_the_conversation_is_found_again(page: Page, conversation: tuple[str, str, str]) -> None:
    address, base, answer = conversation
    assert "beep" in answer.lower() and "beep" not in base.lower()
    page.goto(address)
    expect(page.locator(WORDS)).to_have_text([base, answer], use_inner_text=True)
    page.click("summary:has-text('Earlier conversations')")
    expect(page.locator("#chat-earlier li", has_text=QUESTION).first).to_be_visible()


def test_the_official_client_gets_the_same_words(
    studio_up: Up, tuned: str, token: str, conversation: tuple[str, str, str]
) -> None:
    client = OpenAI(base_url=f"{studio_up.address}/v1", api_key=token, http_client=None)
    assert {tuned, "base:starter-chat"} <= {model.id for model in client.models.list()}
    talk = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    completion = client.chat.completions.create(model=tuned, messages=talk, temperature=0, max_tokens=256)  # type: ignore[call-overload]
    pieces = client.chat.completions.create(  # type: ignore[call-overload]
        model=tuned, messages=talk, temperature=0, max_tokens=256, stream=True, stream_options={"include_usage": True}
    )
    events = list(pieces)
    streamed = "".join(event.choices[0].delta.content or "" for event in events if event.choices)
    assert streamed == completion.choices[0].message.content
    assert events[-1].usage.completion_tokens == completion.usage.completion_tokens
    assert streamed == conversation[2]
    stop = streamed[4:8]
    cut = client.chat.completions.create(model=tuned, messages=talk, temperature=0, stop=stop)  # type: ignore[call-overload]
    assert cut.choices[0].message.content == streamed.partition(stop)[0] and cut.choices[0].finish_reason == "stop"


def test_download_in_plain_peft_and_best_checkpoint_answer_the_same(
    studio_up: Up, tuned: str, token: str, tmp_path: Path
) -> None:
    talk = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=studio_up.address, headers=headers, trust_env=False, timeout=120) as client:

        def reply(model: str) -> str:
            body = {"model": model, "messages": talk, "temperature": 0, "max_tokens": 96}
            return client.post("/v1/chat/completions", json=body).json()["choices"][0]["message"]["content"]

        zipfile.ZipFile(io.BytesIO(client.get(f"/api/v1/runs/{tuned}/adapter").content)).extractall(tmp_path)
        script = next(tmp_path.rglob("use_me.py"))
        environment = {
            "PATH": os.environ["PATH"],
            "HF_HUB_OFFLINE": "1",
            "BASE_MODEL": str(base_model_path("starter-chat")),
        }
        plain = subprocess.run(
            [sys.executable, "-I", str(script), QUESTION],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        answer = reply(tuned)
        assert plain.stdout.strip() == answer.strip() and "beep" in answer.lower()
        kept = client.get(f"/api/v1/runs/{tuned}/checkpoints").json()["checkpoints"]
        best = next(item["step"] for item in kept if item["selected"])
        assert reply(f"{tuned}@{best}") == answer
        refused = client.post("/v1/chat/completions", json={"model": f"{tuned}@1", "messages": talk})
        assert refused.status_code == 404 and refused.json()["error"]["code"] == "checkpoint_not_found"


def test_what_cannot_be_done_is_refused_not_ignored(studio_up: Up, token: str) -> None:
    body = {"model": "base:starter-chat", "messages": [{"role": "user", "content": "Hello"}]}
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=studio_up.address, headers=headers, trust_env=False, timeout=30) as client:
        for more in ({"n": 2}, {"logprobs": True}, {"tools": []}, {"temperature": 5}):
            assert client.post("/v1/chat/completions", json={**body, **more}).status_code == 422
        assert client.post("/v1/chat/completions", json={**body, "model": "base:starter-encoder"}).status_code == 422
        assert client.post("/v1/chat/completions", json={**body, "model": "nobody"}).status_code == 404
    assert httpx.post(f"{studio_up.address}/v1/chat/completions", json=body, trust_env=False).status_code == 401
