"""Settings against results: one setting against one result, and all of them as parallel axes whose chosen ranges filter the page.

Everything that is chosen stands in the page's address: ``x``, ``y`` and ``tint``, and the ranges as JSON in ``brush``.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop, localized, ngettext
from app.services.evaluation.comparison import ComparedRun, Comparison
from studio_ui.comparison.settings import importance_list, metric_axes, setting_axes
from studio_ui.components.figures import EDGE, LINE, Figure, csv_text, figure, plain
from studio_ui.components.nodes import Node, asker, choice, el
from studio_ui.formats import counted
from studio_ui.run_colours import colour

RUN = "run"
HEIGHT = 340
# Ticks stand at the values that were really used, up to so many.
MOST_TICKS = 6
# A trend needs so many runs.
FEWEST = 3
# Width of an axis, and of all of them at most, in pixels.
AXIS_WIDTH, MOST_WIDTH = 120, 1200
HINT = gettext_noop("Drag along an axis to keep only the runs that pass there; click the axis to undo.")
Axis = dict[str, Any]


@dataclass(frozen=True)
class Parameters:
    """What was chosen to be shown of the runs, by axes as of :func:`setting_axes` and :func:`metric_axes`.

    Attributes:
        runs: all compared runs.
        tint: the setting that gives points their colour; None where each run has its own.
        ranges: key of an axis -> the lowest and highest number that are kept.
    """

    runs: Sequence[ComparedRun]
    settings: list[Axis]
    results: list[Axis]
    setting: Axis
    result: Axis
    tint: Axis | None
    ranges: Mapping[str, tuple[float, float]]

    @property
    def axes(self) -> list[Axis]:
        """All parallel axes; the result comes last."""
        return [*self.settings, self.result]

    @property
    def inside(self) -> set[str] | None:
        """The runs inside all chosen ranges; None while there are none."""
        if not self.ranges:
            return None
        kept = [(axis["places"], *self.ranges[axis["key"]]) for axis in self.axes if axis["key"] in self.ranges]

        def fits(run_id: str) -> bool:
            return all((at := places.get(run_id)) is not None and low <= at <= high for places, low, high in kept)

        return {run.id for run in self.runs if fits(run.id)}


def choose(found: Comparison, query: Mapping[str, Any]) -> Parameters | None:
    """What the address asks for; None where there are no settings or results to draw."""
    settings, results = setting_axes(found), metric_axes(found)
    if not settings or not results:
        return None
    strongest = found.importance.rows[0].key if found.importance and found.importance.rows else ""
    return Parameters(
        found.runs,
        settings,
        results,
        _of_key(settings, str(query.get("x") or strongest)) or settings[0],
        _of_key(results, str(query.get("y") or "")) or results[0],
        _of_key(settings, str(query.get("tint") or "")),
        _ranges(str(query.get("brush") or "")),
    )


def _of_key(axes: Sequence[Axis], key: str) -> Axis | None:
    return next((axis for axis in axes if axis["key"] == key), None)


def _ranges(words: str) -> dict[str, tuple[float, float]]:
    try:
        return {str(key): (float(low), float(high)) for key, (low, high) in json.loads(words or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def describe_parameters(chosen: Parameters, found: Comparison, places: Mapping[str, int]) -> list[Node]:
    """The section with its choices and both charts."""
    drawn = [run for run in chosen.runs if chosen.result["places"].get(run.id) is not None]
    importance = el(
        "section", importance_list(found.importance), id="compare-importance", aria_label=_("Setting importance")
    )
    tints = [(RUN, _("by run")), *((axis["key"], _("by {setting}", setting=axis["title"])) for axis in chosen.settings)]
    tint = chosen.tint["key"] if chosen.tint else RUN
    controls = [
        _choice(_("Setting"), "x", [(axis["key"], axis["title"]) for axis in chosen.settings], chosen.setting["key"]),
        _choice(_("Result"), "y", [(axis["key"], axis["title"]) for axis in chosen.results], chosen.result["key"]),
        _choice(_("Colour"), "tint", tints, tint),
    ]
    clear = choice(_("Show all runs again"), {"brush": None}, id="brush-clear", cls="button small")
    return [
        el("h2", _("Settings and results")),
        el("div", controls, cls="chart-controls"),
        el("div", el("div", _scatter(chosen, drawn, places)), importance, cls="parameter-layout"),
        _parallel(chosen, drawn),
        el(
            "div",
            el("p", _words(chosen, drawn), id="brush-words", cls="muted", role="status"),
            None if chosen.inside is None else clear,
            cls="brush-row",
        ),
    ]


def _choice(words: str, parameter: str, options: list[tuple[str, str]], chosen: str) -> Node:
    box = asker(parameter, options, chosen, default="" if parameter != "tint" else RUN, id=f"parameter-{parameter}")
    return el("label", f"{words} ", box, for_=f"parameter-{parameter}")


def _words(chosen: Parameters, drawn: Sequence[ComparedRun]) -> str:
    inside, missing = chosen.inside, len(chosen.runs) - len(drawn)
    words = _(HINT)
    if inside is not None:
        kept = _(
            "{inside} of {runs} inside the chosen ranges", inside=counted(len(inside), "run"), runs=len(chosen.runs)
        )
        words = _("{kept}; the whole page shows only these.", kept=kept)
    if not missing:
        return words
    return f"{words} " + ngettext(
        "{number} run without this result is not drawn.", "{number} runs without this result are not drawn.", missing
    )


def _scatter(chosen: Parameters, drawn: Sequence[ComparedRun], places: Mapping[str, int]) -> Node:
    """Runs as points; a straight trend line where the setting is a number and enough runs have it."""
    setting, result, inside = chosen.setting, chosen.result, chosen.inside
    shown = [run for run in drawn if inside is None or run.id in inside]
    points = [run for run in shown if setting["places"].get(run.id) is not None]
    share = result["unit"] == "share"
    ticks = _ticks(setting, list(setting["places"]))
    across = {"tickvals": ticks, "ticktext": [_tick_words(setting, tick) for tick in ticks]}
    if setting.get("words"):
        across["range"] = [-0.5, len(setting["words"]) - 0.5]
    layout = {
        "margin": {"l": 64, "r": 16, "t": 10, "b": 48},
        "showlegend": False,
        "hovermode": "closest",
        "xaxis": {
            "type": "log" if setting["log"] else "linear",
            "title": {"text": plain(setting["title"]), "standoff": 6},
            **across,
        },
        "yaxis": {"title": {"text": plain(result["title"])}, "tickformat": ".1~%" if share else "", "automargin": True},
    }
    rows = [[run.name, _value_words(setting, setting["places"].get(run.id)), result["places"][run.id]] for run in shown]
    title = _("One setting against the result")
    chart = Figure(
        title,
        [*_trend(chosen, points), *(_point(chosen, run, _style(chosen, run, places)) for run in points)],
        layout,
        HEIGHT,
        csv=csv_text([["run", setting["key"], result["key"]], *rows]),
    )
    return figure(chart, caption=title, id="parameter-scatter")


def _point(chosen: Parameters, run: ComparedRun, style: int) -> dict[str, Any]:
    setting, result = chosen.setting, chosen.result
    place = setting["places"][run.id]
    name = plain(run.name or "")
    form = ".1%" if result["unit"] == "share" else ".4g"
    hover = f"{plain(setting['title'])}: {_tick_words(setting, place)}<br>{plain(result['title'])}: %{{y:{form}}}"
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [place],
        "y": [result["places"][run.id]],
        "marker": {"color": colour(style), "size": 12, "line": {"width": 1, "color": EDGE}},
        "cliponaxis": False,
        "hovertemplate": f"<b>{name}</b><br>{hover}<extra></extra>",
    }


def _style(chosen: Parameters, run: ComparedRun, places: Mapping[str, int]) -> int:
    """The colour of a run, or of all runs with its value of the setting that was chosen for that."""
    if chosen.tint is None:
        return places[run.id]
    known = chosen.tint["places"]
    return list(dict.fromkeys(known.get(item.id) for item in chosen.runs)).index(known.get(run.id))


def _trend(chosen: Parameters, points: Sequence[ComparedRun]) -> list[dict[str, Any]]:
    """Least squares, over the logarithm where the axis is logarithmic."""
    setting = chosen.setting
    if not setting["numeric"] or len(points) < FEWEST:
        return []
    xs = [_along(setting, setting["places"][run.id]) for run in points]
    ys = [float(chosen.result["places"][run.id]) for run in points]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    width = sum((x - mean_x) ** 2 for x in xs)
    if not width:
        return []
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / width
    ends = [min(xs), max(xs)]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [10**x if setting["log"] else x for x in ends],
            "y": [mean_y + slope * (x - mean_x) for x in ends],
            "line": {"color": LINE, "dash": "dot", "width": 2},
            "hoverinfo": "skip",
        }
    ]


def _parallel(chosen: Parameters, drawn: Sequence[ComparedRun]) -> Node:
    """One axis for each setting and one for the result; a line is a run, coloured by the result."""
    values = [chosen.result["places"][run.id] for run in drawn]
    ids = [run.id for run in drawn]
    line = {
        "color": values,
        "colorscale": [[0, "var(--chart-low)"], [1, "var(--chart-high)"]],
        "cmin": min(values),
        "cmax": max(values),
        "showscale": False,
    }
    trace = {
        "type": "parcoords",
        "dimensions": [_dimension(axis, ids, chosen.ranges.get(axis["key"])) for axis in chosen.axes],
        "labelside": "top",
        "labelfont": {"color": "var(--ink)", "size": 12},
        "tickfont": {"color": "var(--ink)", "size": 11},
        "rangefont": {"color": "rgba(0,0,0,0)", "size": 1},
        "line": line,
        "unselected": {"line": {"color": "var(--chart-unselected)", "opacity": 0.35}},
    }
    heads = ["run", *(axis["key"] for axis in chosen.axes)]
    rows = [[run.name, *(_value_words(axis, axis["places"].get(run.id)) for axis in chosen.axes)] for run in drawn]
    title = _("All settings that differ, one line for each run")
    chart = Figure(
        title,
        [trace],
        {"margin": {"l": 80, "r": 90, "t": 56, "b": 24}},
        HEIGHT,
        width=min(len(chosen.axes) * AXIS_WIDTH, MOST_WIDTH),
        csv=csv_text([heads, *rows]),
        # Lines of this kind are drawn by WebGL, which takes a second where there is no graphics card.
        heavy=True,
        brush={"parameter": "brush", "axes": [{"key": axis["key"], "log": axis["log"]} for axis in chosen.axes]},
    )
    return figure(chart, caption=title, id="parameter-parallel")


def _dimension(axis: Axis, ids: Sequence[str], kept: tuple[float, float] | None) -> dict[str, Any]:
    places = [axis["places"].get(run_id) for run_id in ids]
    values = [None if place is None else _along(axis, place) for place in places]
    ticks = _ticks(axis, ids)
    chosen = _drawn_range(axis, kept, ticks) if kept else []
    return {
        "label": plain(axis["title"]),
        "values": values,
        "range": [-0.4, len(axis["words"]) - 0.6] if axis.get("words") else _room(values),
        "tickvals": [_along(axis, tick) for tick in ticks],
        "ticktext": [_tick_words(axis, tick, digits=3) for tick in ticks],
        **({"constraintrange": chosen} if chosen else {}),
    }


def _drawn_range(axis: Axis, kept: tuple[float, float], ticks: Sequence[float]) -> list[float]:
    """A chosen range along the axis; empty where nothing of it can be drawn.

    A range may have been chosen while the axis was linear; zero and less have no place on a logarithmic one.
    """
    low, high = kept
    if not ticks or (axis["log"] and high <= 0):
        return []
    if axis["log"] and low <= 0:
        low = min(ticks[0], high)
    return [_along(axis, end) for end in (low, high)]


def _along(axis: Axis, value: float) -> float:
    return math.log10(value) if axis["log"] else value


def _ticks(axis: Axis, ids: Sequence[str]) -> list[float]:
    """The values that were really used, as long as they are few."""
    if axis.get("words"):
        return list(range(len(axis["words"])))
    used = sorted({place for run_id in ids if (place := axis["places"].get(run_id)) is not None})
    if len(used) <= MOST_TICKS:
        return used
    return [used[round(share * (len(used) - 1))] for share in (0, 0.25, 0.5, 0.75, 1)]


def _tick_words(axis: Axis, value: float, digits: int = 10) -> str:
    if axis.get("words"):
        return plain(axis["words"][int(value)])
    return localized(f"{value * 100:.1f} %" if axis.get("unit") == "share" else f"{value:.{digits}g}")


def _value_words(axis: Axis, value: float | None) -> Any:
    """A value for spreadsheets."""
    return axis["words"][int(value)] if value is not None and axis.get("words") else value


def _room(values: Sequence[float | None]) -> list[float]:
    # Perhaps only runs that are not drawn have the setting.
    known = [value for value in values if value is not None] or [0.0]
    low, high = min(known), max(known)
    spare = ((high - low) or abs(high) or 1) * 0.06
    return [low - spare, high + spare]
