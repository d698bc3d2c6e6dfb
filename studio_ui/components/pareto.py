"""Runs as points, quality against a cost of choice, with the line of runs that no other beats in both."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.languages import gettext as _
from studio_ui.components.figures import EDGE, SOFT, Figure, csv_text, figure, plain
from studio_ui.components.nodes import Node, asker, el
from studio_ui.components.view import View
from studio_ui.formats import byte_size, count, duration, milliseconds, percent
from studio_ui.formats import figure as figures
from studio_ui.run_colours import BASE_INDEX, colour

# From this ratio between the largest and the smallest value on, a logarithmic scale shows more.
WIDE = 20
HEIGHT = 380
UNITS: dict[str, Callable[[float], str]] = {
    "seconds": duration,
    "milliseconds": milliseconds,
    "bytes": byte_size,
    "count": count,
}
# By the place of a run, as a second signal beside its colour.
SYMBOLS = "circle square diamond triangle-up cross x star hexagon triangle-down pentagon".split()


@dataclass(frozen=True)
class Cost:
    """What can lie across; ``unit`` is seconds, milliseconds, bytes or count."""

    key: str
    title: str
    unit: str


@dataclass(frozen=True)
class ParetoPoint:
    """One run. ``style`` is its place among the colours, ``costs`` its values by key."""

    id: str
    name: str
    style: int
    quality: float
    interval: Sequence[float] | None
    costs: Mapping[str, float | None]


@dataclass(frozen=True)
class ParetoPoints:
    """What the chart shows; ``metric`` is ``{"key", "title", "unit", "higher_is_better"}``, ``base`` the base model's quality."""

    metric: Mapping[str, Any]
    base: float | None
    points: Sequence[ParetoPoint] = field(default_factory=tuple)


class Pareto(View):
    """Shows what ``describe(user_id, query)`` answers; nothing while that is None.

    It is asked again whenever a listener returns :func:`studio_ui.components.view.reload`. The chosen cost is the parameter
    ``cost`` of the page's address.
    """

    def __init__(
        self,
        describe: Callable[[str, Mapping[str, str]], ParetoPoints | None] | None = None,
        *,
        costs: Sequence[Cost],
        **options: Any,
    ) -> None:
        def describe_points(user_id: str, query: Mapping[str, str]) -> list[Node]:
            found = describe(user_id, query) if describe else None
            return pareto_nodes(found, costs, query.get("cost", "")) if found else []

        super().__init__(describe_points, **{"lines": 0, "follows": ["cost"], **options})


def pareto_nodes(found: ParetoPoints, costs: Sequence[Cost], wanted: str) -> list[Node]:
    """Heading, choice of the cost, chart, and which runs are on the line."""
    cost = next((item for item in costs if item.key == wanted), costs[0])
    options = [(item.key, _(item.title)) for item in costs]
    head = el(
        "div",
        el("h2", _("Quality against cost")),
        el("label", _("Cost "), asker("cost", options, cost.key, id="pareto-cost"), for_="pareto-cost"),
        cls="card-head",
    )
    drawn = [(point, value) for point in found.points if (value := point.costs.get(cost.key) or 0) > 0]
    if len(drawn) < 2:
        return [head, el("p", _("Appears when two runs have finished."), cls="muted")]
    front = _front(drawn, found.metric["higher_is_better"])
    names = ", ".join(point.name for point, value in front)
    words = _("On the line: {names}. No other run is both better and cheaper than one of these.", names=names)
    chart = Figure(
        _("Quality against cost"),
        [_line(front), *(_marker(point, value, cost, found.metric) for point, value in drawn)],
        _layout(found, cost, drawn),
        HEIGHT,
        csv=_csv(found, cost),
        narrow={"xaxis": _ticks([value for point, value in drawn], cost, parts=2)},
    )
    return [head, figure(chart, words=words, cls="pareto-plot"), el("p", words, cls="muted small")]


Drawn = Sequence[tuple[ParetoPoint, float]]


