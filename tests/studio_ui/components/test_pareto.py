"""Quality against cost: who is on the line, what the axis says, and the choice of the cost in somebody's Blocks."""

from playwright.sync_api import expect

from studio_ui.components.pareto import ParetoPoint, ParetoPoints, pareto_nodes
from tests.studio_ui.components.conftest import COSTS, METRIC, POINTS


def figure_in(nodes):
    return next(node for node in nodes[1] if isinstance(node, list) and "figure" in node[1])[1]["figure"]


def test_runs_that_another_beats_in_both_are_not_on_the_line():
    nodes = pareto_nodes(ParetoPoints(METRIC, 0.5, POINTS), COSTS, "")
    assert nodes[2][2] == (
        "On the line: LoRA <i>small</i>, Full. No other run is both better and cheaper than one of these."
    )
    figure = figure_in(nodes)
    assert figure["traces"][0]["x"] == [60.0, 2400.0] and figure["traces"][0]["y"] == [0.91, 0.92]
    assert figure["traces"][1]["name"] == "LoRA &lt;i&gt;small&lt;/i&gt;"
    # 3000 s are fifty times 60 s.
    assert figure["layout"]["xaxis"]["type"] == "log"
    assert figure["layout"]["xaxis"]["ticktext"][0] == "1 min" and figure["layout"]["xaxis"]["ticktext"][-1] == "50 min"
    assert figure["csv"].splitlines()[1] == '"LoRA <i>small</i>",60,0.91'


def test_lower_is_better_turns_the_line_around():
    loss = {**METRIC, "unit": "", "higher_is_better": False}
    nodes = pareto_nodes(ParetoPoints(loss, None, POINTS), COSTS, "size")
    assert figure_in(nodes)["traces"][0]["x"] == [1e6]
    assert "shapes" not in figure_in(nodes)["layout"]


def test_one_run_alone_is_no_comparison():
    known = [POINTS[0], ParetoPoint("d", "No cost", 3, 0.8, None, {"seconds": None, "size": 0})]
    assert pareto_nodes(ParetoPoints(METRIC, None, known), COSTS, "")[1][2] == "Appears when two runs have finished."


def test_cost_is_chosen_by_keyboard_stands_in_the_address_and_names_the_axis(foreign):
    page = foreign()
    box = page.get_by_label("Cost")
    box.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("location.search === '?cost=size'")
    page.get_by_role("group", name="On the line: Slow and bad").scroll_into_view_if_needed()
    page.wait_for_selector(".pareto-plot .xtitle:has-text('Download')")
    expect(page.locator(".pareto-plot .legendtext").first).to_have_text("LoRA <i>small</i>")
    # Without the studio's style sheet the axes have the colour of the page's own text.
    colour = page.evaluate("getComputedStyle(document.body).color")
    expect(page.locator(".pareto-plot .xtitle")).to_have_css("fill", colour)
    page.reload()
    page.wait_for_selector(".pareto-plot .xtitle:has-text('Download')")
    expect(box).to_have_value("size")
    expect(page.locator("#pareto-cost")).not_to_be_focused()
