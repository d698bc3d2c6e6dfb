"""The matrix of a comparison: what every run reached beside the base model, with runs as columns or as rows."""

from collections.abc import Mapping
from typing import Any

from app.catalog.baselines import baseline
from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.evaluation.baselines import BASE_NAMES
from app.services.evaluation.comparison import ComparedBaseline, ComparedRun, Comparison
from app.services.evaluation.metric_table import BASE, MetricRow, leading_row
from studio_ui.comparison.words import VERDICTS, change_words, p_value_words, value_words
from studio_ui.components.nodes import Node, action, choice, el
from studio_ui.formats import count, percent
from studio_ui.run_colours import BASE_INDEX, swatch
from studio_ui.run_words import method_title, model_title

# Baselines that read the base model's vectors or ask it.
ON_THE_BASE_MODEL = ("nearest_neighbours", "few_shot")
PAIRED = gettext_noop(
    "Rows that only one of the two got right, and how likely so uneven a split is by chance (McNemar's exact test, corrected "
    "for the number of runs)."
)


def matrix(found: Comparison, places: Mapping[str, int], *, as_rows: bool, read_only: bool) -> list[Node]:
    """Heading with buttons, table and legend. ``places`` are the runs' colours."""
    turned = {"matrix": None if as_rows else "rows"}
    buttons = [
        choice(_("Runs as rows"), turned, pressed=as_rows, id="compare-turn", cls="button small"),
        action(_("Download as CSV"), "csv", id="compare-csv", look="small"),
        action(_("Report (PDF)"), "report", id="compare-report", look="small"),
        None if read_only else action(_("Share…"), "share", id="compare-share", look="small"),
    ]
    cells = _runs_as_rows(found, places) if as_rows else _runs_as_columns(found, places)
    table = el("table", cells, id="compare-table", cls="data-table runs-as-rows" if as_rows else "data-table")
    return [
        el("div", el("h2", _("Did it get better?")), el("div", buttons, cls="actions"), cls="card-head"),
        el("div", table, cls="table-box", tabindex="0", role="region", aria_label=_("Metric table")),
        el("p", _legend(found), cls="muted"),
    ]


def _runs_as_columns(found: Comparison, places: Mapping[str, int]) -> list[Node]:
    bases = [
        el("th", _base_head(found, base), scope="col", cls="number", data_baseline=base.key) for base in _bases(found)
    ]
    heads = [el("th", _run_head(found, run, places), scope="col", cls="number", data_run=run.id) for run in found.runs]
    head = el("tr", el("th", _("Metric"), scope="col"), bases, heads)
    rows = [
        el(
            "tr",
            el("th", _metric_head(metric), scope="row"),
            [_base_cell(metric, base) for base in _bases(found)],
            [_cell(metric, run.id) for run in found.runs],
            data_key=metric.key,
        )
        for metric in found.metrics
    ]
    return [el("thead", head), el("tbody", rows)]


def _runs_as_rows(found: Comparison, places: Mapping[str, int]) -> list[Node]:
    heads = [el("th", _metric_head(metric), scope="col", cls="number") for metric in found.metrics]
    head = el("tr", el("th", _("Run"), scope="col"), heads)
    bases = [
        el(
            "tr",
            el("th", _base_head(found, base), scope="row"),
            [_base_cell(metric, base) for metric in found.metrics],
            data_baseline=base.key,
            data_run=BASE if _is_drawn(base) else None,
        )
        for base in _bases(found)
    ]
    rows = [
        el(
            "tr",
            el("th", _run_head(found, run, places), scope="row"),
            [_cell(metric, run.id) for metric in found.metrics],
            data_run=run.id,
        )
        for run in found.runs
    ]
    return [el("thead", head), el("tbody", bases, rows)]


def _bases(found: Comparison) -> list[ComparedBaseline]:
    """The baselines that have one number for all runs; before the first of them is measured, the base model alone.

    Of runs that were tested on different rows each has its own, which stands beside its score.
    """
    shared = {key for metric in found.metrics for key in metric.baselines}
    kept = [base for base in found.baselines if base.key in shared]
    return kept if found.baselines else [ComparedBaseline("", _("Base model"))]


def judges_labels(found: Comparison) -> bool:
    """Whether the runs give answers that are right or wrong, which paired tests decide about."""
    return leading_row(found.metrics) is not None


