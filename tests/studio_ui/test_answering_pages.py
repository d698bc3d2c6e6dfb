"""Chat and playground when the server that answers is missing, silent or busy with a training: what is wrong and what to do."""

from playwright.sync_api import expect

from app.db import db_now, transaction
from app.models_work import InferenceServer
from app.services.queue import inference_servers
from app.services.queue.inference_servers import READY, RESTING, YIELDED
from tests.factories import stay_alive
from tests.studio_ui.conftest import NARROW, expect_to_fit


def set_server(state: str, silent_seconds: float = 0.0) -> None:
    inference_servers.register("chatbox:1", "http://127.0.0.1:9", "")
    inference_servers.beat("chatbox:1", state, {})
    if not silent_seconds:
        stay_alive()
        return
    with transaction() as session:
        session.query(InferenceServer).update({"heartbeat_at": db_now() - silent_seconds})


def test_the_chat_says_why_nobody_can_answer_and_what_to_do(signed_in, studio):
    watched = signed_in(NARROW)
    set_server(READY, silent_seconds=90)
    page = watched.open("/chat")
    expect(page.locator("#server-notice")).to_contain_text("has sent no heartbeat for")
    expect(page.locator("#server-notice")).to_contain_text("Start it again: restart `studio up`")
    expect(page.locator("#chat-pane-0 h2")).to_be_visible()
    page.get_by_label("Your message").fill("Are you there?")
    page.click("#chat-send")
    page.wait_for_selector(".chat-pane .thought-group:has-text('has sent no heartbeat for')")
    expect_to_fit(page)

    set_server(YIELDED)
    page = watched.open("/chat")
    page.wait_for_selector("#server-notice:has-text('A training run uses the GPU now')")

    set_server(RESTING)
    page = watched.open("/chat")
    expect(page.locator("#chat-send")).to_be_visible()
    expect(page.locator("#server-notice")).to_have_text("")
    assert all("409" in complaint for complaint in watched.complaints) and watched.foreign == []
