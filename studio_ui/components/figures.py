"""Charts that Python describes as a whole: traces and layout of Plotly, drawn by `figures.js` in the colours of the page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

from app.languages import gettext as _
from app.services.datasets.csv_lines import escape_formula
from studio_ui.components.nodes import Node, el

# Parts of charts, as custom properties of `results.css` that follow light and dark; a run's own is in `run_colours.py`.
EDGE, LINE, SOFT, STRONG = (f"var(--chart-{name})" for name in ("edge", "line", "soft", "strong"))


@dataclass(frozen=True)
class Figure:
    """One chart.

    Attributes:
        title: names the files that are saved from it.
        traces: of Plotly; colours may be ``var(--name)``, words of people go through :func:`plain`.
        layout: of Plotly; axes and fonts begin with the look of all charts.
        height: in pixels, without further rows of the legend.
        width: the least width in pixels; a narrower place scrolls.
        csv: what *Download as CSV* saves; without it there is no such button.
        narrow: axis -> what is different there on a narrow screen.
        heavy: drawn only when it comes into sight.
        action: what a click on a cell triggers: ``name`` of the action, whose value is that of the cell's row and column among
            ``rows`` and ``columns``.
        brush: for parallel axes: ``parameter`` of the address that takes the chosen ranges, and ``axes`` with ``key`` and
            ``log``, in order.
    """

    title: str
    traces: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    height: int
    width: int = 0
    csv: str = ""
    narrow: Mapping[str, Any] = field(default_factory=dict)
    heavy: bool = False
    action: Mapping[str, Any] | None = None
    brush: Mapping[str, Any] | None = None


def figure(about: Figure, *, words: str = "", caption: str = "", cls: str = "", **attributes: Any) -> Node:
    """The chart with what it says in ``words`` for people who do not see it; ``cls`` is the class of the drawing's place."""
    size = f"min-height: {about.height}px; min-width: {about.width}px"
    return el(
        "figure",
        el("figcaption", el("strong", caption)) if caption else None,
        el("p", _("The chart is drawn in a moment."), cls="muted figure-wait"),
        el("div", cls=cls, figure=asdict(about), style=size),
        cls="chart",
        role="group",
        aria_label=words or about.title,
        **attributes,
    )


def plain(text: str) -> str:
    """Words as words: Plotly reads a little markup in names."""
    return escape(text, quote=False)


def shortened(text: str, most: int) -> str:
    """The beginning of a long text."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def csv_text(rows: Sequence[Sequence[Any]]) -> str:
    """Rows as CSV: numbers as they are, words in quotes and never as formulas, nothing for None."""
    return "\n".join(",".join(_csv_cell(cell) for cell in row) for row in rows)


def _csv_cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.15g}"
    if value is None or isinstance(value, int):
        return "" if value is None else json.dumps(value)
    text = str(escape_formula(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))
    return '"' + text.replace('"', '""') + '"'
