"""A comparison to take along: as a table for spreadsheets, and as one page of paper."""

from collections.abc import Sequence
from typing import Any

from app.languages import gettext as _
from app.services.evaluation.baselines import BASE_NAMES
from app.services.evaluation.comparison import ComparedRun, Comparison
from app.services.evaluation.metric_table import MetricRow
from studio_ui.comparison.words import VERDICTS, setting_words, value_words
from studio_ui.components.figures import csv_text
from studio_ui.components.nodes import Node, el
from studio_ui.formats import count, counted, percent
from studio_ui.run_words import method_title, model_title

MAX_SETTINGS = 14


def csv(found: Comparison) -> str:
    """Everything that the two tables say: numbers as they are, words in quotes."""
    names = [run.id for run in found.runs]
    bases = [base.key for base in found.baselines]
    lines: list[list[Any]] = [["", *(base.name for base in found.baselines), *(run.name for run in found.runs)]]
    lines += [
        [row.title, *map(row.baselines.get, bases), *(row.values.get(name) for name in names)] for row in found.metrics
    ]
    lines += [
        [f"{row.group}: {row.title}", *([""] * len(bases)), *(_setting(row.values, name) for name in names)]
        for row in found.settings
    ]
    return csv_text(lines)


def _setting(values: dict[str, Any], run_id: str) -> Any:
    value = values.get(run_id)
    plain_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if plain_number or run_id not in values else setting_words(values, run_id)


def report(found: Comparison, shown: Sequence[str]) -> list[Node]:
    """What was compared, who was better and how sure that is, and what was different, for these runs."""
    runs = [run for run in found.runs if run.id in shown] or found.runs
    baseline = _baseline(found)
    datasets = dict.fromkeys(f"{run.dataset['name']} @ {run.dataset['version']}" for run in runs if run.dataset)
    rows = dict.fromkeys(counted(run.test_rows, "test row") for run in runs if run.test_rows)
    models = dict.fromkeys(model_title(run.base_model or "") for run in runs)
    about = [", ".join(datasets), ", ".join(rows), ", ".join(models), _("compared with {baseline}", baseline=baseline)]
    small = _(
        "▲ better, ▼ worse, ≈ not distinguishable from the baseline with this many test rows. Test scores are judged on the "
        "same rows (paired tests, corrected for the number of runs), with 95 % intervals."
    )
    return [
        el(
            "header",
            el("h1", _("Comparison of {runs}", runs=counted(len(runs), "run"))),
            el("p", " · ".join(filter(None, about))),
        ),
        *(el("p", note.message, cls="report-note") for note in found.notes),
        el("h2", _("Results")),
        _metrics(found, runs),
        el("h2", _("What was different")),
        _settings(found, runs),
        el("p", small, cls="report-small"),
    ]


def _baseline(found: Comparison) -> str:
    names = {run.id: run.name for run in found.runs} | {base.key: base.name for base in found.baselines}
    default = next((base.name for base in found.baselines if base.key in BASE_NAMES), _("the base model"))
    return names.get(found.baseline) or default


def _metrics(found: Comparison, runs: Sequence[ComparedRun]) -> Node:
    heads = [el("th", run.name or "", el("span", method_title(run.method or ""), cls="report-small")) for run in runs]
    rows = [
        el(
            "tr",
            el("th", _(metric.title)),
            [_base(metric, base.key) for base in found.baselines],
            [_metric(metric, run.id) for run in runs],
        )
        for metric in found.metrics
        if any(metric.values.get(run.id) is not None for run in runs)
    ]
    bases = [el("th", base.name) for base in found.baselines]
    head = el("thead", el("tr", el("th", ""), bases, heads))
    return el("table", head, el("tbody", rows))


def _base(metric: MetricRow, key: str) -> Node:
    value = metric.baselines.get(key)
    return el("td", "–" if value is None else value_words(metric.unit, value))


def _metric(metric: MetricRow, run_id: str) -> Node:
    value = metric.values.get(run_id)
    if value is None:
        return el("td", "–")
    mark, words = VERDICTS.get(metric.verdicts.get(run_id, ""), ("", ""))
    interval = metric.intervals.get(run_id)
    return el(
        "td",
        f"{value_words(metric.unit, value)} {mark}".strip(),
        el(
            "span",
            _("{low} to {high}", low=percent(interval[0]), high=percent(interval[1])),
            cls="report-small",
        )
        if interval
        else None,
        el("span", words, cls="report-small") if mark == "≈" else None,
        cls="report-best" if run_id in metric.best else "",
    )


def _settings(found: Comparison, runs: Sequence[ComparedRun]) -> Node:
    rows = [row for row in found.settings if row.differs and row.key != "fingerprint"]
    if not rows:
        return el("p", _("No setting differs."))
    rest = len(rows) - MAX_SETTINGS
    more = _("{rest} further settings differ; the comparison's own page and its CSV have them all.", rest=count(rest))
    body = [
        el("tr", el("th", row.title), [el("td", setting_words(row.values, run.id)) for run in runs])
        for row in rows[:MAX_SETTINGS]
    ]
    head = el("thead", el("tr", el("th", ""), [el("th", run.name or "") for run in runs]))
    return el("table", el("caption", more) if rest > 0 else None, head, el("tbody", body))
