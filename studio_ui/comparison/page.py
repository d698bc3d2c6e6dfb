"""The whole comparison as JSON for `comparison.js`: words and tables as nodes, numbers for its charts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from app.catalog.task_types import task_type
from app.catalog.task_types.scores import AnswerForm
from app.languages import gettext as _
from app.languages import gettext_noop
from app.models import SUCCEEDED
from app.services.accounts.access import TO_SHARE
from app.services.evaluation.baselines import BASE_NAMES
from app.services.evaluation.comparison import MAX_RUNS, ComparedRun, Comparison
from app.services.evaluation.metric_table import BASE
from studio_ui.comparison import examples, parameters, report, settings
from studio_ui.comparison.matrix import matrix
from studio_ui.comparison.source import ComparisonSource
from studio_ui.components.nodes import Node, action, asker, choice, el, empty_state
from studio_ui.components.pareto import Cost, ParetoPoint, ParetoPoints, pareto_nodes
from studio_ui.permits import Permits
from studio_ui.run_colours import swatch
from studio_ui.run_words import state_chip

COSTS = (
    Cost("seconds/training", gettext_noop("Training time"), "seconds"),
    Cost("answer_seconds", gettext_noop("Time per answer"), "milliseconds"),
    Cost("pass/merged", gettext_noop("Time per row, merged"), "milliseconds"),
    Cost("adapter", gettext_noop("Download"), "bytes"),
    Cost("peak_memory", gettext_noop("Peak memory"), "bytes"),
    Cost("trainable", gettext_noop("Trainable parameters"), "count"),
)


# A box with a list of the runs that fit, which the browser fills.
def _adder() -> list[Node]:
    return [
        el(
            "input",
            type="search",
            id="compare-add",
            role="combobox",
            aria_label=_("Add a run: search by name, method, data set or tag"),
            aria_expanded="false",
            aria_controls="compare-add-list",
            aria_autocomplete="list",
            placeholder=_("Add a run…"),
            autocomplete="off",
        ),
        el("ul", id="compare-add-list", cls="adder-list", role="listbox", aria_label=_("Matching runs"), hidden=True),
    ]


Query = Mapping[str, Any]


def describe_comparison(source: ComparisonSource, query: Query) -> dict[str, Any]:
    """Everything that the page shows of the runs in its address, apart from curves and examples."""
    wanted = _ids(query)
    if not wanted:
        title, text = _("Choose the runs to compare."), _("Two to ten runs, side by side with the base model.")
        empty = empty_state(title, text, ("/runs", _("Go to Runs")))
        return {"runs": [], "empty": empty, "adder": None if source.read_only else _adder()}
    found = _compare(source, query)
    ids = [run.id for run in found.runs]
    places = dict(zip(ids, _places(query, len(ids)), strict=True))
    chosen = parameters.choose(found, query)
    inside = set(ids) if chosen is None or chosen.inside is None else chosen.inside
    shown = replace(found, runs=[run for run in found.runs if run.id in inside])
    hidden = str(query.get("hidden") or "").split(",")
    bases = [*_bases(found), *((run.id, run.name or "") for run in found.runs)]
    return {
        "runs": [{**_run(found, run, places), "inside": run.id in inside} for run in found.runs],
        "hidden": hidden,
        "adder": None if source.read_only or len(ids) >= MAX_RUNS else _adder(),
        "baseline": found.baseline,
        "bases": asker("baseline", bases, found.baseline, id="compare-baseline"),
        "chips": [_chip(run, places, hidden, run.id in inside, source.read_only) for run in found.runs],
        "notes": _notes(found),
        "matrix": Permits({TO_SHARE: closed} if (closed := source.closed(ids)) else {}).close(
            matrix(shown, places, as_rows=query.get("matrix") == "rows", read_only=source.read_only),
            {"share": TO_SHARE},
        ),
        "settings_frame": settings.settings_frame(query),
        "settings": settings.settings_table(shown, places),
        "no_settings": settings.no_settings(len(shown.runs)),
        "groups": settings.groups(found),
        "grouping": settings.grouping(found, query),
        "parameters": parameters.describe_parameters(chosen, found, places) if chosen else [],
        "pareto": _pareto(shown, places, query),
        "examples": _examples(source, shown.runs, query),
    }


def describe_csv(source: ComparisonSource, query: Query) -> str:
    """The tables for a spreadsheet."""
    return report.csv(_compare(source, query))


def describe_report(source: ComparisonSource, query: Query, shown: Sequence[str]) -> list[Node]:
    """One page of paper about the runs that are shown."""
    return report.report(_compare(source, query), shown)


def _compare(source: ComparisonSource, query: Query) -> Comparison:
    baseline = str(query.get("baseline") or BASE)
    return source.compare(_ids(query), None if baseline == BASE else baseline)


def _bases(found: Comparison) -> list[tuple[str, str]]:
    """What runs can be held against besides each other: first what stands for the base model."""
    leading = next((base for base in found.baselines if base.key in BASE_NAMES), None)
    others = [(base.key, base.name) for base in found.baselines if base is not leading]
    return [(BASE, leading.name if leading else _("Base model")), *others]


def _ids(query: Query) -> list[str]:
    return [run_id for run_id in str(query.get("runs") or "").split(",") if run_id]


def _places(query: Query, number: int) -> list[int]:
    """The colour of each run: as the address says, or else by order."""
    words = str(query.get("colours") or "").split(",")
    places = [int(word) for word in words if word.isdecimal() and len(word) < 4]
    return places if len(places) == len(set(places)) == len(words) == number else list(range(number))


def _examples(source: ComparisonSource, runs: Sequence[ComparedRun], query: Query) -> dict[str, Any] | None:
    """The frame of the answers of these runs; None where there are none to show."""
    names = {run.id: run.name or "" for run in runs if run.test_rows}
    if not names or not source.shows_rows:
        return None
    kinds = {_kind(run) for run in runs if run.id in names}
    kind = kinds.pop() if len(kinds) == 1 else "label"
    nodes = examples.frame(names, kind, query, votes=not source.read_only)
    return {"names": names, "kind": kind, "nodes": nodes}


def _kind(run: ComparedRun) -> AnswerForm:
    """In which form the run answers."""
    return task_type(run.task_type or "").answer_form


def _run(found: Comparison, run: ComparedRun, places: Mapping[str, int]) -> dict[str, Any]:
    batch = next((row.values.get(run.id) for row in found.settings if row.key == "training.batch_size"), None)
    return {
        "id": run.id,
        "name": run.name,
        "style": places[run.id],
        "batch": batch or 1,
    }


def _chip(run: ComparedRun, places: Mapping[str, int], hidden: Sequence[str], inside: bool, read_only: bool) -> Node:
    name, off = run.name or "", run.id in hidden or not inside
    others = [run_id for run_id in hidden if run_id and run_id != run.id]
    turned = others if run.id in hidden else [*others, run.id]
    hide = choice(
        swatch(places[run.id]),
        {"hidden": ",".join(turned) or None},
        pressed=not off,
        cls="swatch-button",
        title=_("Alt with the arrow keys, or dragging, moves the run"),
        aria_label=_("Show the curves of {run}", run=name) if off else _("Hide the curves of {run}", run=name),
    )
    return el(
        "span",
        hide,
        el("span", name) if read_only else el("a", name, href=f"/run?id={quote(run.id)}"),
        None if run.state == SUCCEEDED else state_chip(run.state or ""),
        None if read_only else action("×", "remove", run.id, cls="remove", aria_label=_("Remove {name}", name=name)),
        cls="run-chip run-chip-off" if off else "run-chip",
        draggable="true",
        id=f"chip-{run.id}",
        data_run=run.id,
    )


def _notes(found: Comparison) -> list[Node]:
    alone = [("one", _("One run is shown against its base model. Add others to compare them."))]
    notes = (alone if len(found.runs) < 2 else []) + [(note.code, note.message) for note in found.notes]
    return [
        el(
            "li",
            el("span", "!" if code == "not_comparable" else "i", cls="verdict-mark", aria_hidden="true"),
            el("p", message),
            cls=f"verdict verdict-{'warning' if code == 'not_comparable' else 'info'}",
            data_code=code,
        )
        for code, message in notes
    ]


def _pareto(found: Comparison, places: Mapping[str, int], query: Query) -> list[Node]:
    """Runs as points, where quality and a cost are known."""
    quality = settings.leading_metric(found.metrics)
    if quality is None or not found.comparable or len(quality.values) < 2:
        return []
    rows = {row.key: row.values for row in found.metrics}
    points = [
        ParetoPoint(
            run.id,
            run.name or "",
            places[run.id],
            quality.values[run.id],
            quality.intervals.get(run.id),
            {cost.key: rows.get(cost.key, {}).get(run.id) for cost in COSTS},
        )
        for run in found.runs
        if run.id in quality.values
    ]
    metric = {
        "key": quality.key[5:],
        "title": quality.title,
        "unit": quality.unit,
        "higher_is_better": quality.higher_is_better,
    }
    return pareto_nodes(ParetoPoints(metric, quality.baseline, points), COSTS, str(query.get("cost") or ""))