def _is_drawn(base: ComparedBaseline) -> bool:
    """Whether it is the one that charts show and that runs are held against by default."""
    return base.key in ("", *BASE_NAMES)


def _base_head(found: Comparison, base: ComparedBaseline) -> list[Node]:
    """Name, and the base model where it has something to do with it."""
    models = {run.base_model or "" for run in found.runs}
    name = model_title(next(iter(models))) if len(models) == 1 else _("each run's own")
    drawn = _is_drawn(base)
    words = name if drawn or base.key in ON_THE_BASE_MODEL else _("no language model")
    chosen = _(", baseline") if base.key == found.baseline else ""
    about = _(baseline(base.key).about) if base.key else ""
    return [
        el("span", swatch(BASE_INDEX) if drawn else None, base.name, cls="run-head-cell", title=about or None),
        el("span", words + chosen, cls="muted row-note"),
    ]


def _run_head(found: Comparison, run: ComparedRun, places: Mapping[str, int]) -> list[Node]:
    words = method_title(run.method or "") + (_(", baseline") if run.id == found.baseline else "")
    return [
        el("span", swatch(places[run.id]), run.name or "", cls="run-head-cell"),
        el("span", words, cls="muted row-note"),
    ]


def _metric_head(metric: MetricRow) -> list[Node]:
    if metric.higher_is_better is None:
        return [_(metric.title)]
    words = _("higher is better") if metric.higher_is_better else _("lower is better")
    arrow = "\u00a0↑" if metric.higher_is_better else "\u00a0↓"
    return [_(metric.title), el("span", arrow, cls="muted", role="img", title=words, aria_label=words)]


def _base_cell(metric: MetricRow, base: ComparedBaseline) -> Node:
    value = metric.baselines.get(base.key)
    return el("td", "–" if value is None else value_words(metric.unit, value), cls="number")


def _cell(metric: MetricRow, run_id: str) -> Node:
    value = metric.values.get(run_id)
    if value is None:
        return el("td", "–", cls="number", data_run=run_id)
    best = run_id in metric.best
    return el(
        "td",
        el(
            "span",
            value_words(metric.unit, value),
            el("span", _("best"), cls="badge") if best else None,
            cls="cell-value",
        ),
        _change(metric, run_id, value),
        _notes(metric, run_id),
        cls="number best" if best else "number",
        data_run=run_id,
    )


def _change(metric: MetricRow, run_id: str, value: float) -> Node | None:
    verdict = metric.verdicts.get(run_id)
    if not verdict:
        return None
    mark, words = VERDICTS[verdict]
    change = metric.deltas[run_id]
    return el(
        "span",
        el("span", f"{mark} ", aria_hidden="true"),
        el("span", f"{_(words)}: ", cls="sr-only"),
        change_words(metric.unit, change, value - change),
        cls=f"delta delta-{'same' if verdict == 'unclear' else verdict}",
    )


def _notes(metric: MetricRow, run_id: str) -> list[Node]:
    notes: list[tuple[str, dict[str, Any]]] = []
    if metric.baseline is None and metric.base.get(run_id) is not None:
        notes.append((_("its base {unit}", unit=value_words(metric.unit, metric.base[run_id])), {}))
    pair = metric.paired.get(run_id)
    if pair:
        words = _(
            "+{gained} −{lost} of {rows} rows, {p_value_words}",
            gained=count(pair.gained),
            lost=count(pair.lost),
            rows=count(pair.rows),
            p_value_words=p_value_words(pair.p_value),
        )
        notes.append((words, {"title": _(PAIRED)}))
    interval = metric.intervals.get(run_id)
    if interval:
        notes.append((_("{low} to {high}", low=percent(interval[0]), high=percent(interval[1])), {}))
    return [el("span", words, cls="muted row-note", **more) for words, more in notes]


def _legend(found: Comparison) -> str:
    how = (
        _("it is judged by the rows that only one of the two got right")
        if judges_labels(found)
        else _(
            "perplexity and loss are judged against the base on the same rows, between two runs by whether their intervals "
            "overlap"
        )
    )
    return _(
        "Arrows show the change against the baseline. ≈ means that with this many test rows the difference may be chance; {how}. The best value of each metric is marked.",
        how=how,
    )
