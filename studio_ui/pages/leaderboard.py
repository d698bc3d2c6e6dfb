"""One experiment in words and numbers: its state, the advice, and the table of runs with intervals, ties and costs."""

import math
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from app.catalog.baselines import baseline
from app.languages import decimal, gettext_noop
from app.languages import gettext as _
from app.services.accounts.access import TO_TRAIN
from app.services.datasets import datasets
from app.services.evaluation.leaderboard import BaselineRow, Leaderboard
from app.services.evaluation.leaderboard_rows import LeaderboardRow
from app.services.experiments import experiments
from app.services.experiments.experiments import ExperimentReport
from studio_ui.components.nodes import Node, action, el
from studio_ui.components.view import Content
from studio_ui.formats import byte_size, count, counted, duration, figure, milliseconds, percent, points, signed
from studio_ui.pages.leaderboard_points import places_of, short_name
from studio_ui.pages.leaderboard_words import conditions, legend
from studio_ui.permits import Permits
from studio_ui.run_colours import BASE_INDEX, colour, dot
from studio_ui.run_words import method_title, state_chip

# Which role the buttons take in the project of the experiment.
NEEDS = dict.fromkeys(("use", "stop", "#race-all-rows"), TO_TRAIN)
SECONDS_BETWEEN_LOOKS = 2.0
MAX_COMPARED = 10
# From this ratio between the largest and the smallest value on, bars lie on a logarithmic scale.
WIDE = 20
RANKS = {
    "best": ("★", gettext_noop("best")),
    "tied": ("≈", gettext_noop("not distinguishable from the best")),
    "behind": ("", gettext_noop("measurably behind the best")),
}
CHANGES = {
    "better": ("▲", gettext_noop("better")),
    "worse": ("▼", gettext_noop("worse")),
    "same": ("=", gettext_noop("the same")),
    "unclear": ("≈", gettext_noop("cannot tell apart")),
}
HEADS = (
    (gettext_noop("Against the base"), ""),
    (gettext_noop("Trainable"), ""),
    (gettext_noop("Peak memory"), ""),
    (gettext_noop("Training time"), ""),
    (gettext_noop("Download"), ""),
    (gettext_noop("Per answer"), gettext_noop("Time per test row, answered in batches.")),
    (gettext_noop("Gap"), gettext_noop("Test loss minus training loss: large when a model has memorised its rows.")),
)
FORGETTING = (gettext_noop("Forgetting"), gettext_noop("How much worse the model gets at another task."))


def describe_experiment(user_id: str, experiment_id: str) -> Content:
    """The whole experiment; asked for again while it works."""
    report = experiments.read(user_id, experiment_id)
    # It is in the project of its data.
    permits = Permits.read(user_id, datasets.get_dataset(user_id, report.dataset["id"]).project_id)
    nodes = [
        permits.note(TO_TRAIN),
        _head(report),
        el("section", _advice(report), id="experiment-advice", aria_live="polite"),
        _table(report),
        el("p", legend(report.table), cls="muted", id="experiment-words"),
        el("section", el("p", conditions(report)), cls="muted small", id="experiment-plan"),
    ]
    again = SECONDS_BETWEEN_LOOKS if report.table.state == "working" else None
    shown = permits.close([node for node in nodes if node], NEEDS)
    return Content(shown, again=again, title=_("{report} · Experiment", report=report.name))