def _front(drawn: Drawn, higher: bool) -> list[tuple[ParetoPoint, float]]:
    """Runs that no other run beats in both quality and cost, by rising cost."""
    sign = 1 if higher else -1
    found: list[tuple[ParetoPoint, float]] = []
    for point, value in sorted(drawn, key=lambda item: (item[1], -sign * item[0].quality)):
        if not found or sign * point.quality > sign * found[-1][0].quality:
            found.append((point, value))
    return found


def _line(front: Drawn) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [value for _, value in front],
        "y": [point.quality for point, _ in front],
        "line": {"color": SOFT, "width": 2, "dash": "dot", "shape": "hv"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _marker(point: ParetoPoint, value: float, cost: Cost, metric: Mapping[str, Any]) -> dict[str, Any]:
    score = percent if metric["unit"] == "share" else figures
    low, high = point.interval or (point.quality, point.quality)
    name = plain(point.name)
    interval_words = _("{score} ({low} to {high})", score=score(point.quality), low=score(low), high=score(high))
    interval_words += f"<br>{plain(_(cost.title))}: {UNITS[cost.unit](value)}"
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [value],
        "y": [point.quality],
        "cliponaxis": False,
        "marker": {
            "color": colour(point.style),
            "size": 12,
            "symbol": SYMBOLS[point.style % len(SYMBOLS)],
            "line": {"width": 1, "color": EDGE},
        },
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [high - point.quality],
            "arrayminus": [point.quality - low],
            "color": colour(point.style),
            "thickness": 1,
            "width": 3,
        },
        "hovertemplate": f"<b>{name}</b><br>{interval_words}<extra></extra>",
    }


def _layout(found: ParetoPoints, cost: Cost, drawn: Drawn) -> dict[str, Any]:
    base, share = found.base, found.metric["unit"] == "share"
    tall = _is_wide([point.quality for point, _ in drawn] + ([] if base is None else [base]))
    across = {"title": {"text": plain(_(cost.title)), "standoff": 8}, "tickangle": 0}
    upwards = {"type": "log" if tall else "linear", "title": {"text": plain(_(found.metric["title"]))}}
    return {
        "margin": {"l": 60, "r": 20, "t": 12, "b": 96},
        "hovermode": "closest",
        "showlegend": True,
        "legend": {"orientation": "h", "y": -0.22, "x": 0, "font": {"color": "var(--chart-axis)", "size": 11}},
        "xaxis": {**across, **_ticks([value for _, value in drawn], cost, parts=4)},
        "yaxis": {**upwards, "tickformat": ".1~%" if share else "", "automargin": True},
        **({} if base is None else _base_line(base, math.log10(base) if tall else base)),
    }


def _base_line(base: float, place: float) -> dict[str, Any]:
    line = {"color": colour(BASE_INDEX), "width": 1, "dash": "dash"}
    words = {"text": _("base model"), "showarrow": False, "font": {"size": 11, "color": "var(--chart-axis)"}}
    at_right = {"xref": "paper", "x": 1, "xanchor": "right", "y": place, "yanchor": "bottom"}
    return {
        "shapes": [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": base, "y1": base, "line": line}],
        "annotations": [{**at_right, **words}],
    }


def _is_wide(values: Sequence[float]) -> bool:
    return min(values) > 0 and max(values) / min(values) > WIDE


def _ticks(values: Sequence[float], cost: Cost, parts: int) -> dict[str, Any]:
    """The scale of the costs, with a tick at both ends and at ``parts - 1`` places between."""
    low, high, wide = min(values), max(values), _is_wide(values)
    shares = [0.0] if low == high else [at / parts for at in range(parts + 1)]
    exact = [low * (high / low) ** share if wide else low + (high - low) * share for share in shares]
    ticks = [float(f"{value:.2g}") if value > 10 else value for value in exact]
    return {
        "type": "log" if wide else "linear",
        "tickvals": ticks,
        "ticktext": [UNITS[cost.unit](tick) for tick in ticks],
    }


def _csv(found: ParetoPoints, cost: Cost) -> str:
    rows = [[point.name, point.costs.get(cost.key), point.quality] for point in found.points]
    return csv_text([["run", cost.key, found.metric["key"]], *rows])
