"""Whether the confidence of a model can be trusted: a reliability diagram, and what not answering below a threshold gains."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.evaluation.calibration import Calibration, ReliabilityBin
from studio_ui.components.browser_component import BrowserComponent, query_in
from studio_ui.components.figures import SOFT, STRONG, Figure, csv_text, figure
from studio_ui.components.nodes import Node, el
from studio_ui.formats import count, counted, percent
from studio_ui.run_colours import BASE_INDEX, colour

# The signed-in user's id and the query parameters of the page; None while there is nothing to measure.
ReadCalibration = Callable[[str, Mapping[str, str]], Calibration | None]
HEIGHT = 360
# A difference of mean confidence and accuracy up to this is none.
SLIGHT = 0.02
NOTE = gettext_noop(
    "The expected calibration error is the mean distance between bar and dotted line, weighted by rows (ten equal bins, {rows} "
    "rows). Thin lines are 95 % intervals: short bars over few rows say little."
)


class CalibrationChart(BrowserComponent):
    """Shows what ``read`` answers; the threshold is kept in the address, and moving it asks the server nothing."""

    module = "calibration.js"

    def __init__(self, read: ReadCalibration, **options: Any) -> None:
        def read_calibration(user_id: str, data: dict[str, Any]) -> dict[str, Any] | None:
            found = read(user_id, query_in(data))
            return {"nodes": calibration_nodes(found), **_thresholds(found)} if found else None

        super().__init__(server_functions=[read_calibration], **options)


def calibration_nodes(found: Calibration) -> list[Node]:
    """The verdict, the diagram, and the place of the threshold, which the browser fills."""
    note = el("p", _(NOTE, rows=count(found.rows)), cls="muted small")
    return [_verdict(found), el("div", el("div", _diagram(found)), _threshold_part(), cls="certainty-layout"), note]


def _verdict(found: Calibration) -> Node:
    low, high = found.interval
    way = (
        _("Overconfident")
        if found.confidence > max(high, found.accuracy + SLIGHT)
        else _("Underconfident")
        if found.confidence < min(low, found.accuracy - SLIGHT)
        else _("Well calibrated on average")
        if abs(found.confidence - found.accuracy) <= SLIGHT
        else _("Too few rows to call it over- or underconfident")
    )
    means = _(
        "Its mean confidence is {confidence}, its accuracy {accuracy}. ",
        confidence=percent(found.confidence),
        accuracy=percent(found.accuracy),
    )
    error = _("Expected calibration error {error}.", error=percent(found.error))
    return el("p", el("strong", f"{way}. "), means, el("span", error, id="calibration-error"), id="calibration-words")


def _diagram(found: Calibration) -> Node:
    """Bars show accuracy; the dotted diagonal is perfect calibration."""
    filled = [item for item in found.bins if item.rows]
    middle = [(item.low + item.high) / 2 for item in filled]
    diagonal = {
        "type": "scatter",
        "mode": "lines",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": colour(BASE_INDEX), "dash": "dot", "width": 1.5},
        "hoverinfo": "skip",
    }
    rows = {
        **_bars(middle, [item.rows for item in filled], SOFT),
        "text": [count(item.rows) for item in filled],
        "textposition": "auto",
        "yaxis": "y2",
        "hovertemplate": f"{_('{rows} rows', rows='%{text}')}<extra></extra>",
    }
    lines = [[item.low, item.high, item.rows, item.confidence, item.accuracy] for item in found.bins]
    chart = Figure(
        _("Calibration"),
        [_accuracy(filled, middle), rows, diagonal],
        _layout(),
        HEIGHT,
        csv=csv_text([["low", "high", "rows", "confidence", "accuracy"], *lines]),
    )
    words = _("Calibration. {filled}", filled="; ".join(_bin_words(item) for item in filled))
    return figure(chart, words=words, caption=_("Calibration"), cls="reliability-plot", id="reliability")


def _layout() -> dict[str, Any]:
    return {
        "margin": {"l": 60, "r": 12, "t": 8, "b": 44},
        "showlegend": False,
        "bargap": 0,
        "hovermode": "closest",
        "xaxis": {
            "range": [0, 1],
            "tickformat": ".0%",
            "title": {"text": _("confidence of the model"), "standoff": 4},
            "anchor": "y2",
        },
        "yaxis": {"range": [0, 1.02], "tickformat": ".0%", "title": {"text": _("accuracy")}, "domain": [0.32, 1]},
        "yaxis2": {"title": {"text": _("rows")}, "domain": [0, 0.22], "nticks": 3, "rangemode": "tozero"},
    }


def _bars(across: list[float], heights: list[Any], fill: str) -> dict[str, Any]:
    return {"type": "bar", "x": across, "y": heights, "width": 0.094, "marker": {"color": fill}}


def _accuracy(filled: list[ReliabilityBin], middle: list[float]) -> dict[str, Any]:
    ends = [item.interval or [item.accuracy or 0, item.accuracy or 0] for item in filled]
    shares = [item.accuracy or 0 for item in filled]
    return {
        **_bars(middle, shares, colour(0)),
        "opacity": 0.75,
        "text": [
            _("{bin_words} (95 %: {low} to {high})", bin_words=_bin_words(item), low=percent(low), high=percent(high))
            for item, (low, high) in zip(filled, ends, strict=True)
        ],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [high - share for (unused, high), share in zip(ends, shares, strict=True)],
            "arrayminus": [share - low for (low, unused), share in zip(ends, shares, strict=True)],
            "color": STRONG,
            "thickness": 1,
            "width": 3,
        },
    }


def _bin_words(found: ReliabilityBin) -> str:
    where = _(
        "{low} to {high}: {rows}", low=percent(found.low), high=percent(found.high), rows=counted(found.rows, "row")
    )
    return _(
        "{where}, confidence {confidence}, accuracy {accuracy}",
        where=where,
        confidence=percent(found.confidence or 0),
        accuracy=percent(found.accuracy or 0),
    )


def _threshold_part() -> Node:
    words = _("Below this confidence nothing is answered and a person decides. Fewer answers, more of them right.")
    slider = el("input", type="range", id="threshold", min="0", max="100", step="1", value="0")
    heads = [
        el("th", words, scope="col", cls="number" if at else "")
        for at, words in enumerate((_("Label"), _("Precision"), _("Recall")))
    ]
    head = el("thead", el("tr", heads))
    return el(
        "section",
        el("h3", _("Abstention threshold")),
        el("p", words, cls="muted"),
        el(
            "label",
            _("Confidence at least "),
            slider,
            el("output", for_="threshold"),
            cls="threshold-row",
            for_="threshold",
        ),
        el("dl", id="threshold-facts", cls="facts"),
        el("div", el("table", head, el("tbody"), cls="data-table"), id="threshold-labels", cls="table-box"),
        cls="card",
        id="threshold-part",
    )


def _thresholds(found: Calibration) -> dict[str, Any]:
    """Of each threshold the share that is answered, its facts in words, and the scores of the labels."""
    steps = []
    for at in found.thresholds:
        answered = percent(at.answered / found.rows)
        facts = [
            [
                _("Answered"),
                _("{share} ({part} of {total})", share=answered, part=count(at.answered), total=count(found.rows)),
            ],
            [
                _("Right, of those answered"),
                percent(at.right / at.answered) if at.answered else _("nothing is answered"),
            ],
            [_("Left to people"), count(found.rows - at.answered)],
        ]
        steps.append({"answered": answered, "facts": facts, "labels": {k: asdict(v) for k, v in at.labels.items()}})
    return {"steps": steps}