def _head(report: ExperimentReport) -> Node:
    table, dataset = report.table, report.dataset
    ended = table.counts.runs - table.counts.active
    spent = (
        _(", {spent_seconds} of training so far.", spent_seconds=duration(report.spent_seconds))
        if report.spent_seconds
        else "."
    )
    link = el("a", f"{dataset['name']} @ {dataset['version']}", href=f"/datasets?id={quote(dataset['id'])}")
    tested = [quote(row.id) for row in table.rows if row.quality is not None][:MAX_COMPARED]
    confirm = (
        _("Stop the rest?"),
        _(
            "Runs that wait are taken out of the queue, the one that works is stopped and keeps its checkpoint. Finished runs stay "
            "in the table."
        ),
        _("Stop the rest"),
    )
    open_ended = table.counts.active or report.plan.growing
    buttons = [
        el(
            "a",
            _("Compare curves and answers"),
            id="experiment-compare",
            cls="button",
            href=f"/compare?runs={','.join(tested)}",
        )
        if len(tested) > 1
        else "",
        action(_("Stop the rest"), "stop", look="stop", confirm=confirm, id="experiment-stop") if open_ended else "",
        el("a", _("All experiments"), cls="button quiet", href="/experiments"),
    ]
    bar = el("progress", max=table.counts.runs, value=ended, aria_label=_("Runs that have ended"))
    return el(
        "header",
        el("h2", report.name),
        el("p", _state(report), el("span", _(" On "), link, spent, cls="muted"), id="experiment-state", role="status"),
        bar if table.counts.active else "",
        el("div", buttons, cls="actions"),
        cls="experiment-head",
    )


def _state(report: ExperimentReport) -> str:
    counts, plan = report.table.counts, report.plan
    running = next((row for row in report.table.rows if row.state in ("running", "claimed")), None)
    if counts.active:
        rest = (
            _("{short_name} is working", short_name=short_name(running))
            if running
            else _("the rest waits in the queue")
        )
        words = _(
            "{runs} of {runs_2} ended; {rest}.",
            runs=count(counts.runs - counts.active),
            runs_2=counted(counts.runs, "run"),
            rest=rest,
        )
    elif plan.growing:
        words = _("{runs} ended; the next one is being chosen.", runs=counted(counts.runs, "run"))
    else:
        words = _("All {runs} ended.", runs=counted(counts.runs, "run"))
    if plan.growing:
        words += _(" Up to {max_runs} in all; the next are chosen from these results.", max_runs=count(plan.max_runs))
    return f"{words} {plan.note}" if plan.note else words


def _advice(report: ExperimentReport) -> Node:
    advice, chosen = report.table.advice, report.chosen_run_id
    suggested = advice.run and advice.run != chosen
    use = action(_("Use this one"), "use", advice.run, look="primary", id="experiment-use") if suggested else None
    return el(
        "div",
        el("span", "✓" if advice.run else "i", cls="verdict-mark", aria_hidden="true"),
        el(
            "div",
            el(
                "strong",
                advice.sentence if advice.final else _("So far: {advice}", advice=advice.sentence),
                cls="advice-sentence",
            ),
            el("p", advice.reason),
            _chosen(report, chosen) if chosen else None,
            el("div", use, cls="actions") if use else None,
        ),
        cls=f"verdict verdict-{'good' if advice.run else 'info'} banner",
    )


def _chosen(report: ExperimentReport, chosen: str) -> Node:
    row = next((item for item in report.table.rows if item.id == chosen), None)
    comparison = report.plan.method_comparison
    return el(
        "p",
        _("You use "),
        el("a", short_name(row) if row else _("a run"), href=f"/run?id={quote(chosen)}"),
        ". ",
        el("a", _("Try it"), href=f"/playground?models={quote(chosen)}"),
        _(" or "),
        el("a", _("download it"), href=f"/api/v1/runs/{quote(chosen)}/adapter", download=True),
        ".",
        el("span", _(" The comparison trained on a sample: "), _on_all_rows(report, row), ".")
        if comparison and row
        else None,
        id="experiment-chosen",
    )


def _on_all_rows(report: ExperimentReport, row: LeaderboardRow) -> Node:
    """The way back into the wizard, with the method already chosen, for all rows."""
    assert report.plan.method_comparison is not None
    query = urlencode(
        {
            "dataset": report.dataset["id"],
            "model": report.plan.method_comparison.base_model,
            "method": row.method,
            "step": "settings",
        }
    )
    return el("a", _("train with this method on all rows"), id="race-all-rows", href=f"/new?{query}")


