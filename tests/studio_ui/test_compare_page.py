"""The compare page in Chromium: its address is the whole view, and single answers stand side by side."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from app.db import transaction
from app.models import Prediction, Run
from tests.app.outcomes import end_run, rows_right
from tests.factories import SPEC, make_run, make_version
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
        "matrix": page.eval_on_selector_all(
            "#compare-table tbody tr", "all => all.map(row => row.dataset.run || row.dataset.baseline)"
        ),
    }


def test_a_shared_address_shows_the_same_in_a_fresh_browser(signed_in, three):
    watched = signed_in()
    page = watched.open(f"/compare?runs={','.join(three)}")
    page.wait_for_selector("#compare-examples-table tbody tr")
    page.locator("#compare-curves .chart-controls").scroll_into_view_if_needed()
    page.wait_for_selector("#compare-curves .xtitle")
    page.select_option("#compare-baseline", three[1])
    page.wait_for_selector("#compare-table th:has-text('baseline')")
    page.click(f".run-chip[data-run='{three[2]}'] .swatch-button")
    page.click("#compare-turn")
    page.select_option("#compare-axis", "share")
    page.fill("#compare-smoothing", "0.9")
    page.check("#compare-log")
    page.select_option("#examples-order", "wrong")
    page.select_option("#pareto-cost", "adapter")
    page.locator("#compare-curves .chart-controls").scroll_into_view_if_needed()
    page.wait_for_selector("#compare-curves .xtitle:has-text('share of the run')")
    shown_state = state(page)
    assert shown_state["matrix"] == ["majority", "base", *three]
    assert (
        shown_state["baseline"] == three[1]
        and shown_state["hidden"] == [three[2]]
        and shown_state["smoothing"] == "0.9"
    )
    address = urlsplit(page.url)
    assert parse_qs(address.query)["axis"] == ["share"]

    other = signed_in().open(f"{address.path}?{address.query}")
    other.wait_for_selector("#compare-examples-table tbody tr")
    other.locator("#compare-curves .chart-controls").scroll_into_view_if_needed()
    other.wait_for_selector("#compare-curves .xtitle:has-text('share of the run')")
    assert state(other) == shown_state
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
    page.locator("#compare-curves .chart-controls").scroll_into_view_if_needed()
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
    bases = '"Majority class","Linear probe on the base model"'
    assert lines[0] == f'"",{bases},"Run one","Run two","Run three"'
    accuracy = next(line for line in lines if line.startswith('"Accuracy (test rows)"')).split(",")
    assert accuracy[2:] == ["0.5", "0.9", "0.86", "0.6"]


@pytest.fixture(scope="module")
def six(studio):
    """Three ranks with two seeds each; quality rises with the rank."""
    place = make_version(studio.owner)
    found = []
    for rank in (4, 8, 16):
        for seed in (0, 1):
            spec = {**SPEC, "method": {"kind": "lora", "rank": rank}, "training": {"seed": seed}}
            run = make_run(studio.owner, place, f"Rank {rank} seed {seed}", spec)
            end_run(run.id, rows_right(60 + rank + seed, 100), rows_right(50, 100), seconds=50.0 + rank)
            found.append(run.id)
    return found


def test_seeds_of_one_configuration_become_a_line_with_a_band(signed_in, six):
    page = signed_in().open(f"/compare?runs={','.join(six)}&band=deviation")
    page.locator("#compare-curves .chart-controls").scroll_into_view_if_needed()
    page.wait_for_selector("#compare-curves .main-svg")
    page.select_option("#compare-group", "alike")
    chart = (
        "[...document.querySelectorAll('#compare-curves .js-plotly-plot')].find(p => p._fullLayout?.yaxis.tickformat)"
    )
    # Six lines of single runs are drawn before three lines with three bands.
    page.wait_for_function(f"{chart}?.data.length === 6 && {chart}.data.some(t => t.fill)")
    drawn = page.evaluate(f"{chart}.data.map(t => [t.name || '', t.fill || '', [...t.y]])")
    bands, lines = [item for item in drawn if item[1]], [item for item in drawn if not item[1]]
    assert [name for name, _, _ in lines] == [f"Rank {rank} (2 runs)" for rank in (4, 8, 16)]
    # At the last check seeds 0 and 1 reached 0.64 and 0.65: the mean, and a standard deviation of 0.01 / sqrt(2).
    assert lines[0][2][-1] == pytest.approx(0.645)
    assert bands[0][2][3:5] == pytest.approx([0.645 + 0.0070711, 0.645 - 0.0070711], abs=1e-6)
    assert "group=alike" in page.url and "band=deviation" in page.url
    # Smoothing is the browser's own work; another axis needs other means.
    asked = []
    page.on("request", lambda request: asked.append(request) if "read_means" in (request.post_data or "") else None)
    page.fill("#compare-smoothing", "0.9")
    with page.expect_request(lambda request: "read_means" in (request.post_data or "")):
        page.select_option("#compare-axis", "share")
    assert len(asked) == 1


def test_a_range_on_an_axis_filters_the_whole_page_and_lives_in_the_address(signed_in, six):
    watched = signed_in()
    page = watched.open(f"/compare?runs={','.join(six)}")
    page.locator("#parameter-parallel").scroll_into_view_if_needed()
    page.wait_for_selector("#parameter-parallel .axis-brush")
    assert "Rank" in page.inner_text("#compare-importance li:first-child")
    assert "indicative" in page.inner_text("#compare-importance")
    page.locator("#parameter-parallel").scroll_into_view_if_needed()
    box = page.locator("#parameter-parallel .axis-brush").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.75)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 1, steps=6)
    page.mouse.up()
    page.wait_for_selector("#brush-words:has-text('inside the chosen ranges')")
    columns = page.locator("#compare-table thead th").count()
    # The metric, majority class and linear probe stand beside the runs.
    assert 4 <= columns < 3 + len(six)
    assert page.locator(".run-chip-off").count() == 3 + len(six) - columns
    other = signed_in().open("/compare?" + page.url.split("?")[1])
    other.wait_for_selector("#brush-words:has-text('inside the chosen ranges')")
    assert other.locator("#compare-table thead th").count() == columns
    page.click("#brush-clear")
    page.wait_for_function(f"document.querySelectorAll('#compare-table thead th').length === {3 + len(six)}")
    assert "brush=" not in page.url and watched.complaints == []


def test_written_answers_are_marked_word_by_word_and_sorted_by_how_far_they_lie_apart(signed_in, studio):
    place = make_version(studio.owner)
    answers_by_row = {0: ("blue is nice", "blue is nice"), 1: ("press the red button", "press the green key twice")}
    ids = []
    for number, name in enumerate(("Writer one", "Writer two")):
        run = make_run(studio.owner, place, name)
        ids.append(run.id)
        with transaction() as session:
            found = session.get_one(Run, run.id)
            found.task_type, found.job.state = "instruction", "succeeded"
            found.results = {"metrics": {"perplexity": 5.0}, "test_rows": 2}
            session.add_all(
                Prediction(
                    run_id=run.id,
                    split="test",
                    row_id=row,
                    input=f"Question {row}",
                    expected="press the red button",
                    base_answer="no idea",
                    answer=answers[number],
                    score=1.0,
                )
                for row, answers in answers_by_row.items()
            )
    page = signed_in().open(f"/compare?runs={','.join(ids)}")
    page.wait_for_selector("#compare-examples-table .word-diff")
    rows = page.locator("#compare-examples-table tbody tr")
    assert [rows.nth(at).get_attribute("data-row") for at in (0, 1)] == ["1", "0"]
    second = rows.first.locator("td").nth(4)
    assert second.locator("ins").all_inner_texts() == ["green key twice"]
    assert second.locator("del").all_inner_texts() == ["red button"]
    page.select_option("#examples-diff", "none")
    page.wait_for_function("!document.querySelector('.word-diff')")
    assert "diff=none" in page.url


def test_a_run_keeps_its_colour_when_others_go_or_change_places(signed_in, three):
    page = signed_in().open(f"/compare?runs={','.join(three)}")
    page.wait_for_selector("#compare-table")
    colour = f".run-chip[data-run='{three[2]}'] .swatch"
    before = page.eval_on_selector(colour, "each => each.style.color")
    page.click(f".run-chip[data-run='{three[0]}'] .remove")
    page.wait_for_url("**colours=1%2C2*")
    assert page.eval_on_selector(colour, "each => each.style.color") == before
    page.focus(f".run-chip[data-run='{three[2]}'] .swatch-button")
    page.keyboard.press("Alt+ArrowLeft")
    page.wait_for_function(f"document.querySelector('.run-chip').dataset.run === '{three[2]}'")
    assert page.eval_on_selector(colour, "each => each.style.color") == before
    # 60 of 100 against 50: ten points, a fifth more.
    assert "+10.0 points (+20.0 %)" in page.inner_text("#compare-table tr[data-key='test/accuracy']")
    page.fill("#compare-add", "Run one")
    page.click(f"#compare-add-list li[data-run='{three[0]}']")
    page.wait_for_function("document.querySelectorAll('.run-chip').length === 3")
    assert page.eval_on_selector(colour, "each => each.style.color") == before


def test_votes_on_answers_are_counted_and_found_again(signed_in, three):
    watched = signed_in()
    page = watched.open(f"/compare?runs={','.join(three[:2])}&rows=file")
    good = page.get_by_role("button", name="The answer of Run one is good")
    good.first.click()
    good.nth(1).click()
    page.get_by_role("button", name="The answer of Run two is bad").first.click()
    page.wait_for_selector(f"[data-votes='{three[0]}']:has-text('2 good, 0 bad')")
    page.wait_for_selector(f"[data-votes='{three[1]}']:has-text('0 good, 1 bad')")
    good.nth(1).click()
    page.wait_for_selector(f"[data-votes='{three[0]}']:has-text('1 good, 0 bad')")
    other = signed_in().open(f"/compare?runs={','.join(three[:2])}&rows=file")
    other.wait_for_selector(f"[data-votes='{three[1]}']:has-text('0 good, 1 bad')")
    pressed = other.locator("#compare-examples-table .thumb[aria-pressed=true]")
    assert pressed.evaluate_all("all => all.map((each) => each.getAttribute('aria-label'))") == [
        "The answer of Run one is good",
        "The answer of Run two is bad",
    ]
    row = other.inner_text("#compare-table tr[data-key='votes/good']")
    assert "100 %" in row and "0 %" in row and watched.complaints == []
