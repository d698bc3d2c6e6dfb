"""A comparison shown to somebody who is not signed in, and on one sheet of paper, in Chromium."""

import re

import pytest
from playwright.sync_api import expect

from app.services.evaluation import shares
from tests.app.outcomes import end_run, rows_right
from tests.factories import SPEC, make_run, make_version
from tests.studio_ui.conftest import NARROW, expect_to_fit


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
    for share in shares.list_shares(studio.owner):
        shares.revoke(studio.owner, share.id)
    watched = signed_in()
    page = watched.open(f"/compare?runs={','.join(ten[:2])}&axis=share&smoothing=0.9&baseline={ten[1]}")
    page.wait_for_selector("#compare-table")
    page.click("#compare-share")
    page.click("#share-make")
    expect(page.locator("#share-list li")).to_have_count(1)
    link = page.locator("#share-link :is(input, textarea)")
    expect(link).to_have_value(re.compile("/shared#.+"))
    address = link.input_value()
    # Nobody but this computer could open it.
    expect(page.locator("#share-warning")).to_contain_text("STUDIO_PUBLIC_URL")

    stranger = browser.new_context(viewport=NARROW)
    theirs = stranger.new_page()
    theirs.set_default_timeout(30_000)
    defects = []
    theirs.on("console", lambda message: defects.append(message.text) if message.type == "error" else None)
    theirs.on("request", lambda request: defects.append(request.url) if "runs?" in request.url else None)
    theirs.goto(address)
    theirs.locator("#compare-curves .chart-controls").scroll_into_view_if_needed()
    theirs.wait_for_selector("#compare-curves .xtitle:has-text('share of the run')")
    expect(theirs.locator("#compare-baseline")).to_have_value(ten[1])
    expect(theirs.locator("#compare-smoothing")).to_have_value("0.9")
    expect(theirs.locator(".run-chip")).to_have_count(2)
    for absent in (".run-chip .remove", "#compare-add", "#compare-share", "#combine", ".run-chip a"):
        expect(theirs.locator(absent), absent).to_have_count(0)
    expect(theirs.locator("#compare-examples")).to_be_hidden()
    expect_to_fit(theirs)
    assert defects == []

    page.click("#share-list .stop")
    expect(page.locator("#share-list li")).to_have_count(0)
    theirs.reload()
    expect(theirs.locator(".empty")).to_contain_text("revoked")
    theirs.goto(studio.address + "/runs")
    expect(theirs).to_have_url(re.compile("/sign-in$"))
    stranger.close()
    assert watched.complaints == []


def test_the_report_of_ten_runs_is_one_page_that_says_how_sure_it_is(signed_in, ten):
    watched = signed_in(color_scheme="dark")
    page = watched.open(f"/compare?runs={','.join(ten)}")
    page.locator("#compare-curves .chart-controls").scroll_into_view_if_needed()
    page.wait_for_selector("#compare-curves .main-svg")
    page.evaluate("window.print = () => (window.printed = true)")
    page.click("#compare-report")
    page.wait_for_function("window.printed")
    report = page.locator("#paper-report")
    for words in ("Comparison of 10 runs", "Прогон 1", "Rank", re.compile("cannot tell apart|▲")):
        expect(report).to_contain_text(words)
    expect(report.locator("img")).not_to_have_count(0)
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    assert page.evaluate("document.documentElement.classList.contains('dark')")
    assert watched.complaints == []