def _table(report: ExperimentReport) -> Node:
    table = report.table
    # A column that no run has a value for would only take room from the others.
    forgetting = any(row.forgetting for row in table.rows)
    heads = [*HEADS, FORGETTING] if forgetting else list(HEADS)
    arrow = "↑" if table.metric.higher_is_better else "↓"
    head = el(
        "tr",
        el("th", el("span", _("Place"), cls="sr-only"), scope="col"),
        el("th", _("Method"), scope="col"),
        el("th", f"{_(table.metric.title)} {arrow}", scope="col", cls="number"),
        [el("th", _(words), scope="col", cls="number", title=_(title) or None) for words, title in heads],
        el("th", el("span", _("Action"), cls="sr-only"), scope="col"),
    )
    rows = [_row(report, row, forgetting) for row in table.rows]
    for base in sorted(table.baselines, key=lambda base: base.quality, reverse=table.metric.higher_is_better):
        place = next((at for at, row in enumerate(table.rows) if _is_behind(table, row, base)), len(table.rows))
        # Those already inserted stand before it.
        rows.insert(place + len(rows) - len(table.rows), _base_row(table, base, len(heads)))
    box = el("table", el("thead", head), el("tbody", rows), id="leaderboard", cls="data-table")
    return el("div", box, cls="table-box", tabindex="0", role="region", aria_label=_("Leaderboard"))


def _is_behind(table: Leaderboard, row: LeaderboardRow, base: BaselineRow) -> bool:
    if row.quality is None:
        return True
    return row.quality < base.quality if table.metric.higher_is_better else row.quality > base.quality


def _base_row(table: Leaderboard, base: BaselineRow, costs: int) -> Node:
    about = _(baseline(base.key).about)
    return el(
        "tr",
        el("td", dot(BASE_INDEX) if base.key == table.base_name else None),
        el("th", el("span", base.name, title=about), scope="row"),
        el("td", _score(table, base.quality), cls="number"),
        [el("td") for _ in range(costs + 1)],
        cls="base-row",
        data_baseline=base.key,
    )


def _row(report: ExperimentReport, row: LeaderboardRow, forgetting: bool) -> Node:
    mark, title = RANKS.get(row.rank or "", ("", ""))
    words = _(title)
    name, done = short_name(row), row.quality is not None
    place = el(
        "span",
        el("span", mark, aria_hidden="true"),
        el("span", words, cls="sr-only"),
        cls=f"rank rank-{row.rank}",
        title=words,
    )
    chosen = row.id == report.chosen_run_id
    use = action(
        _("In use") if chosen else _("Use this one"),
        "use",
        row.id,
        look="small use-this",
        disabled=chosen,
        data_run=row.id,
    )
    named = name == method_title(row.method) or name.startswith(row.method_title)
    return el(
        "tr",
        el("td", dot(places_of(report.table)[row.id]), place if mark else None),
        el(
            "th",
            el("a", name, href=f"/run?id={quote(row.id)}"),
            None if named else el("span", row.method_title, cls="muted row-note"),
            scope="row",
        ),
        _results(report.table, row, forgetting)
        if done
        else el("td", _waiting(row), colspan=9 if forgetting else 8, cls="waiting-cell"),
        el("td", use if done else None),
        data_run=row.id,
        data_rank=row.rank or "",
    )


def _results(table: Leaderboard, row: LeaderboardRow, forgetting: bool) -> list[Node]:
    best = "quality best" if row.rank == "best" else "quality"
    share = None if row.trainable_share is None else percent(row.trainable_share)
    cells = [
        el(
            "td",
            el("span", _score(table, row.quality or 0.0), cls=best),
            _interval(table, row),
            cls="number quality-cell",
        ),
        el("td", _change(table, row), cls="number"),
        _cost(row, "trainable_parameters", count, share),
        _cost(row, "peak_memory_bytes", byte_size),
        _cost(row, "training_seconds", duration),
        _cost(row, "adapter_bytes", byte_size),
        _cost(row, "answer_seconds", milliseconds),
        el("td", "–" if row.gap is None else decimal(row.gap, 2), cls="number"),
    ]
    return [*cells, el("td", _forgetting(row.forgetting), cls="number")] if forgetting else cells


