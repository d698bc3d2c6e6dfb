"""The queue page in Chromium: a busy queue at two widths, steered with mouse and keyboard."""

import re
from types import SimpleNamespace

import gradio as gr
import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.models import Job, Run, new_id
from app.services.queue import inference_servers, jobs, queue_order, workers
from app.services.queue.inference_servers import READY, YIELDED
from studio_ui.pages.queue import change, describe_queue
from studio_ui.pages.queue_rows import in_words
from studio_ui.session import handled
from tests.factories import make_run, make_user, make_version, stay_alive
from tests.studio_ui.conftest import NARROW, expect_to_fit

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
        jobs.note_progress(session, claim, "Training", {"step": 420, "total_steps": 900, "eta_seconds": 385.0})
        jobs.request_pause(session, session.get_one(Run, held.id).job)
    workers.beat("trainbox:4711", mine[0].job_id)
    for name, state in (("trainbox:12", YIELDED), ("chatbox:13", READY)):
        inference_servers.register(name, f"http://{name}", "")
        inference_servers.beat(name, state, {"bases": ["starter-chat"], "tuned": 3, "replies": 2, "waiting": 1})
    stay_alive()
    return mine


def test_queue_shows_running_and_waiting_runs_with_reasons(signed_in, busy):
    watched = signed_in(NARROW)
    page = watched.open("/queue")
    for words in ("step 420 of 900", "in about 6 min"):
        expect(page.locator("#queue-running")).to_contain_text(words)
    waiting = page.locator("#queue-waiting")
    for words in ("Somebody else's run", "All workers are busy; it is next."):
        expect(waiting).to_contain_text(words)
    expect(waiting.locator(".theirs button")).to_have_count(0)
    expect(page.locator("#queue-paused")).to_contain_text("Held back until Monday")
    expect(page.locator("#queue-workers")).to_contain_text("Working")
    expect(page.locator("#queue-servers li")).to_contain_text(
        [
            "In memory: starter-chat · 3 fine-tuned models · 2 answers being generated, 1 waiting",
            re.compile("Stopped to free its GPU for a training.*No model is in memory", re.DOTALL),
        ]
    )
    expect_to_fit(page)
    assert watched.complaints == [] and watched.foreign == []


def test_own_runs_are_reordered_paused_and_taken_out(signed_in, busy):
    page = signed_in().open("/queue")
    waiting = page.locator("#queue-waiting")
    first = waiting.locator("a.queue-name").first
    page.get_by_role("button", name=f"Earlier: {NAMES[2]}").focus()
    page.keyboard.press("Enter")
    expect(first).to_have_text(NAMES[2])
    page.get_by_role("button", name=f"Pause: {NAMES[1]}").click()
    expect(page.locator("#queue-paused")).to_contain_text(NAMES[1])
    page.get_by_role("button", name=f"Resume: {NAMES[1]}").click()
    expect(waiting).to_contain_text(NAMES[1])
    page.get_by_role("button", name=f"Take out: {NAMES[3]}").click()
    page.get_by_role("button", name="Take it out").click()
    expect(page.locator("#queue-body")).not_to_contain_text(NAMES[3])
    page.get_by_label(f"Order among my runs: {NAMES[1]}").select_option("high")
    expect(first).to_have_text(NAMES[1])
    with transaction() as session:
        assert queue_order.line(session)[0].id in {busy[1].job_id, *_others(session)}


def test_focus_stays_with_its_button_while_its_run_moves(signed_in, busy):
    watched = signed_in()
    page = watched.open("/queue")
    button = page.get_by_role("button", name=f"Earlier: {NAMES[3]}")
    names = "[...document.querySelectorAll('#queue-waiting a.queue-name')].map((link) => link.textContent)"
    button.focus()
    for place in (1, 0):
        page.keyboard.press("Enter")
        page.wait_for_function(f"name => {names}[{place}] === name", arg=NAMES[3])
        expect(button).to_be_focused()
    expect(page.locator("#queue-said")).to_contain_text(f"“{NAMES[3]}” is now number")
    # At the end of the list the button keeps the focus and does nothing.
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_css("outline-style", "solid")
    page.get_by_role("button", name=f"Take out: {NAMES[2]}").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Take it out").press("Enter")
    page.wait_for_function(f"name => !{names}.includes(name)", arg=NAMES[2])
    page.wait_for_function("document.activeElement.closest('#queue-waiting') !== null")
    assert watched.complaints == []


def test_refusal_is_reported_and_the_page_shows_what_holds_now(signed_in, busy):
    page = signed_in().open("/queue")

    def end_first(route):
        with transaction() as session:
            session.get_one(Job, busy[1].job_id).state = "succeeded"
        route.continue_()

    # The run ends after the button was pressed: the page, which looks every two seconds, would take the button away.
    page.route("**/gradio_api/queue/join*", end_first, times=1)
    page.get_by_role("button", name=f"Later: {NAMES[1]}").click()
    expect(page.locator("[data-testid=toast-text]")).to_contain_text("does not wait any more")
    expect(page.locator("#queue-body")).not_to_contain_text(NAMES[1])


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
    stay_alive()
    first = describe_queue(owner, {})
    workers.beat("trainbox:4711")
    stay_alive()
    # What other programs leave free of memory and disk changes by itself.
    sizes = re.compile(r"[\d.,]+ [kMGT]?B")
    assert sizes.sub("", repr(describe_queue(owner, {}).nodes)) == sizes.sub("", repr(first.nodes))
    assert first.again == 10.0
    make_run(owner, name="New one")
    assert describe_queue(owner, {}).again == 2.0


@pytest.mark.parametrize(
    ("left", "words"), [(None, "not known"), (2, "any moment"), (42, "in about 40 s"), (372, "in about 6 min")]
)
def test_expected_moments_are_rounded_as_estimates_deserve(left, words):
    assert in_words(None if left is None else 1000.0 + left, 1000.0) == words


def _others(session):
    return {job.id for job in session.query(Job) if job.state == "queued"}
