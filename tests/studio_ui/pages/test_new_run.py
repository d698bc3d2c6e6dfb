"""New run: what the browser keeps, other people's data, and that two tabs do not disturb each other."""

import re
import threading

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.db import snapshot
from app.models import Run, new_id
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.settings import get_settings
from studio_ui.app import build_pages
from studio_ui.components.nodes import el
from studio_ui.pages.new_run import case
from tests.factories import make_run


@pytest.fixture(scope="module")
def samples(studio):
    """Two datasets of the owner."""
    return [datasets.import_sample(studio.owner, sample.name) for sample in datasets.SAMPLES[:2]]


METHODS = "[aria-label=Method] input"
# What is answered without Gradio's queue: choices, costs and the start.
EVENT = "**/gradio_api/run/predict*"


def kept_choice(page, name, value):
    """Wait until the tab has stored a choice, which it does when the answer to it has come."""
    stored = "([name, value]) => JSON.parse(sessionStorage.getItem('studio-new-run') || '{}')[name] === value"
    page.wait_for_function(stored, arg=[name, value])


def test_steps_are_changed_without_a_request_and_back_returns(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=goal")
    page.wait_for_selector(".step-title:visible:has-text('learn to do')")
    asked = []
    events = ("run/predict", "queue/join", "component_server", "api/v1")
    page.on("request", lambda request: asked.append(request.url) if any(e in request.url for e in events) else None)
    page.click("#step-back")
    page.wait_for_selector(".step-title:visible:has-text('Which data')")
    expect(page).to_have_url(re.compile("step=data"))
    expect(page.locator("#step-title-data")).to_be_focused()
    page.click("#wizard [data-tab-id='4']")
    page.wait_for_selector(".step-title:visible:has-text('thoroughly')")
    assert asked == []
    page.go_back()
    page.wait_for_selector(".step-title:visible:has-text('Which data')")
    page.go_back()
    page.wait_for_selector(".step-title:visible:has-text('learn to do')")
    page.go_forward()
    page.wait_for_selector(".step-title:visible:has-text('Which data')")
    assert watched.complaints == []


# Notes every question that is drawn, from the first frame on.
QUESTIONS_SHOWN = """window.questions = new Set();
const note = () => {
  for (const title of document.querySelectorAll(".step-title")) if (title.checkVisibility()) window.questions.add(title.textContent);
  requestAnimationFrame(note);
};
note();"""


def test_page_opens_at_the_step_of_its_address_and_shows_no_other_before(signed_in, samples):
    watched = signed_in()
    watched.page.add_init_script(QUESTIONS_SHOWN)
    page = watched.open(f"/new?dataset={samples[0].id}&step=settings")
    page.wait_for_function("JSON.stringify([...window.questions]) === JSON.stringify(['How thoroughly?'])")
    page.click("#step-back")
    page.wait_for_function("[...window.questions].join(' ') === 'How thoroughly? Which tuning method?'")
    assert watched.complaints == []


def test_two_tabs_keep_their_own_choices_through_a_reload(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=method")
    page.check("#method-ia3")
    kept_choice(page, "kind", "ia3")
    other = page.context.new_page()
    other.goto(f"{watched.studio.address}/new?dataset={samples[1].id}&step=method")
    kept_choice(other, "dataset_id", samples[1].id)
    other.reload()
    expect(other.locator(f"{METHODS}:checked")).to_have_count(1)
    expect(other.locator("#method-ia3")).not_to_be_checked()
    page.reload()
    expect(page.locator("#method-ia3")).to_be_checked()
    kept_choice(page, "dataset_id", samples[0].id)
    # The choices for one dataset are not mixed into another.
    page.goto(f"{watched.studio.address}/new?dataset={samples[1].id}&step=method")
    kept_choice(page, "dataset_id", samples[1].id)
    expect(page.locator(f"{METHODS}:checked")).to_have_count(1)
    expect(page.locator("#method-ia3")).not_to_be_checked()
    assert watched.complaints == []


def test_cards_are_chosen_by_keyboard_and_the_model_step_leads_to_the_models_page(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=method")
    before = page.locator(f"{METHODS}:checked").get_attribute("id")
    page.focus(f"#{before}")
    page.keyboard.press("ArrowDown")
    chosen = page.locator(f"{METHODS}:checked:not(#{before})")
    expect(chosen).to_be_focused()
    kept_choice(page, "kind", chosen.get_attribute("value"))
    page.click("#step-back")
    page.click("#wizard a:has-text('Fetch another base model')")
    page.wait_for_url("**/models")
    assert watched.complaints == []


def test_data_and_runs_of_other_people_are_not_found(signed_in, studio):
    other = accounts.add_user(f"Somebody else {new_id()}").id
    foreign = datasets.import_sample(other, datasets.SAMPLES[0].name)
    for query in (f"dataset={foreign.id}", "clone=nobodys-run"):
        page = signed_in().open(f"/new?{query}")
        expect(page.locator("#new-run-page .empty-title").first).to_contain_text("There is no")
        expect(page.locator("#step-next")).to_be_hidden()


def test_setting_says_what_is_wrong_for_eyes_and_for_screen_readers(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=settings&training.learning_rate=0.002")
    page.wait_for_selector("#training-learning_rate [aria-labelledby]")
    field = page.get_by_label("Learning rate", exact=True)
    wrong, missing = page.locator("#training-learning_rate-wrong"), page.locator("#step-missing")
    expect(field).to_have_value("0.002")
    field.press_sequentially("x")
    expect(wrong).to_contain_text("This is not a number.")
    expect(field).to_have_attribute("aria-invalid", "true")
    described = field.get_attribute("aria-describedby").split()
    assert "Size of each update" in " ".join(page.inner_text(f"#{description}") for description in described)
    expect(missing).to_contain_text("an allowed value for “Learning rate”")
    page.click("#training-learning_rate .link")
    expect(field).to_have_attribute("aria-invalid", "false")
    expect(field).to_have_value("")
    expect(missing).to_have_text("")
    # Pasted into the empty field and left.
    field.fill("fast")
    field.press("Tab")
    expect(wrong).to_contain_text("This is not a number.")
    field.fill("auto")
    field.press("Tab")
    expect(field).to_have_attribute("aria-invalid", "false")
    expect(missing).to_have_text("")
    assert watched.complaints == []


def test_start_leads_to_the_run_although_the_review_is_answered_at_the_same_moment(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=settings")
    page.wait_for_selector(".step-title:visible:has-text('thoroughly')")
    held = []
    page.route("**/gradio_api/queue/join*", lambda route: held.append(route))
    with page.expect_request("**/gradio_api/queue/join*"):
        page.click("#step-next")
    page.wait_for_selector(".step-title:visible:has-text('Ready to start')")
    page.route(EVENT, lambda route: held.append(route))
    with page.expect_request(EVENT):
        page.click("#step-next")
    expect(page.locator("#step-next")).to_have_text("Starting…")
    for route in held:
        route.continue_()
    page.wait_for_url("**/run?id=*")
    assert page.evaluate("sessionStorage.getItem('studio-new-run')") is None


def test_answer_to_a_choice_does_not_end_the_wait_for_the_start(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=method")
    expect(page.locator(f"{METHODS}:checked")).to_have_count(1)
    held = []
    page.route(EVENT, lambda route: held.append(route))
    with page.expect_request(EVENT):
        page.check("#method-ia3")
    page.click("#wizard [data-tab-id='5']")
    page.wait_for_selector("#step-next:enabled:has-text('Start')")
    with page.expect_request(EVENT):
        page.click("#step-next")
    expect(page.locator("#step-next")).to_have_text("Starting…")
    held[0].continue_()
    kept_choice(page, "kind", "ia3")
    expect(page.locator("#step-next")).to_have_text("Starting…")
    expect(page.locator("#step-next")).to_be_disabled()
    for route in held[1:]:
        route.continue_()
    page.wait_for_url("**/run?id=*")
    assert watched.complaints == []


def test_refused_comparison_of_methods_is_reported_while_nothing_waits(signed_in, samples, studio, monkeypatch):
    make_run(studio.owner)
    page = signed_in().open(f"/new?dataset={samples[0].id}&step=method")
    monkeypatch.setattr(get_settings(), "max_queued_per_user", 1)
    page.click("#method-race")
    expect(page.locator("#step-error")).to_contain_text("is the most for one person")


def test_refused_start_is_reported_beside_the_button_until_something_changes(signed_in, samples, studio, monkeypatch):
    make_run(studio.owner)
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=review")
    page.wait_for_selector("#step-next:enabled:has-text('Start')")
    monkeypatch.setattr(get_settings(), "max_queued_per_user", 1)
    page.click("#step-next")
    expect(page.locator("#step-error")).to_contain_text("is the most for one person")
    expect(page.locator("#step-next")).to_have_text("Start")
    monkeypatch.undo()
    field = page.get_by_label("Name (optional)")
    field.press_sequentially("Again")
    expect(page.locator("#step-error")).not_to_contain_text("most for one person")
    # The answer to the last letter.
    kept_choice(page, "name", "Again")
    page.click("#step-next")
    page.wait_for_url("**/run?id=*")
    expect(page.get_by_label("Name of the run")).to_have_value("Again")


def test_start_whose_answer_got_lost_makes_one_run(signed_in, samples, studio):
    """The connection breaks after the run was queued: the page loads itself anew, and Start leads to that run."""
    page = signed_in().open(f"/new?dataset={samples[1].id}&step=review")
    page.wait_for_selector("#step-next:enabled:has-text('Start')")
    before = set(queued(studio))

    def lose(route):
        route.fetch()
        route.abort()

    page.route("**/gradio_api/run/predict*", lose, times=1)
    page.evaluate("window.untouched = true")
    page.click("#step-next")
    page.wait_for_function("!window.untouched", timeout=60_000)
    page.click("#step-next:enabled:has-text('Start')")
    page.wait_for_url("**/run?id=*")
    made = set(queued(studio)) - before
    assert len(made) == 1 and made.pop() in page.url


def queued(studio):
    with snapshot() as session:
        return list(session.scalars(select(Run.id).where(Run.owner_id == studio.owner)))


def test_costs_that_arrive_late_do_not_take_a_choice_back(signed_in, samples, monkeypatch):
    page = signed_in().open(f"/new?dataset={samples[0].id}&step=goal")
    chosen, offer = threading.Event(), case.comparison_offer

    def late(*given):
        chosen.wait(60)
        return [*offer(*given), el("p", "Late.", id="late-offer")]

    monkeypatch.setattr(case, "comparison_offer", late)
    page.click("#wizard [data-tab-id='3']")
    page.check("#method-prefix-tuning")
    kept_choice(page, "kind", "prefix-tuning")
    chosen.set()
    expect(page.locator("#late-offer")).to_be_visible()
    expect(page.locator("#method-prefix-tuning")).to_be_checked()
    kept_choice(page, "kind", "prefix-tuning")


def test_typing_makes_only_what_follows_from_it_anew():
    edits = [fn for fn in build_pages().fns.values() if getattr(fn.fn, "__name__", "") == "edit"]
    assert [len(fn.outputs) for fn in edits if len(fn.inputs) > 50] == [3]
