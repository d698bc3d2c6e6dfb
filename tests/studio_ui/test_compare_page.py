"""The compare page in Chromium: its address is the whole view, and single answers stand side by side."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import TimeoutError as WaitedTooLong
from playwright.sync_api import expect

from app.db import transaction
from app.models import Prediction, Run
from tests.app.outcomes import end_run, rows_right
from tests.factories import SPEC, make_run, make_version
from tests.studio_ui.conftest import NARROW, expect_to_fit


@pytest.fixture(scope="module")
def three(studio):
    place = make_version(studio.owner)
    ids = [make_run(studio.owner, place, f"Run {name}").id for name in ("one", "two", "three")]
    for run_id, right, skip in zip(ids, (90, 86, 60), (0, 4, 0), strict=True):
        end_run(run_id, rows_right(right, 100, skip), rows_right(50, 100), seconds=100.0 - right)
    return ids


# Selection, baseline, hidden runs, axis, smoothing and order of rows, as a person sees them.
STATE = """() => {
  const value = (selector) => document.querySelector(selector)?.value;
  const names = (selector) => [...document.querySelectorAll(selector)].map(({ dataset }) => dataset.run || dataset.baseline);
  return {
    runs: names("#compare-chips .run-chip"),
    hidden: names(".run-chip-off"),
    baseline: value("#compare-baseline"),
    axis: value("#compare-axis"),
    smoothing: value("#compare-smoothing"),
    log: document.querySelector("#compare-log")?.checked,
    rows: value("#examples-order"),
    cost: value("#pareto-cost"),
    title: document.querySelector("#compare-curves .chart .xtitle")?.textContent,
    matrix: names("#compare-table tbody tr"),
  };
}"""


def expect_state(page, state):
    """The page comes to show this."""
    same = f"(state) => Object.entries(({STATE})()).every(([name, now]) => JSON.stringify(now) === JSON.stringify(state[name]))"
    try:
        page.wait_for_function(same, arg=state)
    except WaitedTooLong as error:
        raise AssertionError(f"{error} {page.evaluate(STATE)} is not {state}") from error


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
    state = {
        "runs": three,
        "hidden": [three[2]],
        "baseline": three[1],
        "axis": "share",
        "smoothing": "0.9",
        "log": True,
        "rows": "wrong",
        "cost": "adapter",
        "title": "share of the run",
        "matrix": ["majority", "base", *three],
    }
    expect_state(page, state)
    address = urlsplit(page.url)
    assert parse_qs(address.query)["axis"] == ["share"]

    other = signed_in().open(f"{address.path}?{address.query}")
    other.wait_for_selector("#compare-examples-table tbody tr")
    other.locator("#compare-curves .chart-controls").scroll_into_view_if_needed()
    expect_state(other, state)
    assert watched.complaints == []


def test_answers_stand_side_by_side_with_disagreement_first(signed_in, three):
    page = signed_in(NARROW).open(f"/compare?runs={','.join(three[:2])}")
    rows = page.locator("#compare-examples-table tbody tr")
    expect(rows).to_have_count(25)
    expect(page.locator("#compare-examples p[role=status]")).to_contain_text("differ")
    expect(rows.first).to_have_class(re.compile("differs"))
    cells = rows.first.locator("td").all_inner_texts()
    assert len({cells[3].splitlines()[0], cells[4].splitlines()[0]}) == 2
    page.click("#compare-examples-more")
    expect(rows).to_have_count(50)
    expect_to_fit(page)


def test_a_pointed_run_stands_out_in_every_chart(signed_in, three):
    page = signed_in().open(f"/compare?runs={','.join(three)}")
    page.locator("#compare-curves .chart-controls").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('#compare-curves .js-plotly-plot').length >= 2")
    page.hover(f".run-chip[data-run='{three[1]}'] a")
    faded = (
        "[...document.querySelectorAll('#compare-curves .js-plotly-plot')].map(plot => (plot.data || []).filter(t =>"
        " t.showlegend !== false).map(t => (t.opacity ?? 1) < 0.5))"
    )
    page.wait_for_function(f"{faded}.every((chart) => JSON.stringify(chart) === '[true,false,true]')")


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
    expect(page).to_have_url(re.compile(r"(?=.*group=alike)(?=.*band=deviation)"))
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
    expect(page.locator("#compare-importance li").first).to_contain_text("Rank")
    expect(page.locator("#compare-importance")).to_contain_text("indicative")
    heads, hidden, brush = (
        page.locator(selector)
        for selector in ("#compare-table thead th", ".run-chip-off", "#parameter-parallel .axis-brush")
    )
    expect(heads).to_have_count(3 + len(six))
    # Waits until nothing above it moves any more.
    brush.first.scroll_into_view_if_needed()
    brush.first.hover()
    box = brush.first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.75)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 1, steps=6)
    page.mouse.up()
    expect(page.locator("#brush-words")).to_contain_text("inside the chosen ranges")
    expect(hidden).not_to_have_count(0)
    columns = 3 + len(six) - hidden.count()
    # The metric, majority class and linear probe stand beside the runs.
    assert columns >= 4
    expect(heads).to_have_count(columns)
    other = signed_in().open("/compare?" + page.url.split("?")[1])
    expect(other.locator("#brush-words")).to_contain_text("inside the chosen ranges")
    expect(other.locator("#compare-table thead th")).to_have_count(columns)
    page.click("#brush-clear")
    expect(heads).to_have_count(3 + len(six))
    expect(page).not_to_have_url(re.compile("brush="))
    assert watched.complaints == []


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
    rows = page.locator("#compare-examples-table tbody tr")
    for at, row in enumerate(("1", "0")):
        expect(rows.nth(at)).to_have_attribute("data-row", row)
    second = rows.first.locator("td").nth(4)
    expect(second.locator("ins")).to_have_text(["green key twice"])
    expect(second.locator("del")).to_have_text(["red button"])
    page.select_option("#examples-diff", "none")
    expect(page.locator(".word-diff")).to_have_count(0)
    expect(rows).to_have_count(2)
    expect(page).to_have_url(re.compile("diff=none"))


def test_a_run_keeps_its_colour_when_others_go_or_change_places(signed_in, three):
    page = signed_in().open(f"/compare?runs={','.join(three)}")
    chips = page.locator(".run-chip")
    expect(chips).to_have_count(3)
    colour = page.locator(f".run-chip[data-run='{three[2]}'] .swatch")
    before = colour.get_attribute("style")
    page.click(f".run-chip[data-run='{three[0]}'] .remove")
    page.wait_for_url("**colours=1%2C2*")
    expect(chips).to_have_count(2)
    expect(colour).to_have_attribute("style", before)
    page.focus(f".run-chip[data-run='{three[2]}'] .swatch-button")
    page.keyboard.press("Alt+ArrowLeft")
    expect(chips.first).to_have_attribute("data-run", three[2])
    expect(colour).to_have_attribute("style", before)
    # 60 of 100 against 50: ten points, a fifth more.
    expect(page.locator("#compare-table tr[data-key='test/accuracy']")).to_contain_text("+10.0 points (+20.0 %)")
    page.fill("#compare-add", "Run one")
    page.click(f"#compare-add-list li[data-run='{three[0]}']")
    expect(chips).to_have_count(3)
    expect(colour).to_have_attribute("style", before)


def test_votes_on_answers_are_counted_and_found_again(signed_in, studio):
    place = make_version(studio.owner)
    first, second = (make_run(studio.owner, place, f"Voted {name}").id for name in ("one", "two"))
    for run_id, right in ((first, 90), (second, 86)):
        end_run(run_id, rows_right(right, 100), rows_right(50, 100))
    watched = signed_in()
    page = watched.open(f"/compare?runs={first},{second}&rows=file")
    good = page.get_by_role("button", name="The answer of Voted one is good")
    votes, others = (page.locator(f"[data-votes='{run}']") for run in (first, second))
    for number in (0, 1):
        good.nth(number).click()
        expect(votes).to_contain_text(f"{number + 1} good, 0 bad")
    page.get_by_role("button", name="The answer of Voted two is bad").first.click()
    expect(others).to_contain_text("0 good, 1 bad")
    good.nth(1).click()
    expect(votes).to_contain_text("1 good, 0 bad")
    other = signed_in().open(f"/compare?runs={first},{second}&rows=file")
    expect(other.locator(f"[data-votes='{second}']")).to_contain_text("0 good, 1 bad")
    pressed = other.locator("#compare-examples-table .thumb[aria-pressed=true]")
    expect(pressed).to_have_count(2)
    for number, name in enumerate(("The answer of Voted one is good", "The answer of Voted two is bad")):
        expect(pressed.nth(number)).to_have_attribute("aria-label", name)
    row = other.locator("#compare-table tr[data-key='votes/good']")
    expect(row).to_contain_text(re.compile(r"100 %.*\b0 %", re.DOTALL))
    assert watched.complaints == []