def _cost(row: LeaderboardRow, key: str, words: Callable[[float], str], note: str | None = None) -> Node:
    value, lowest = row.cost(key), key in row.best_in
    return el(
        "td",
        "–" if value is None else el("span", words(value)),
        el("span", _(" (lowest)"), cls="sr-only") if lowest else None,
        el("span", note, cls="muted row-note") if note else None,
        cls="number cheapest" if lowest else "number",
    )


def _interval(table: Leaderboard, row: LeaderboardRow) -> Node:
    """The 95 % interval as a bar beside those of the other runs and the base model."""
    if not row.interval:
        return ""
    values = [end for item in table.rows for end in item.interval or ()] + (
        [table.base] if table.base is not None else []
    )
    # Beside a base model's perplexity in the thousands all tuned ones would be one dot.
    along = math.log if min(values) > 0 and max(values) / min(values) > WIDE else float
    low, high = along(min(values)), along(max(values))

    def place(value: float) -> float:
        return 100 * (along(value) - low) / (high - low) if high > low else 50.0

    ink = f"background: {colour(places_of(table)[row.id])}"
    start, end = row.interval
    return el(
        "span",
        el(
            "span",
            None if table.base is None else el("span", cls="interval-base", style=f"left: {place(table.base):.2f}%"),
            el("span", cls="interval-line", style=f"left: {place(start):.2f}%; right: {100 - place(end):.2f}%; {ink}"),
            el("span", cls="interval-dot", style=f"left: {place(row.quality or 0.0):.2f}%; {ink}"),
            cls="interval",
            aria_hidden="true",
        ),
        el(
            "span",
            _("{low} to {high}", low=_score(table, start), high=_score(table, end)),
            cls="muted row-note",
        ),
    )


def _change(table: Leaderboard, row: LeaderboardRow) -> Node:
    if row.change is None:
        return "–"
    mark, verdict = CHANGES.get(row.verdict or "", ("", ""))
    way = "same" if row.verdict in (None, "unclear") else row.verdict
    size = signed(row.change, points if table.metric.unit == "share" else figure)
    span = row.change_interval
    return el(
        "span",
        el(
            "span",
            el("span", f"{mark} ", aria_hidden="true"),
            el("span", f"{_(verdict)}: ", cls="sr-only"),
            size,
            cls=f"delta delta-{way}",
        ),
        el("span", _("{low} to {high}", low=_hundredths(span[0]), high=_hundredths(span[1])), cls="muted row-note")
        if span
        else None,
    )


def _hundredths(change: float) -> str:
    return signed(change, lambda share: decimal(share * 100, 1))


def _score(table: Leaderboard, value: float) -> str:
    return percent(value) if table.metric.unit == "share" else figure(value)


def _waiting(row: LeaderboardRow) -> Node:
    step, total = (row.progress or {}).get("step") or 0, (row.progress or {}).get("total_steps")
    working = ""
    if row.state == "running":
        working = f"{_(row.phase or '')}, {100 * step / total:.0f} %" if total else _(row.phase or "")
    words = row.stopped or row.error or working
    return el("span", state_chip(row.state), el("span", words, cls="muted small"), cls="waiting")


def _forgetting(found: Mapping[str, Any] | None) -> str:
    if not found or found.get("before") is None or found.get("after") is None:
        return "–"
    if found["unit"] == "loss":
        return _("{change} loss", change=signed(found["change"], lambda size: decimal(size, 3)))
    return signed(found["after"] - found["before"], points)
