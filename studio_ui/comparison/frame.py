"""What stands around the compared runs before any of them is known: the page's parts in their order, and its curves."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from app.catalog.task_types import SCORES
from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.components.curves import chart_controls
from studio_ui.components.nodes import Node, el
from studio_ui.run_words import on_validation_rows

# What can lie across the curves; the last two make runs of different length or portion size comparable.
AXES = (
    ("step", gettext_noop("step")),
    ("share", gettext_noop("share of the run")),
    ("rows", gettext_noop("rows seen")),
)


@dataclass(frozen=True)
class ComparedCurve:
    """One chart, with a line for each run; see :class:`studio_ui.components.curves.Chart`.

    ``optional`` is not shown where no run has points of it; ``hover`` is Plotly's format of a value that is pointed at.
    """

    key: str
    title: str
    smooth: bool = False
    unit: str = ""
    log: bool = True
    optional: bool = False
    hover: str = ""


LOSSES = (
    ComparedCurve("train/loss", gettext_noop("Training loss"), smooth=True),
    ComparedCurve("eval/loss", gettext_noop("Evaluation loss")),
)
OTHERS = (
    ComparedCurve("train/learning_rate", gettext_noop("Learning rate"), unit="rate"),
    ComparedCurve("train/grad_norm", gettext_noop("Gradient norm"), smooth=True),
)


def curves() -> list[ComparedCurve]:
    """All charts, with titles in the language of the answer: losses, the scores that tasks declare, and how it was trained."""
    scores = [
        ComparedCurve(
            f"eval/{score.key}",
            on_validation_rows(score),
            unit="share" if score.unit == "share" else "",
            log=score.unit != "share",
            optional=True,
            hover="" if score.unit == "share" else ".3~g",
        )
        for score in SCORES.values()
        if score.drawn
    ]
    return [
        *(replace(curve, title=_(curve.title)) for curve in LOSSES),
        *scores,
        *(replace(curve, title=_(curve.title)) for curve in OTHERS),
    ]


def board_props() -> dict[str, Any]:
    """The properties of the comparison's module: ``frame`` and ``curves``."""
    return {"frame": _frame(), "curves": list(map(asdict, curves()))}


def _frame() -> list[Node]:
    chips = [
        el("span", cls="chip-list"),
        el("span", cls="adder"),
        el("label", cls="baseline-choice", for_="compare-baseline"),
    ]
    controls = chart_controls("compare", AXES, el("span", cls="grouping"))
    return [
        el("div", chips, id="compare-chips", cls="chips", role="group", aria_label=_("Compared runs")),
        el("ul", id="compare-notes", cls="verdicts", aria_label=_("Notes")),
        el("section", id="compare-metrics", aria_label=_("Metrics")),
        el(
            "section",
            el("h2", _("Training curves")),
            controls,
            el("div", cls="chart-grid"),
            id="compare-curves",
            aria_label=_("Curves"),
        ),
        el("section", id="compare-settings", aria_label=_("Configuration")),
        el("section", id="compare-parameters", aria_label=_("Settings against results")),
        el("section", id="compare-pareto", aria_label=_("Quality against cost")),
        el("section", id="compare-examples", aria_label=_("Examples"), hidden=True),
    ]
