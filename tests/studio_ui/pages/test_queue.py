"""The queue page in Chromium: a busy queue at two widths, steered with mouse and keyboard."""

from types import SimpleNamespace

import gradio as gr
import pytest

from app.db import transaction
from app.models import Job, Run, new_id
from app.services.queue import inference_servers, jobs, queue_order, workers
from app.services.queue.inference_servers import READY, YIELDED
from studio_ui.pages.queue import change, describe_queue
from studio_ui.pages.queue_rows import in_words
from studio_ui.session import handled
from tests.factories import make_run, make_user, make_version
from tests.studio_ui.conftest import NARROW

NAMES = ("Complaints, LoRA rank 8", "Complaints, prefix tuning", "Complaints, everything trained", "Letters, first try")


@pytest.fixture
def busy(studio):
    """One run works, three of mine and one of another's wait, one is paused, one worker is alive."""
    with transaction() as session:
        for job in session.query(Job):
            job.state, job.finished_at = "cancelled", 1.0
    place, bob = make_version(studio.owner), make_user(f"bob {new_id()}")
    mine = [make_run(studio.owner, place, name=name) for name in NAMES]
    make_run(bob)
    held = make_run(studio.owner, place, name="Held back until Monday")
    claim = jobs.claim(mine[0].job_id, "trainbox:4711")
    jobs.begin(claim, pid=1, phase="Training")
    with transaction() as session:
        jobs.note_progress(session, claim, "Training", {"step": 420, "total_steps": 900, "eta_seconds": 372.0})
        jobs.request_pause(session, session.get_one(Run, held.id).job)
    workers.beat("trainbox:4711", mine[0].job_id)
    for name, state in (("trainbox:12", YIELDED), ("chatbox:13", READY)):
        inference_servers.register(name, f"http://{name}", "")
        inference_servers.beat(name, state, {"bases": ["starter-chat"], "tuned": 3, "replies": 2, "waiting": 1})
    return mine


def test_queue_shows_running_and_waiting_runs_with_reasons(signed_in, busy):
    watched = signed_in(NARROW)
    page = watched.open("/queue")
    page.wait_for_selector("#queue-waiting")
    assert "step 420 of 900" in page.inner_text("#queue-running")
    assert "in about 6 min" in page.inner_text("#queue-running")
    waiting = page.inner_text("#queue-waiting")
    assert "Somebody else's run" in waiting and "All workers are busy; it is next." in waiting
    assert page.locator("#queue-waiting .theirs button").count() == 0
    assert "Held back until Monday" in page.inner_text("#queue-paused")
    assert "Working" in page.inner_text("#queue-workers")
    answering, room = page.locator("#queue-servers li").all_inner_texts()
    assert "In memory: starter-chat · 3 fine-tuned models · 2 answers being generated, 1 waiting" in answering
    assert "Stopped to free its GPU for a training" in room and "No model is in memory" in room
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert watched.complaints == [] and watched.foreign == []


def test_own_runs_are_reordered_paused_and_taken_out(signed_in, busy):
    page = signed_in().open("/queue")
    page.wait_for_selector("#queue-waiting")
    page.get_by_role("button", name=f"Earlier: {NAMES[2]}").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(
        "name => document.querySelectorAll('#queue-waiting a.queue-name')[0].textContent === name", arg=NAMES[2]
    )
    page.get_by_role("button", name=f"Pause: {NAMES[1]}").click()
    page.wait_for_function("name => document.querySelector('#queue-paused').textContent.includes(name)", arg=NAMES[1])
    page.get_by_role("button", name=f"Resume: {NAMES[1]}").click()
    page.wait_for_function("name => document.querySelector('#queue-waiting').textContent.includes(name)", arg=NAMES[1])
    page.get_by_role("button", name=f"Take out: {NAMES[3]}").click()
    page.get_by_role("button", name="Take it out").click()
    page.wait_for_function("name => !document.querySelector('#queue-body').textContent.includes(name)", arg=NAMES[3])
    page.get_by_label(f"Order among my runs: {NAMES[1]}").select_option("high")
    page.wait_for_function(
        "name => document.querySelectorAll('#queue-waiting a.queue-name')[0].textContent === name", arg=NAMES[1]
    )
    with transaction() as session:
        assert queue_order.line(session)[0].id in {busy[1].job_id, *_others(session)}


def test_focus_stays_with_its_button_while_its_run_moves(signed_in, busy):
    watched = signed_in()
    page = watched.open("/queue")
    earlier = f"Earlier: {NAMES[3]}"
    names = "[...document.querySelectorAll('#queue-waiting a.queue-name')].map((link) => link.textContent)"
    page.get_by_role("button", name=earlier).focus()
    for place in (1, 0):
        page.keyboard.press("Enter")
        page.wait_for_function(f"name => {names}[{place}] === name", arg=NAMES[3])
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == earlier
    page.wait_for_selector(f"#queue-said :text('“{NAMES[3]}” is now number')", state="attached")
    # At the end of the list the button keeps the focus and does nothing.
    assert page.evaluate("document.activeElement.getAttribute('aria-disabled')") == "true"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.get_by_role("button", name=f"Take out: {NAMES[2]}").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Take it out").press("Enter")
    page.wait_for_function(f"name => !{names}.includes(name)", arg=NAMES[2])
    assert page.evaluate("document.activeElement.closest('#queue-waiting') !== null")
    assert watched.complaints == []


def test_refusal_is_reported_and_the_page_shows_what_holds_now(signed_in, busy):
    page = signed_in().open("/queue")
    page.wait_for_selector("#queue-waiting")
    with transaction() as session:
        session.get_one(Job, busy[1].job_id).state = "succeeded"
    page.get_by_role("button", name=f"Later: {NAMES[1]}").click()
    page.wait_for_selector("[data-testid=toast-text]:has-text('does not wait any more')")
    page.wait_for_function("name => !document.querySelector('#queue-body').textContent.includes(name)", arg=NAMES[1])


@pytest.mark.parametrize(
    ("name", "value"), [("move", ["{}", "up"]), ("priority", ["{}", "high"]), *((n, "{}") for n in ("pause", "cancel"))]
)
def test_run_of_another_person_is_not_found(owner, name, value):
    theirs = make_run(make_user("carol")).id
    named = [part.format(theirs) for part in value] if isinstance(value, list) else value.format(theirs)
    request = SimpleNamespace(scope={"state": {"user_id": owner}})
    with pytest.raises(gr.Error, match="There is no run"):
        handled(change)(request, SimpleNamespace(name=name, value=named))


def test_idle_queue_answers_the_same_until_something_changes(owner):
    workers.beat("trainbox:4711")
    first = describe_queue(owner, {})
    workers.beat("trainbox:4711")
    assert describe_queue(owner, {}).nodes == first.nodes and first.again == 10.0
    make_run(owner, name="New one")
    assert describe_queue(owner, {}).again == 2.0


@pytest.mark.parametrize(
    ("left", "words"), [(None, "not known"), (2, "any moment"), (42, "in about 40 s"), (372, "in about 6 min")]
)
def test_expected_moments_are_rounded_as_estimates_deserve(left, words):
    assert in_words(None if left is None else 1000.0 + left, 1000.0) == words


def _others(session):
    return {job.id for job in session.query(Job) if job.state == "queued"}
