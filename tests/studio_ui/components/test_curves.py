"""Curves in somebody's Blocks: keyboard, address, names and what is saved."""

import re
from pathlib import Path

from playwright.sync_api import expect


def test_curves_are_smoothed_by_keyboard_named_and_saved_as_numbers(foreign):
    page = foreign("?axis=pass")
    smoothing = page.get_by_label("Smoothing")
    smoothing.scroll_into_view_if_needed()
    page.wait_for_selector(".chart-grid .main-svg")
    expect(page.get_by_role("figure", name="Loss of anna; training: 0.1")).to_be_visible()
    expect(page.get_by_label("Across")).to_have_value("pass")
    drawn = (
        "document.querySelector('.chart-grid .js-plotly-plot').data.map((trace) => [trace.x.at(-1), trace.y.at(-1)])"
    )
    # Forty steps are four epochs; the raw curve lies under the smoothed one and ends at 4 / 40.
    page.wait_for_function(f"{drawn}.length === 2")
    raw, smooth = page.evaluate(drawn)
    assert raw == [4, 0.1] and smooth[0] == 4 and smooth[1] > 0.1
    smoothing.focus()
    page.keyboard.press("Home")
    page.wait_for_function(f"{drawn}.length === 1")
    assert page.evaluate(drawn) == [[4, 0.1]]
    expect(page).to_have_url(re.compile("smoothing=0"))
    with page.expect_download() as caught:
        page.locator(".chart-grid [data-title='Download as CSV']").dispatch_event("click")
    lines = Path(caught.value.path()).read_text().splitlines()
    assert lines[0] == '"series","epochs","value"' and lines[-1] == '"training",4,0.1'
