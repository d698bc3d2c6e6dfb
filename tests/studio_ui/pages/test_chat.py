"""The Chat page: models side by side, stop, another reply, undo and edit, what is kept, and what is somebody else's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.db import transaction
from app.models import SUCCEEDED, Job, Run
from app.services.inference import chat, conversations
from app.services.inference.chat import ChatTarget
from tests.factories import make_run, make_user
from tests.studio_ui.conftest import NARROW, Studio
from tests.studio_ui.inference_standin import Standin, standin_server

SYSTEM = "You are a robot waiter."
WORDS = ".bot [data-testid=bot]:not(:has(.thought-group))"


@pytest.fixture(scope="module")
def tuned(studio: Studio) -> str:
    """A finished run of a chat model."""
    run = make_run(studio.owner, name="Robot waiter")
    with transaction() as session:
        stored = session.get_one(Run, run.id)
        stored.task_type, stored.base_model, stored.results = "chat", "starter-chat", {"system_prompt": SYSTEM}
        session.get_one(Job, run.job_id).state = SUCCEEDED
    return run.id


@pytest.fixture
def answering(tuned: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    """A server that answers for the base model and for the run, whose adapter has no files here."""
    find = chat.find_chat_target

    def find_target(user_id: str, model: str) -> ChatTarget:
        if model == tuned:
            return ChatTarget(tuned, "Robot waiter", "starter-chat", Path("/adapter"), "1a2b3c4d5e6f")
        return find(user_id, model)

    monkeypatch.setattr(chat, "find_chat_target", find_target)
    with standin_server() as standin:
        yield standin


def replies(page: Page) -> list[str]:
    """The reply to the newest question in each pane."""
    return [pane.locator(WORDS).last.inner_text() for pane in page.locator(".chat-pane").all()]


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_label("Your message").press("Enter")


def wait_for_end(page: Page) -> None:
    page.wait_for_selector("#chat-stop", state="detached")


def test_conversation_side_by_side_is_kept_and_can_be_changed(signed_in, studio: Studio, tuned, answering):
    watched = signed_in()
    page = watched.open("/chat")
    page.wait_for_selector("#chat-pane-1 h2:has-text('Robot waiter')")
    assert page.locator(".chat-pane").count() == 2
    ask(page, "One tea")
    page.wait_for_selector("#chat-stop")
    wait_for_end(page)
    assert sorted(reply.split(" ")[0] for reply in replies(page)) == ["base", "tuned"]
    assert all(reply.endswith("heard: One tea") for reply in replies(page))
    facts = page.locator("#chat-pane-1 .thought-group").last
    assert "5 tokens · first after 250 ms · 40 tokens/s · adapter 1a2b3c4d" in facts.inner_text()
    assert {body["messages"][0]["content"] for body in answering.asked} == {SYSTEM}

    before = replies(page)
    page.reload()
    page.wait_for_selector(f"#chat-pane-1 {WORDS}")
    assert replies(page) == before
    assert page.locator("#chat-earlier li").count() == 1

    with page.expect_response("**/gradio_api/queue/join*"):
        page.locator("#chat-pane-1 [aria-label*=like i]").last.click()
    page.locator("#chat-pane-1 [aria-label=Retry]").click()
    page.wait_for_function("(old) => !document.querySelector('#chat-pane-1').innerText.includes(old)", arg=before[1])
    wait_for_end(page)
    assert replies(page)[0] == before[0] and replies(page)[1] == "tuned 3 heard: One tea"

    page.locator("#chat-pane-0 [aria-label=Edit]").click()
    page.locator("#chat-pane-0 textarea").fill("Two teas")
    page.locator("#chat-pane-0 [aria-label=Submit]").click()
    page.wait_for_selector(f"#chat-pane-1 {WORDS}:has-text('Two teas')")
    wait_for_end(page)
    assert all(reply.endswith("heard: Two teas") for reply in replies(page))
    (stored,) = conversations.list_conversations(studio.owner)
    assert [message.content for message in conversations.read(studio.owner, stored.id).messages if message.pane is None] == ["Two teas"]  # fmt: skip

    page.locator("#chat-pane-0 [aria-label=Undo]").click()
    page.wait_for_selector(f"#chat-pane-0 {WORDS}", state="detached")
    assert page.get_by_label("Your message").input_value() == "Two teas"
    assert watched.complaints == [] and watched.foreign == []


def test_stop_ends_the_generation_of_every_model_and_keeps_what_there_is(signed_in, studio: Studio, tuned, answering):
    watched = signed_in()
    page = watched.open(f"/chat?models={tuned},base:starter-chat")
    ask(page, "an endless tale")
    for at in (0, 1):
        page.wait_for_selector(f"#chat-pane-{at} {WORDS}:has-text('tale and and')")
    page.click("#chat-stop")
    wait_for_end(page)
    assert answering.left.acquire(timeout=5) and answering.left.acquire(timeout=5)
    expect(page.locator("#chat-pane-0 .thought-group")).to_contain_text("stopped")
    shown = replies(page)
    page.reload()
    page.wait_for_selector(f"#chat-pane-1 {WORDS}")
    assert replies(page) == shown
    assert watched.complaints == []


def test_closing_the_page_ends_the_generation_too(signed_in, answering):
    watched = signed_in()
    page = watched.open("/chat?models=base:starter-chat")
    ask(page, "an endless tale")
    page.wait_for_selector(f"#chat-pane-0 {WORDS}:has-text('tale and and')")
    page.goto("about:blank")
    assert answering.left.acquire(timeout=10)


def test_system_prompt_that_differs_from_training_is_reported(signed_in, tuned):
    page = signed_in(NARROW).open(f"/chat?models={tuned}")
    page.wait_for_selector("#chat-pane-0 h2:has-text('Robot waiter')")
    page.get_by_role("button", name="System prompt and settings").click()
    assert page.get_by_label("System prompt", exact=True).input_value() == SYSTEM
    expect(page.locator("#chat-system-note")).to_have_text("As in training.")
    page.get_by_label("System prompt", exact=True).press_sequentially(" Ahoy.")
    expect(page.locator("#chat-system-note")).to_contain_text(
        "differs from the system prompt in training: “You are a robot"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_conversation_of_somebody_else_is_not_found(signed_in):
    other = conversations.start(make_user(), ["base:starter-chat"])
    watched = signed_in()
    page = watched.open(f"/chat?id={other.id}")
    page.wait_for_selector("#chat-notice [data-code=conversation_not_found]")
    page.wait_for_url(lambda url: "id=" not in url)
    page = watched.open("/chat?models=nobody,base:starter-chat@7")
    page.wait_for_selector("#chat-notice :text('somebody else')")
    expect(page.locator("#chat-notice")).to_contain_text("Step 7 of a run is not kept")


def test_saved_prompts_are_put_to_every_model_and_stopped(signed_in, tuned, answering):
    watched = signed_in()
    page = watched.open(f"/chat?models=base:starter-chat,{tuned}")
    page.wait_for_selector("#chat-pane-1 h2")
    page.get_by_role("button", name="Saved prompts, all models in a table").click()
    page.get_by_label("Prompts, one per line").fill("=1+1\n\n endless tea ")
    page.get_by_label("Name for these prompts").fill("Drinks")
    page.click("#suite-save")
    page.wait_for_selector("[data-testid=toast-text]:has-text('Saved.')")
    page.click("#suite-run")
    page.wait_for_selector("#suite-table tbody tr:nth-child(2) td:nth-child(3):has-text('tea and and')")
    page.click("#suite-stop")
    page.wait_for_selector("#suite-status:has-text('2 replies from 2 models.')")
    assert page.locator("#suite-table tbody tr:first-child td").all_inner_texts()[1].endswith("heard: =1+1")
    assert "(stopped)" in page.inner_text("#suite-table tbody tr:nth-child(2) td:nth-child(2)")
    with page.expect_download() as saved:
        page.click("#suite-csv button")
    rows = Path(saved.value.path()).read_text().splitlines()
    assert rows[0] == '"Prompt","Starter chat (tiny Llama, simple English)","Robot waiter"'
    assert rows[1].startswith('"\'=1+1",') and len(rows) == 3

    page.reload()
    page.get_by_role("button", name="Saved prompts, all models in a table").click()
    page.get_by_label("Saved prompts", exact=True).click()
    page.get_by_role("option", name="Drinks (2)").click()
    expect(page.get_by_label("Prompts, one per line")).to_have_value("=1+1\nendless tea")
    page.click("#suite-remove")
    expect(page.get_by_label("Saved prompts", exact=True)).to_have_value("Nothing saved yet")
    page.get_by_label("Saved prompts", exact=True).click()
    expect(page.get_by_role("option")).to_contain_text(["Nothing saved yet"])
    assert watched.complaints == []
