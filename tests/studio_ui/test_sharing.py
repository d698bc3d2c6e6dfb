"""A comparison shown to somebody who is not signed in, and on one sheet of paper, in Chromium."""

import re

import pytest

from tests.app.outcomes import end_run, rows_right
from tests.factories import SPEC, make_run, make_version
from tests.studio_ui.conftest import NARROW


@pytest.fixture(scope="module")
def ten(studio):
    place = make_version(studio.owner)
    ids = []
    for number in range(10):
        spec = {
            **SPEC,
            "method": {"kind": "lora", "rank": 4 + number},
            "training": {"seed": number, "epochs": 1 + number},
        }
        run = make_run(studio.owner, place, f"Прогон {number} with a long name", spec)
        end_run(run.id, rows_right(60 + 3 * number, 100), rows_right(50, 100))
        ids.append(run.id)
    return ids


def test_a_link_shows_the_senders_view_to_a_stranger_until_it_is_revoked(signed_in, browser, studio, ten):
    watched = signed_in()
    page = watched.open(f"/compare?runs={','.join(ten[:2])}&axis=share&smoothing=0.9&baseline={ten[1]}")
    page.wait_for_selector("#compare-table")
    page.click("#compare-share")
    page.click("#share-make")
    page.wait_for_selector("#share-link")
    page.wait_for_selector("#share-list li")
    address = page.input_value("#share-link :is(input, textarea)")
    # Nobody but this computer could open it.
    assert "STUDIO_PUBLIC_URL" in page.inner_text("#share-warning")

    stranger = browser.new_context(viewport=NARROW)
    theirs = stranger.new_page()
    theirs.set_default_timeout(15_000)
    defects = []
    theirs.on("console", lambda message: defects.append(message.text) if message.type == "error" else None)
    theirs.on("request", lambda request: defects.append(request.url) if "runs?" in request.url else None)
    theirs.goto(address)
    theirs.locator("#compare-curves .chart-controls").scroll_into_view_if_needed()
    theirs.wait_for_selector("#compare-curves .xtitle:has-text('share of the run')")
    assert theirs.input_value("#compare-baseline") == ten[1] and theirs.input_value("#compare-smoothing") == "0.9"
    assert theirs.locator(".run-chip").count() == 2
    for absent in (".run-chip .remove", "#compare-add", "#compare-share", "#combine", ".run-chip a"):
        assert theirs.locator(absent).count() == 0, absent
    assert theirs.is_hidden("#compare-examples")
    assert theirs.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert defects == []

    page.click("#share-list .stop")
    page.wait_for_function("!document.querySelector('#share-list li')")
    theirs.reload()
    theirs.wait_for_selector(".empty:has-text('revoked')")
    theirs.goto(studio.address + "/runs")
    assert theirs.url.endswith("/sign-in")
    stranger.close()
    assert watched.complaints == []


def test_the_report_of_ten_runs_is_one_page_that_says_how_sure_it_is(signed_in, ten):
    watched = signed_in(color_scheme="dark")
    page = watched.open(f"/compare?runs={','.join(ten)}")
    page.locator("#compare-curves .chart-controls").scroll_into_view_if_needed()
    page.wait_for_selector("#compare-curves .main-svg")
    page.evaluate("window.print = () => {}")
    page.click("#compare-report")
    page.wait_for_selector("#paper-report img", state="attached")
    text = page.text_content("#paper-report")
    assert "Comparison of 10 runs" in text and "Прогон 1" in text and "Rank" in text
    assert "cannot tell apart" in text or "▲" in text
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    assert page.evaluate("document.documentElement.classList.contains('dark')")
    assert watched.complaints == []
