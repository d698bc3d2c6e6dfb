"""A confusion matrix whose cells can be chosen; many labels are drawn as a heat map."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.languages import gettext as _
from studio_ui.components.figures import Figure, figure, plain, shortened
from studio_ui.components.nodes import Node, action, el
from studio_ui.components.view import View
from studio_ui.formats import count
from studio_ui.run_colours import colour

# Up to so many labels are a table; from so many on, names are small.
SMALL, MANY = 12, 30
# How strong the colour of a cell is that holds all rows of its label.
STRONGEST = 62
# Of the heat map, in pixels; a narrower place scrolls.
MOST_WIDTH = 760
SCALE = [[0, "var(--heat-0)"], [0.02, "var(--heat-1)"], [0.5, "var(--heat-2)"], [1, "var(--heat-3)"]]


@dataclass(frozen=True)
class Matrix:
    """What the component shows.

    Attributes:
        labels: in the order of rows and columns; empty shows nothing.
        counts: rows are the expected labels, columns the answers.
        chosen: whether cells can be chosen.
    """

    labels: Sequence[str]
    counts: Sequence[Sequence[int]]
    chosen: bool = True


ReadMatrix = Callable[[str, Mapping[str, str]], Matrix]


class ConfusionMatrix(View):
    """Counts of expected label against answer, coloured by their share of the expected label.

    A chosen cell becomes the value ``{"expected": label, "answered": label}``, and ``select`` is triggered. A listener that returns
    :func:`studio_ui.components.view.reload` lets it ask anew.
    """

    module = "confusion_matrix.js"
    sends = ("select", "updated")

    def __init__(self, read: ReadMatrix, **options: Any) -> None:
        super().__init__(lambda user_id, query: matrix_nodes(read(user_id, query)), **{"lines": 0, **options})

    def api_info(self) -> dict[str, Any]:
        """The chosen cell."""
        text = {"type": "string"}
        return {"type": "object", "properties": {"expected": text, "answered": text}}

    def example_payload(self) -> Any:
        """A cell."""
        return {"expected": "yes", "answered": "no"}


def matrix_nodes(matrix: Matrix) -> list[Node]:
    """Heading, explanation and cells; nothing without labels."""
    if not matrix.labels:
        return []
    small = len(matrix.labels) <= SMALL
    how = (
        _("Rows are the expected labels, columns the answers.")
        if small
        else _(
            "Rows are the expected labels, columns the answers; stronger colour is a larger share of the row. Point at a cell, "
            "or drag to zoom; double-click shows all."
        )
    )
    box = el(
        "div",
        _table(matrix) if small else _heat_map(matrix),
        cls="table-box",
        tabindex="0",
        role="region",
        aria_label=_("Confusion matrix"),
    )
    return [
        el(
            "section",
            el("h3", _("Expected against answered")),
            el("p", _("{how} Choose a cell to see its rows.", how=how) if matrix.chosen else how, cls="muted"),
            box,
            cls="confusion-matrix",
            id="confusion-matrix",
        )
    ]


def _table(matrix: Matrix) -> Node:
    corner = el("th", _("expected ↓ "), el("span", _("answered →"), cls="answered"), scope="col")
    head = el("tr", corner, [el("th", el("span", label), scope="col") for label in matrix.labels])
    rows = [
        el("tr", el("th", label, scope="row"), [_cell(matrix, at, to) for to in range(len(matrix.labels))])
        for at, label in enumerate(matrix.labels)
    ]
    return el("table", el("thead", head), el("tbody", rows), cls="data-table confusion-table")


def _cell(matrix: Matrix, at: int, to: int) -> Node:
    value, total = matrix.counts[at][to], sum(matrix.counts[at])
    words = _(
        "{value} of “{expected}” answered “{answered}”",
        value=count(value),
        expected=matrix.labels[at],
        answered=matrix.labels[to],
    )
    shown: Node = count(value)
    if matrix.chosen and value:
        cell_label = _("{words}; show these rows", words=words)
        names = [matrix.labels[at], matrix.labels[to]]
        shown = action(count(value), "cell", names, cls="cell-button", aria_label=cell_label)
    strength = round(value / total * STRONGEST) if value else 0
    tint = f"background: color-mix(in srgb, {colour(0)} {strength}%, transparent)" if value else None
    return el("td", shown, cls="cell cell-right" if at == to else "cell", title=words, style=tint)


def _heat_map(matrix: Matrix) -> Node:
    """Shares of the expected labels. Places, not names, are the coordinates: two long labels may shorten to the same text."""
    labels = [plain(label) for label in matrix.labels]
    places, many = list(range(len(labels))), len(labels) > MANY
    names = [plain(shortened(label, 28)) for label in matrix.labels]
    trace = {
        "type": "heatmap",
        "z": [[value / (sum(row) or 1) for value in row] for row in matrix.counts],
        "x": places,
        "y": places,
        "text": [
            [
                _(
                    "{value} of “{expected}” answered “{answered}”",
                    value=value,
                    expected=labels[at],
                    answered=labels[to],
                )
                for to, value in enumerate(row)
            ]
            for at, row in enumerate(matrix.counts)
        ],
        "zmin": 0,
        "zmax": 1,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{text}<extra></extra>",
        "colorscale": SCALE,
    }
    axis = {
        "tickvals": places,
        "ticktext": names,
        "showgrid": False,
        "tickfont": {"size": 9 if many else 11, "color": "var(--chart-axis)"},
        "automargin": True,
    }
    layout = {
        "margin": {"l": 10, "r": 10, "t": 10, "b": 10},
        "xaxis": {**axis, "title": {"text": _("answered")}, "tickangle": -60, "constrain": "domain"},
        "yaxis": {**axis, "title": {"text": _("expected")}, "autorange": "reversed"},
    }
    size = max(420, len(labels) * (13 if many else 24) + 200)
    chosen = {"name": "cell", "rows": matrix.labels, "columns": matrix.labels} if matrix.chosen else None
    chart = Figure(_("Confusion matrix"), [trace], layout, size, min(size, MOST_WIDTH), action=chosen)
    return figure(chart, cls="heatmap")
