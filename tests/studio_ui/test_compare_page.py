"""The compare page in Chromium: its address is the whole view, and single answers stand side by side."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_version
from tests.studio_ui.conftest import NARROW


@pytest.fixture(scope="module")
def three(studio):
    place = make_version(studio.owner)
    ids = [make_run(studio.owner, place, f"Run {name}").id for name in ("one", "two", "three")]
    for run_id, right, skip in zip(ids, (90, 86, 60), (0, 4, 0), strict=True):
        end_run(run_id, rows_right(right, 100, skip), rows_right(50, 100), seconds=100.0 - right)
    return ids


def state(page):
    """Selection, baseline, hidden runs, axis, smoothing and order of rows, as a person sees them."""
    return {
        "runs": page.eval_on_selector_all("#compare-chips .run-chip", "all => all.map(chip => chip.dataset.run)"),
        "hidden": page.eval_on_selector_all(".run-chip-off", "all => all.map(chip => chip.dataset.run)"),
        "baseline": page.input_value("#compare-baseline"),
        "axis": page.input_value("#compare-axis"),
        "smoothing": page.input_value("#compare-smoothing"),
        "log": page.is_checked("#compare-log"),
        "rows": page.input_value("#examples-order"),
        "cost": page.input_value("#pareto-cost"),
        "axis title": page.text_content("#compare-curves .chart .xtitle"),
    }


def test_a_shared_address_shows_the_same_in_a_fresh_browser(signed_in, three):
    watched = signed_in()
    page = watched.open(f"/compare?runs={','.join(three)}")
    page.wait_for_selector("#compare-examples-table tbody tr")
    page.wait_for_selector("#compare-curves .xtitle")
    page.select_option("#compare-baseline", three[1])
    page.wait_for_selector("#compare-table th:has-text('baseline')")
    page.click(f".run-chip[data-run='{three[2]}'] .swatch-button")
    page.select_option("#compare-axis", "share")
    page.fill("#compare-smoothing", "0.9")
    page.check("#compare-log")
    page.select_option("#examples-order", "wrong")
    page.select_option("#pareto-cost", "adapter")
    page.wait_for_selector("#compare-curves .xtitle:has-text('share of the run')")
    told = state(page)
    assert told["baseline"] == three[1] and told["hidden"] == [three[2]] and told["smoothing"] == "0.9"
    address = urlsplit(page.url)
    assert parse_qs(address.query)["axis"] == ["share"]

    other = signed_in().open(f"{address.path}?{address.query}")
    other.wait_for_selector("#compare-examples-table tbody tr")
    other.wait_for_selector("#compare-curves .xtitle:has-text('share of the run')")
    assert state(other) == told
    assert watched.complaints == []


def test_answers_stand_side_by_side_with_disagreement_first(signed_in, three):
    page = signed_in(NARROW).open(f"/compare?runs={','.join(three[:2])}")
    page.wait_for_selector("#compare-examples-table tbody tr")
    assert "differ" in page.inner_text("#compare-examples [role=status]")
    rows = page.locator("#compare-examples-table tbody tr")
    assert "differs" in rows.first.get_attribute("class") and rows.count() == 25
    cells = rows.first.locator("td").all_inner_texts()
    assert len({cells[3].splitlines()[0], cells[4].splitlines()[0]}) == 2
    page.click("#compare-examples-more")
    page.wait_for_function("document.querySelectorAll('#compare-examples-table tbody tr').length === 50")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_a_pointed_run_stands_out_in_every_chart(signed_in, three):
    page = signed_in().open(f"/compare?runs={','.join(three)}")
    page.wait_for_selector("#compare-curves .main-svg")
    page.wait_for_function("document.querySelectorAll('#compare-curves .js-plotly-plot').length >= 2")
    page.hover(f".run-chip[data-run='{three[1]}'] a")
    faded = (
        "[...document.querySelectorAll('#compare-curves .js-plotly-plot')].map(plot => plot.data.filter(t => t.showlegend"
        " !== false).map(t => (t.opacity ?? 1) < 0.5))"
    )
    page.wait_for_function(f"JSON.stringify({faded}[0]) === '[true,false,true]'")
    assert all(chart == [True, False, True] for chart in page.evaluate(faded))


def test_the_tables_can_be_taken_to_a_spreadsheet(signed_in, three):
    page = signed_in().open(f"/compare?runs={','.join(three)}")
    page.wait_for_selector("#compare-table")
    with page.expect_download() as caught:
        page.click("#compare-csv")
    lines = Path(caught.value.path()).read_text().splitlines()
    assert lines[0] == '"","base","Run one","Run two","Run three"'
    accuracy = next(line for line in lines if line.startswith('"Accuracy (test rows)"')).split(",")
    assert accuracy[1:] == ["0.5", "0.9", "0.86", "0.6"]
