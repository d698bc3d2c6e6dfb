"""Charts of curves that grow while somebody looks: the browser asks for new points only and does everything else itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.components.browser_component import BrowserComponent, query_in
from studio_ui.components.nodes import Node, el

# What can lie across: value in the address, and words.
AXES = (("step", gettext_noop("step")), ("pass", gettext_noop("epochs")), ("time", gettext_noop("minutes")))


@dataclass(frozen=True)
class Line:
    """One curve of a chart; ``key`` names its points. A curve of ``smooth`` is drawn smoothed over its raw values."""

    key: str
    name: str
    smooth: bool = False


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes:
        unit: written behind a value; ``share`` for percent, ``rate`` for powers of ten.
        digits: of a value in words; None for three that matter.
        scale: what stored values are multiplied by.
        log: whether a logarithmic scale says anything here.
        empty: what stands in the chart until its first point.
        optional: not shown without points.
        marked: whether the marks of the run are drawn here; steps of other trainings are none of its own.
    """

    title: str
    lines: Sequence[Line]
    unit: str = ""
    digits: int | None = None
    scale: float = 1.0
    log: bool = True
    empty: str = gettext_noop("No values yet.")
    optional: bool = False
    marked: bool = True


@dataclass(frozen=True)
class Mark:
    """Something that happened on the way, drawn as a line through every chart and listed below them."""

    step: int
    at: float
    sign: str
    text: str


@dataclass(frozen=True)
class CurveNews:
    """What a browser does not have yet.

    Attributes:
        points: key -> ``[step, value, at]`` of each point, in any order.
        after: the cursor with which the browser asks next.
        again: after so many seconds, None for never.
        more: the browser asks at once.
        charts: what is drawn; in the first answer, and again only if it changed.
        marks: all of them; None if they are the same as before.
        steps_per_pass: sent with the marks; 0 if not known.
    """

    points: Mapping[str, Sequence[Sequence[float]]]
    after: int
    again: float | None = None
    more: bool = False
    charts: Sequence[Chart] | None = None
    marks: Sequence[Mark] | None = None
    steps_per_pass: float = 0.0


# The signed-in user's id, the query parameters of the page and the cursor; None the first time.
ReadCurves = Callable[[str, Mapping[str, str], int | None], CurveNews]


class Curves(BrowserComponent):
    """Charts with smoothing, logarithmic scale, outlier cut and a choice of what lies across, all kept in the address.

    Hover, zoom (in all charts alike), PNG, CSV and full screen work in the browser. The browser asks again after
    ``CurveNews.again`` seconds while the charts can be seen, and when a listener returns :func:`studio_ui.components.view.reload`. The controls have the
    ids ``<prefix>-smoothing``, ``-log``, ``-clip`` and ``-axis``.
    """

    module = "curves.js"

    def __init__(
        self, read: ReadCurves, *, prefix: str = "curves", axes: Sequence[tuple[str, str]] = AXES, **options: Any
    ) -> None:
        def read_curves(user_id: str, data: dict[str, Any]) -> dict[str, Any]:
            query = query_in(data)
            after = data.get("after")
            return asdict(read(user_id, query, None if after is None else int(after)))

        frame = [
            el("div"),
            chart_controls(prefix, axes),
            el("div", cls="chart-grid"),
            el("p", cls="muted small curve-marks"),
        ]
        super().__init__(server_functions=[read_curves], frame=frame, **options)


def chart_controls(prefix: str, axes: Sequence[tuple[str, str]], *more: Node) -> Node:
    """Smoothing, scale, outliers and what lies across, which `chart_controls.js` follows; ``more`` stands behind them."""
    smoothing, log, clip, axis = (f"{prefix}-{name}" for name in ("smoothing", "log", "clip", "axis"))
    outliers = _("The axis leaves out the highest and the lowest two per cent of the points.")
    return el(
        "div",
        el(
            "label",
            _("Smoothing "),
            el("input", id=smoothing, type="range", min="0", max="0.99", step="0.01"),
            el("output", for_=smoothing),
            for_=smoothing,
        ),
        el("label", el("input", id=log, type="checkbox"), _(" Logarithmic scale"), cls="check", for_=log),
        el("label", el("input", id=clip, type="checkbox"), _(" Cut outliers"), cls="check", for_=clip, title=outliers),
        el(
            "label",
            _("Across "),
            el(
                "select",
                [el("option", _(words), value=value) for value, words in axes],
                id=axis,
                data_chosen=axes[0][0],
            ),
            for_=axis,
        ),
        *more,
        cls="chart-controls",
    )
