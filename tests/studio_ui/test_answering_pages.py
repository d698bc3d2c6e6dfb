"""Chat and playground when the server that answers is missing, silent or busy with a training: what is wrong and what to do."""

from app.db import db_now, transaction
from app.models_work import InferenceServer
from app.services.queue import inference_servers
from app.services.queue.inference_servers import READY, RESTING, YIELDED
from tests.studio_ui.conftest import NARROW


def set_server(state: str, silent_seconds: float = 0.0) -> None:
    inference_servers.register("chatbox:1", "http://127.0.0.1:9", "")
    inference_servers.beat("chatbox:1", state, {})
    with transaction() as session:
        session.query(InferenceServer).update({"heartbeat_at": db_now() - silent_seconds})


def test_the_chat_says_why_nobody_can_answer_and_what_to_do(signed_in, studio):
    watched = signed_in(NARROW)
    set_server(READY, silent_seconds=90)
    page = watched.open("/chat")
    page.wait_for_selector("#server-notice:has-text('has sent no heartbeat for')")
    assert "Start it again: restart `studio up`" in page.inner_text("#server-notice")
    page.get_by_label("Your message").fill("Are you there?")
    page.click("#chat-send")
    page.wait_for_selector(".chat-pane .thought-group:has-text('has sent no heartbeat for')")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]

    set_server(YIELDED)
    page = watched.open("/chat")
    page.wait_for_selector("#server-notice:has-text('A training run uses the GPU now')")

    set_server(RESTING)
    page = watched.open("/chat")
    page.wait_for_selector("#chat-send")
    assert page.inner_text("#server-notice") == ""
    assert all("409" in complaint for complaint in watched.complaints) and watched.foreign == []
