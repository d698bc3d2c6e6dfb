"""New run: what the browser keeps, other people's data, and that two tabs do not disturb each other."""

import json
import threading

import pytest
from sqlalchemy import select

from app.db import snapshot
from app.models import Run
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.settings import get_settings
from studio_ui.app import build_pages
from studio_ui.pages.new_run import case


@pytest.fixture(scope="module")
def samples(studio):
    """Two datasets of the owner."""
    return [datasets.import_sample(studio.owner, sample.name) for sample in datasets.SAMPLES[:2]]


def status(page, words):
    page.wait_for_selector(f"#step-missing:has-text('{words}')")


def test_steps_are_changed_without_a_request_and_back_returns(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=goal")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "api/" in request.url else None)
    page.click("#step-back")
    page.wait_for_selector(".step-title:visible:has-text('Which data')")
    assert "step=data" in page.url and page.evaluate("document.activeElement.id") == "step-title-data"
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


def test_two_tabs_keep_their_own_choices_through_a_reload(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=method")
    page.check("#method-ia3")
    page.wait_for_function("sessionStorage.getItem('studio-new-run')?.includes('ia3')")
    other = page.context.new_page()
    other.goto(f"{watched.studio.address}/new?dataset={samples[1].id}&step=method")
    other.wait_for_selector("[aria-label=Method] input:checked")
    other.reload()
    other.wait_for_selector("[aria-label=Method] input:checked")
    assert not other.is_checked("#method-ia3")
    page.reload()
    page.wait_for_selector("#method-ia3:checked")
    kept = json.loads(page.evaluate("sessionStorage.getItem('studio-new-run')"))
    assert kept["dataset_id"] == samples[0].id
    # The choices for one dataset are not mixed into another.
    page.goto(f"{watched.studio.address}/new?dataset={samples[1].id}&step=method")
    page.wait_for_selector("[aria-label=Method] input:checked")
    assert not page.is_checked("#method-ia3")
    assert watched.complaints == []


def test_cards_are_chosen_by_keyboard_and_the_model_step_leads_to_the_models_page(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=method")
    page.focus("[aria-label=Method] input:checked")
    before = page.evaluate("document.activeElement.id")
    page.keyboard.press("ArrowDown")
    chosen = page.evaluate("document.activeElement.id")
    assert chosen != before and page.is_checked(f"#{chosen}")
    page.wait_for_function(f"sessionStorage.getItem('studio-new-run')?.includes('{chosen.removeprefix('method-')}')")
    page.click("#step-back")
    page.click("#wizard a:has-text('Fetch another base model')")
    page.wait_for_url("**/models")
    assert watched.complaints == []


def test_data_and_runs_of_other_people_are_not_found(signed_in, studio):
    other = accounts.add_user("Somebody else").id
    foreign = datasets.import_sample(other, datasets.SAMPLES[0].name)
    for query in (f"dataset={foreign.id}", "clone=nobodys-run"):
        page = signed_in().open(f"/new?{query}")
        page.wait_for_selector("#new-run-page .empty-title:has-text('There is no')")
        assert page.is_hidden("#step-next")


def test_setting_says_what_is_wrong_for_eyes_and_for_screen_readers(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=settings&training.learning_rate=0.002")
    page.wait_for_selector("#training-learning_rate [aria-labelledby]")
    field = page.get_by_label("Learning rate", exact=True)
    assert field.input_value() == "0.002"
    field.press_sequentially("x")
    page.wait_for_selector("#training-learning_rate-wrong:has-text('This is not a number.')")
    assert field.get_attribute("aria-invalid") == "true"
    described = field.get_attribute("aria-describedby").split()
    assert "Size of each update" in " ".join(page.inner_text(f"#{description}") for description in described)
    status(page, "an allowed value for “Learning rate”")
    page.click("#training-learning_rate .link")
    page.wait_for_selector("#training-learning_rate [aria-invalid=false]")
    assert field.input_value() == "" and page.inner_text("#step-missing") == ""
    # Pasted into the empty field and left.
    field.fill("fast")
    field.press("Tab")
    page.wait_for_selector("#training-learning_rate-wrong:has-text('This is not a number.')")
    field.fill("auto")
    field.press("Tab")
    page.wait_for_selector("#training-learning_rate [aria-invalid=false]")
    assert page.inner_text("#step-missing") == ""
    assert watched.complaints == []


def test_start_leads_to_the_run_although_the_review_is_answered_at_the_same_moment(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=settings")
    held = []
    page.route("**/gradio_api/queue/join*", lambda route: held.append(route))
    page.click("#step-next")
    page.wait_for_selector(".step-title:visible:has-text('Ready to start')")
    page.route("**/gradio_api/run/predict*", lambda route: held.append(route))
    with page.expect_request("**/gradio_api/run/predict*"):
        page.click("#step-next")
    assert page.inner_text("#step-next") == "Starting…"
    assert len(held) >= 2
    for route in held:
        route.continue_()
    page.wait_for_url("**/run?id=*")
    assert page.evaluate("sessionStorage.getItem('studio-new-run')") is None


def test_answer_to_a_choice_does_not_end_the_wait_for_the_start(signed_in, samples):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=method")
    page.wait_for_selector("[aria-label=Method] input:checked")
    page.wait_for_load_state("networkidle")
    held = []
    page.route("**/gradio_api/run/predict*", lambda route: held.append(route))
    with page.expect_request("**/gradio_api/run/predict*"):
        page.check("#method-ia3")
    choices, held[:] = list(held), []
    page.click("#wizard [data-tab-id='5']")
    page.wait_for_selector("#step-next:enabled:has-text('Start')")
    with page.expect_request("**/gradio_api/run/predict*"):
        page.click("#step-next")
    for route in choices:
        with page.expect_event("requestfinished", lambda request, of=route.request: request == of):
            route.continue_()
    page.wait_for_function("sessionStorage.getItem('studio-new-run')?.includes('ia3')")
    assert page.inner_text("#step-next") == "Starting…" and page.is_disabled("#step-next")
    for route in held:
        route.continue_()
    page.wait_for_url("**/run?id=*")
    assert watched.complaints == []


def test_refused_comparison_of_methods_is_reported_while_nothing_waits(signed_in, samples, monkeypatch):
    page = signed_in().open(f"/new?dataset={samples[0].id}&step=method")
    monkeypatch.setattr(get_settings(), "max_queued_per_user", 0)
    page.click("#method-race")
    page.wait_for_selector("#step-error:has-text('is the most for one person')")


def test_refused_start_is_reported_beside_the_button_until_something_changes(signed_in, samples, monkeypatch):
    watched = signed_in()
    page = watched.open(f"/new?dataset={samples[0].id}&step=review")
    page.wait_for_selector("#step-next:enabled:has-text('Start')")
    monkeypatch.setattr(get_settings(), "max_queued_per_user", 0)
    page.click("#step-next")
    page.wait_for_selector("#step-error:has-text('is the most for one person')")
    assert page.inner_text("#step-next") == "Start"
    monkeypatch.undo()
    field = page.get_by_label("Name (optional)")
    field.press_sequentially("Again")
    page.wait_for_selector("#step-error:not(:has-text('most for one person'))", state="attached")
    page.click("#step-next")
    page.wait_for_url("**/run?id=*")
    assert page.get_by_label("Name of the run").input_value() in ("Again", "")


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
    page.wait_for_function("!window.untouched")
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
        assert chosen.wait(10)
        return offer(*given)

    monkeypatch.setattr(case, "comparison_offer", late)
    page.click("#wizard [data-tab-id='3']")
    page.check("#method-prefix-tuning")
    kind = "JSON.parse(sessionStorage.getItem('studio-new-run')).kind"
    page.wait_for_function(f"{kind} === 'prefix-tuning'")
    with page.expect_event("requestfinished", lambda request: "run/predict" in request.url):
        chosen.set()
    page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    assert page.is_checked("#method-prefix-tuning") and page.evaluate(kind) == "prefix-tuning"


def test_typing_makes_only_what_follows_from_it_anew():
    edits = [fn for fn in build_pages().fns.values() if getattr(fn.fn, "__name__", "") == "edit"]
    assert [len(fn.outputs) for fn in edits if len(fn.inputs) > 50] == [3]
