"""The run page in Chromium: what can be read off the answers, what is kept, and what people write on a run."""

import re

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.models import Event
from tests.app.outcomes import end_run, rows_right
from tests.app.services.runs.test_checkpoints import keep
from tests.factories import SPEC, make_run, make_version
from tests.studio_ui.conftest import NARROW, expect_to_fit


@pytest.fixture(scope="module")
def ended(studio):
    run = make_run(studio.owner, make_version(studio.owner), "Letters one")
    end_run(run.id, rows_right(70, 100), rows_right(50, 100), best_step=20, total_steps=40)
    return run.id


def test_the_page_begins_at_its_top_and_a_chosen_tab_is_in_sight(signed_in, ended):
    """Also where the tabs lie below the first screen, and for a tab at the end of their row."""
    page = signed_in(NARROW).open(f"/run?id={ended}#log")
    page.wait_for_selector("#panel-log #log-text")
    page.wait_for_selector(".tile")
    inside = (
        """(tab) => { const { left, right } = tab.getBoundingClientRect(); return left >= 0 && right <= innerWidth; }"""
    )
    page.wait_for_function(f"({inside})(document.querySelector('#panel-log-button'))")
    assert page.evaluate("scrollY") == 0


def test_abstention_threshold_needs_no_request(signed_in, ended):
    watched = signed_in(NARROW)
    page = watched.open(f"/run?id={ended}#certainty")
    page.wait_for_selector("#reliability .main-svg")
    expect(page.locator("#calibration-error")).to_contain_text("Expected calibration error")
    asked = []
    page.on("request", lambda request: asked.append(request) if "calibration" in (request.post_data or "") else None)
    page.locator("#threshold").fill("80")
    # Half of the rows are stated with 80 % or more; every certainty has seven right rows in ten.
    expect(page.locator("#threshold-facts")).to_contain_text("50.0 % (50 of 100)")
    expect(page.locator("#threshold-facts")).to_contain_text("70.0 %")
    expect(page.locator("#threshold-labels tr[data-label=yes] td")).to_have_count(2)
    expect(page).to_have_url(re.compile("threshold=0.8"))
    assert asked == []
    page.click("#reliability [data-title='Full screen']")
    page.wait_for_function("document.querySelector('#reliability .js-plotly-plot').layout.height > 360")
    expect_to_fit(page)
    assert watched.complaints == []


@pytest.fixture
def kept(studio):
    """A finished run with the checkpoints of two steps; the better one cannot be deleted."""
    run = make_run(studio.owner, make_version(studio.owner), "Letters two")
    end_run(run.id, rows_right(70, 100), rows_right(50, 100), best_step=20, total_steps=40)
    for step in (20, 40):
        keep(run.id, step, accuracy=0.9)
    return run.id


def test_checkpoints_are_deleted_after_a_question_and_continued_as_a_new_run(signed_in, kept):
    watched = signed_in()
    page = watched.open(f"/run?id={kept}#checkpoints")
    expect(page.locator("#checkpoints-table tr[data-id='20'] .checkpoint-delete")).to_be_disabled()
    tried = page.locator("#checkpoints-table tr[data-id='20'] a.button")
    expect(tried).to_have_attribute("href", f"/playground?models={kept}%4020")
    page.click("tr[data-id='40'] .checkpoint-delete")
    page.click(".dialog .stop")
    expect(page.locator("tr[data-id='40']")).to_have_count(0)
    page.click("tr[data-id='20'] .checkpoint-continue")
    page.fill("#continue-epochs input", "2")
    page.click("#continue-start")
    expect(page.locator("#run-name textarea")).to_have_value(re.compile("on from step 20"))
    expect(page.locator("#run-note textarea")).to_have_value(re.compile("step 20"))
    assert watched.complaints == []


def test_star_tags_and_note_are_written_in_the_header(signed_in, ended):
    watched = signed_in()
    page = watched.open(f"/run?id={ended}")
    page.click("#run-star")
    expect(page.locator("#run-star")).to_have_attribute("aria-pressed", "true")
    page.fill("#run-tag-new input", "keeper")
    page.press("#run-tag-new input", "Enter")
    expect(page.locator("#run-tags .tag")).to_contain_text("keeper")
    page.fill("#run-note textarea", "Try a higher rank next")
    page.press("#run-note textarea", "Tab")
    noted = "(id) => fetch(`/api/v1/runs/${id}`).then((answer) => answer.json()).then(({ note }) => note)"
    page.wait_for_function(f"(id) => ({noted})(id).then((note) => note === 'Try a higher rank next')", arg=ended)
    page.reload()
    expect(page.locator("#run-star")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#run-note textarea")).to_have_value("Try a higher rank next")
    page.click("#run-tags .tag-remove")
    page.wait_for_function("document.querySelector('#run-tags').hidden")
    assert watched.complaints == []


def test_events_are_marked_on_every_curve(signed_in, studio):
    run = make_run(studio.owner, make_version(studio.owner), "Marked", {**SPEC, "training": {"epochs": 3}})
    end_run(run.id, rows_right(9, 10), rows_right(5, 10), best_step=20, total_steps=40)
    for step in (20, 40):
        keep(run.id, step, accuracy=0.9)
    with transaction() as session:
        session.add(
            Event(
                run_id=run.id,
                source="attempt-2",
                number=1,
                kind="notice",
                severity="info",
                at=1030.0,
                message="Continuing after step 30 of 40.",
                data={"step": 30},
            )
        )
    watched = signed_in()
    page = watched.open(f"/run?id={run.id}")
    marks = re.compile("^★ best check after step 20, kept · ↻ continued after step 30")
    expect(page.locator(".curve-marks")).to_have_text(marks)
    plot = "document.querySelector('#panel-curves .js-plotly-plot')"
    page.wait_for_function(f"JSON.stringify({plot}?.layout?.shapes?.map((shape) => shape.x0)) === '[20,30,40]'")
    page.select_option("#run-axis", "pass")
    # 40 steps in three passes.
    moved = f"Math.abs({plot}.layout.shapes[2].x0 - 3) < 1e-6"
    page.wait_for_function(f"{plot}.layout.xaxis.title.text === 'epochs' && {moved}")
    assert watched.complaints == []


def test_one_more_epoch_queues_a_finished_run_again(signed_in, studio):
    run = make_run(studio.owner, make_version(studio.owner), "Once more", {**SPEC, "training": {"epochs": 2}})
    end_run(run.id, rows_right(9, 10), rows_right(5, 10))
    watched = signed_in()
    page = watched.open(f"/run?id={run.id}")
    expect(page.locator("#run-continue")).to_have_attribute("title", re.compile("^No checkpoint of this run is left"))
    keep(run.id, 20)
    page = watched.open(f"/run?id={run.id}")
    page.click("#run-continue")
    expect(page.locator("#run-stop")).to_have_text("Take out of the queue")
    expect(page.locator("#run-continue")).to_have_count(0)
    payload = page.evaluate("id => fetch(`/api/v1/runs/${id}`).then(answer => answer.json())", run.id)
    assert (payload["state"], payload["spec"]["training"]["epochs"]) == ("queued", 3)
    assert watched.complaints == []
