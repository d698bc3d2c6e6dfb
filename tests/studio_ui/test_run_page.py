"""The run page in Chromium: what can be read off the answers, what is kept, and what people write on a run."""

import pytest
from playwright.sync_api import expect

from app.db import transaction
from app.models import Event
from tests.app.outcomes import end_run, rows_right
from tests.app.services.runs.test_checkpoints import keep
from tests.factories import SPEC, make_run, make_version
from tests.studio_ui.conftest import NARROW


@pytest.fixture(scope="module")
def ended(studio):
    run = make_run(studio.owner, make_version(studio.owner), "Letters one")
    end_run(run.id, rows_right(70, 100), rows_right(50, 100), best_step=20, total_steps=40)
    for step in (20, 40):
        keep(run.id, step, accuracy=0.9)
    return run.id


def test_the_page_begins_at_its_top_and_a_chosen_tab_is_in_sight(signed_in, ended):
    """Also where the tabs lie below the first screen, and for a tab at the end of their row."""
    page = signed_in(NARROW).open(f"/run?id={ended}#log")
    page.wait_for_selector("#panel-log #log-text")
    page.wait_for_selector(".tile")
    assert page.evaluate("scrollY") == 0
    tab = page.locator("#panel-log-button").bounding_box()
    assert tab["x"] >= 0 and tab["x"] + tab["width"] <= NARROW["width"]


def test_abstention_threshold_needs_no_request(signed_in, ended):
    watched = signed_in(NARROW)
    page = watched.open(f"/run?id={ended}#certainty")
    page.wait_for_selector("#reliability .main-svg")
    assert "Expected calibration error" in page.inner_text("#calibration-error")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#threshold").fill("80")
    # Half of the rows are stated with 80 % or more; every certainty has seven right rows in ten.
    assert "50.0 % (50 of 100)" in page.inner_text("#threshold-facts")
    assert "70.0 %" in page.inner_text("#threshold-facts")
    assert page.locator("#threshold-labels tr[data-label=yes] td").count() == 2
    assert asked == [] and "threshold=0.8" in page.url
    page.click("#reliability [data-title='Full screen']")
    page.wait_for_function("document.querySelector('#reliability .js-plotly-plot').layout.height > 360")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert watched.complaints == []


def test_checkpoints_are_deleted_after_a_question_and_continued_as_a_new_run(signed_in, ended):
    watched = signed_in()
    page = watched.open(f"/run?id={ended}#checkpoints")
    page.wait_for_selector("#checkpoints-table tbody tr")
    assert page.is_disabled("tr[data-id='20'] .checkpoint-delete")
    tried = page.get_attribute("tr[data-id='20'] a.button", "href")
    assert tried == f"/playground?models={ended}%4020"
    page.click("tr[data-id='40'] .checkpoint-delete")
    page.click(".dialog .stop")
    page.wait_for_selector("tr[data-id='40']", state="detached")
    page.click("tr[data-id='20'] .checkpoint-continue")
    page.fill("#continue-epochs input", "2")
    page.click("#continue-start")
    page.wait_for_function("document.querySelector('#run-name textarea')?.value.includes('on from step 20')")
    assert "step 20" in page.input_value("#run-note textarea")
    assert watched.complaints == []


def test_star_tags_and_note_are_written_in_the_header(signed_in, ended):
    watched = signed_in()
    page = watched.open(f"/run?id={ended}")
    page.click("#run-star")
    page.wait_for_selector("#run-star[aria-pressed=true]")
    page.fill("#run-tag-new input", "keeper")
    page.press("#run-tag-new input", "Enter")
    page.wait_for_selector("#run-tags .tag:has-text('keeper')")
    page.fill("#run-note textarea", "Try a higher rank next")
    page.press("#run-note textarea", "Tab")
    noted = "(id) => fetch(`/api/v1/runs/${id}`).then((answer) => answer.json()).then(({ note }) => note)"
    page.wait_for_function(f"(id) => ({noted})(id).then((note) => note === 'Try a higher rank next')", arg=ended)
    page.reload()
    page.wait_for_selector("#run-star[aria-pressed=true]")
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
    page.wait_for_function("document.querySelector('.curve-marks')?.textContent.includes('continued')")
    assert page.text_content(".curve-marks").startswith("★ best check after step 20, kept · ↻ continued after step 30")
    plot = "document.querySelector('#panel-curves .js-plotly-plot')"
    page.wait_for_function(f"{plot}?.layout.shapes?.length === 3")
    assert page.evaluate(f"{plot}.layout.shapes.map(s => s.x0)") == [20, 30, 40]
    page.select_option("#run-axis", "pass")
    page.wait_for_function(f"{plot}.layout.xaxis.title.text === 'epochs'")
    # 40 steps in three passes.
    assert page.evaluate(f"{plot}.layout.shapes[2].x0") == pytest.approx(3.0)
    assert watched.complaints == []


def test_one_more_epoch_queues_a_finished_run_again(signed_in, studio):
    run = make_run(studio.owner, make_version(studio.owner), "Once more", {**SPEC, "training": {"epochs": 2}})
    end_run(run.id, rows_right(9, 10), rows_right(5, 10))
    watched = signed_in()
    page = watched.open(f"/run?id={run.id}")
    page.click("#run-continue")
    page.wait_for_selector("#run-stop:has-text('Take out of the queue')")
    assert page.locator("#run-continue").count() == 0
    payload = page.evaluate("id => fetch(`/api/v1/runs/${id}`).then(answer => answer.json())", run.id)
    assert (payload["state"], payload["spec"]["training"]["epochs"]) == ("queued", 3)
    assert watched.complaints == []
