"""The Chat page: models side by side, stop, another reply, undo and edit, what is kept, and what is somebody else's."""

import re
from collections.abc import Iterator
from pathlib import Path
from re import Pattern

import pytest
from playwright.sync_api import Page, expect

from app.db import transaction
from app.models import SUCCEEDED, Job, Run, new_id
from app.services.inference import chat, conversations
from app.services.inference.chat import ChatTarget
from tests.factories import make_run, make_user
from tests.studio_ui.conftest import NARROW, Studio, expect_to_fit
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


def expect_replies(page: Page, *words: str | Pattern[str]) -> None:
    """The reply to the newest question in each pane, and that no model writes any more."""
    for at, expected in enumerate(words):
        expect(page.locator(f"#chat-pane-{at} {WORDS}").last).to_have_text(expected, use_inner_text=True)
    expect(page.locator("#chat-send")).to_be_visible()
    expect(page.locator("#chat-stop")).to_have_count(0)


def replies(page: Page) -> list[str]:
    """The reply to the newest question in each pane, once they are expected."""
    return [pane.locator(WORDS).last.inner_text() for pane in page.locator(".chat-pane").all()]


def ask(page: Page, text: str) -> None:
    # Before its models are there a page has nobody to ask.
    expect(page.locator("#chat-pane-0 h2")).to_be_visible()
    page.get_by_label("Your message").fill(text)
    page.get_by_label("Your message").press("Enter")


def test_conversation_side_by_side_is_kept_and_can_be_changed(signed_in, studio: Studio, tuned, answering):
    watched = signed_in()
    page = watched.open("/chat")
    expect(page.locator("#chat-pane-1 h2")).to_contain_text("Robot waiter")
    expect(page.locator(".chat-pane")).to_have_count(2)
    ask(page, "One tea")
    heard = re.compile("^base . heard: One tea$"), re.compile("^tuned . heard: One tea$")
    expect_replies(page, *heard)
    facts = page.locator("#chat-pane-1 .thought-group").last
    expect(facts).to_contain_text("5 tokens · first after 250 ms · 40 tokens/s · adapter 1a2b3c4d")
    assert {body["messages"][0]["content"] for body in answering.asked} == {SYSTEM}

    before = replies(page)
    page.reload()
    expect_replies(page, *before)
    stored = page.url.partition("id=")[2].partition("&")[0]
    expect(page.locator(f"#chat-earlier li[data-id='{stored}']")).to_have_count(1)

    with page.expect_response("**/gradio_api/queue/join*"):
        page.locator("#chat-pane-1 [aria-label*=like i]").last.click()
    page.locator("#chat-pane-1 [aria-label=Retry]").click()
    expect_replies(page, before[0], "tuned 3 heard: One tea")

    page.locator("#chat-pane-0 [aria-label=Edit]").click()
    page.locator("#chat-pane-0 textarea").fill("Two teas")
    page.locator("#chat-pane-0 [aria-label=Submit]").click()
    expect_replies(page, re.compile("^base . heard: Two teas$"), re.compile("^tuned . heard: Two teas$"))
    kept = conversations.read(studio.owner, stored).messages
    assert [message.content for message in kept if message.pane is None] == ["Two teas"]

    page.locator("#chat-pane-0 [aria-label=Undo]").click()
    expect(page.locator(f"#chat-pane-0 {WORDS}")).to_have_count(0)
    expect(page.get_by_label("Your message")).to_have_value("Two teas")
    assert watched.complaints == [] and watched.foreign == []


def test_stop_ends_the_generation_of_every_model_and_keeps_what_there_is(signed_in, studio: Studio, tuned, answering):
    watched = signed_in()
    page = watched.open(f"/chat?models={tuned},base:starter-chat")
    ask(page, "an endless tale")
    for at in (0, 1):
        expect(page.locator(f"#chat-pane-{at} {WORDS}").last).to_contain_text("tale and and")
    page.click("#chat-stop")
    for at in (0, 1):
        assert answering.left.acquire(timeout=30)
        expect(page.locator(f"#chat-pane-{at} .thought-group").last).to_contain_text("stopped")
    expect(page.locator("#chat-send")).to_be_visible()
    shown = replies(page)
    page.reload()
    expect_replies(page, *shown)
    assert watched.complaints == []


def test_closing_the_page_ends_the_generation_too(signed_in, answering):
    watched = signed_in()
    page = watched.open("/chat?models=base:starter-chat")
    ask(page, "an endless tale")
    expect(page.locator(f"#chat-pane-0 {WORDS}").last).to_contain_text("tale and and")
    page.goto("about:blank")
    assert answering.left.acquire(timeout=30)


def test_system_prompt_that_differs_from_training_is_reported(signed_in, tuned):
    page = signed_in(NARROW).open(f"/chat?models={tuned}")
    page.wait_for_selector("#chat-pane-0 h2:has-text('Robot waiter')")
    page.get_by_role("button", name="System prompt and settings").click()
    expect(page.get_by_label("System prompt", exact=True)).to_have_value(SYSTEM)
    expect(page.locator("#chat-system-note")).to_have_text("As in training.")
    page.get_by_label("System prompt", exact=True).press_sequentially(" Ahoy.")
    expect(page.locator("#chat-system-note")).to_contain_text(
        "differs from the system prompt in training: “You are a robot"
    )
    expect_to_fit(page)


def test_conversation_of_somebody_else_is_not_found(signed_in):
    other = conversations.start(make_user(f"stranger {new_id()}"), ["base:starter-chat"])
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
    rows = page.locator("#suite-table tbody tr")
    expect(rows.nth(1).locator("td").nth(1)).to_contain_text("tea and and")
    page.click("#suite-stop")
    expect(page.locator("#suite-status")).to_contain_text("2 replies from 2 models.")
    expect(rows.first.locator("td").nth(1)).to_have_text(re.compile("heard: =1[+]1$"))
    expect(rows.nth(1).locator("td").first).to_contain_text("(stopped)")
    with page.expect_download() as saved:
        page.click("#suite-csv button")
    lines = Path(saved.value.path()).read_text().splitlines()
    assert lines[0] == '"Prompt","Starter chat (tiny Llama, simple English)","Robot waiter"'
    assert lines[1].startswith('"\'=1+1",') and len(lines) == 3

    page.reload()
    page.get_by_role("button", name="Saved prompts, all models in a table").click()
    expect(page.get_by_label("Saved prompts", exact=True)).to_have_value("Choose saved prompts…")
    page.get_by_label("Saved prompts", exact=True).click()
    page.get_by_role("option", name="Drinks (2)").click()
    expect(page.get_by_label("Prompts, one per line")).to_have_value("=1+1\nendless tea")
    page.click("#suite-remove")
    expect(page.get_by_label("Saved prompts", exact=True)).to_have_value("Nothing saved yet")
    page.get_by_label("Saved prompts", exact=True).click()
    expect(page.get_by_role("option")).to_contain_text(["Nothing saved yet"])
    assert watched.complaints == []
