"""The comparison alone: what the address decides, and the keyboard on its own page of parts."""

import json
import math
import re

import pytest
from playwright.sync_api import expect

from studio_ui.comparison.means import mean_and_band
from studio_ui.comparison.page import describe_comparison
from studio_ui.comparison.source import OwnRuns
from tests.app.outcomes import end_run, rows_right
from tests.factories import SPEC, make_run, make_version


def make_ranks(owner: str, ranks: tuple[int, ...] = (4, 8, 16)) -> list[str]:
    """Ranks whose quality rises: 64, 68 and 76 of 100 rows right."""
    place, found = make_version(owner), []
    for rank in ranks:
        run = make_run(owner, place, f"Rank {rank}", {**SPEC, "method": {"kind": "lora", "rank": rank}})
        end_run(run.id, rows_right(60 + rank, 100), rows_right(50, 100), seconds=50.0 + rank)
        found.append(run.id)
    return found


@pytest.fixture
def ranks(owner) -> list[str]:
    return make_ranks(owner)


def described(owner: str, ids: list[str], **query: str):
    return describe_comparison(OwnRuns(owner), {"runs": ",".join(ids), **query})


def figures_in(nodes) -> list[dict]:
    if not isinstance(nodes, list):
        return []
    if len(nodes) > 1 and isinstance(nodes[1], dict) and "figure" in nodes[1]:
        return [nodes[1]["figure"]]
    return [found for node in nodes for found in figures_in(node)]


def test_range_in_the_address_leaves_out_runs_everywhere_but_on_the_axes(owner, ranks):
    found = described(owner, ranks, brush=json.dumps({"method.rank": [7, 20]}))
    assert [run["inside"] for run in found["runs"]] == [False, True, True]
    assert "Rank 4" not in str(found["matrix"]) and "Rank 4" not in str(found["settings"])
    assert "Rank 4" not in str(found["pareto"]) and list(found["examples"]["names"].values()) == ["Rank 8", "Rank 16"]
    scatter, parallel = figures_in(found["parameters"])
    assert [trace["name"] for trace in scatter["traces"] if "name" in trace] == ["Rank 8", "Rank 16"]
    rank = next(dimension for dimension in parallel["traces"][0]["dimensions"] if dimension["label"] == "Rank")
    assert rank["values"] == [4, 8, 16] and rank["constraintrange"] == [7, 20]
    assert "2 runs of 3 inside the chosen ranges" in str(found["parameters"])


@pytest.mark.parametrize(
    "words", ["", "{", "[1]", '{"method.rank": 7}', '{"method.rank": ["a", "b"]}', '{"unknown": [1, 2]}']
)
def test_range_that_says_nothing_leaves_out_nobody(owner, ranks, words):
    assert all(run["inside"] for run in described(owner, ranks, brush=words)["runs"])


@pytest.mark.parametrize(
    ("chosen", "drawn", "inside"),
    [
        ([-1, 5], [math.log10(1), math.log10(5)], [True, True, False]),
        ([0, 0.5], [math.log10(0.5), math.log10(0.5)], [False, False, False]),
        ([-2, 0], None, [False, False, False]),
    ],
)
def test_range_below_zero_is_drawn_as_far_as_a_logarithmic_axis_goes(owner, chosen, drawn, inside):
    ids = make_ranks(owner, (1, 4, 32))
    found = described(owner, ids, brush=json.dumps({"method.rank": chosen}))
    assert [run["inside"] for run in found["runs"]] == inside
    _, parallel = figures_in(found["parameters"])
    rank = next(dimension for dimension in parallel["traces"][0]["dimensions"] if dimension["label"] == "Rank")
    assert rank["values"] == pytest.approx([math.log10(item) for item in (1, 4, 32)])
    assert rank.get("constraintrange") == (drawn and pytest.approx(drawn))


def test_setting_that_no_drawn_run_has_leaves_its_axis_empty(owner):
    """The only run with a rank has no result yet."""
    place, ids = make_version(owner), []
    for number, method in enumerate([{"kind": "lora", "rank": 4}, {"kind": "ia3"}, {"kind": "ia3"}, {"kind": "ia3"}]):
        run = make_run(owner, place, f"Run {number}", {**SPEC, "method": method})
        if method["kind"] == "ia3":
            end_run(run.id, rows_right(60 + number, 100), rows_right(50, 100))
        ids.append(run.id)
    found = described(owner, ids, y="test/accuracy", brush=json.dumps({"method.rank": [1, 8]}))
    _, parallel = figures_in(found["parameters"])
    rank = next(dimension for dimension in parallel["traces"][0]["dimensions"] if dimension["label"] == "Rank")
    assert rank["values"] == [None, None, None] and "constraintrange" not in rank


def test_trend_is_that_of_least_squares(owner, ranks):
    scatter, _ = figures_in(described(owner, ranks, x="method.rank", y="test/accuracy")["parameters"])
    trend = scatter["traces"][0]
    # Accuracy is 0.6 + rank / 100 exactly.
    assert trend["x"] == [4, 16] and trend["y"] == pytest.approx([0.64, 0.76])


def test_keyboard_adds_hides_moves_and_removes_a_run(signed_in, studio):
    ids = make_ranks(studio.owner)
    watched = signed_in()
    page = watched.open(f"/parts?part=comparison&runs={','.join(ids[:2])}")
    chips = page.get_by_role("group", name="Compared runs")
    page.get_by_role("combobox", name="Add a run").focus()
    page.keyboard.type("Rank 16")
    page.wait_for_selector("#compare-add-list [role=option][aria-selected=true]:has-text('Rank 16')")
    page.keyboard.press("Enter")
    chips.get_by_role("button", name="Remove Rank 16").wait_for()
    chips.get_by_role("button", name="Hide the curves of Rank 16").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.getAttribute('aria-label') === 'Show the curves of Rank 16'")
    expect(page).to_have_url(re.compile(f"hidden={ids[2]}"))
    page.keyboard.press("Alt+ArrowLeft")
    page.wait_for_function(f"[...document.querySelectorAll('.run-chip')].at(1).dataset.run === '{ids[2]}'")
    page.wait_for_function(f"document.activeElement.closest('.run-chip')?.dataset.run === '{ids[2]}'")
    chips.get_by_role("button", name="Remove Rank 16").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".run-chip")).to_have_count(2)
    for name in ("Metrics", "Curves", "Configuration", "Examples"):
        expect(page.get_by_role("region", name=name, exact=True)).to_have_count(1)
    assert watched.complaints == []


def test_mean_of_curves_counts_each_between_its_ends_and_has_a_band_where_two_meet():
    # The second curve is straight from (0, 1) to (4, 5) and worth 3 at 2; the first ends at 2.
    points, band = mean_and_band([[(0, 3.0), (2, 5.0)], [(0, 1.0), (4, 5.0)]], "range")
    assert points == [[0, 2.0], [2, 4.0], [4, 5.0]] and band == [[0, 1.0, 3.0], [2, 3.0, 5.0]]
    # Two values that lie 2 apart deviate by the square root of 2.
    assert mean_and_band([[(0, 3.0)], [(0, 1.0)]], "deviation")[1] == [
        [0, pytest.approx(2 - 2**0.5), pytest.approx(2 + 2**0.5)]
    ]
    assert mean_and_band([[(0, float("nan"))], [(0, 1.0)]], "range") == ([[0, 1.0]], [])
