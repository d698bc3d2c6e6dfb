"""One row of the table of runs: what each column shows."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.catalog.task_types import PRIMARY_SCORES
from app.languages import decimal, gettext_noop
from app.languages import gettext as _
from app.services.evaluation import baselines
from app.services.runs.run_details import RunDetails
from app.services.runs.run_table import RunRow
from studio_ui.components.nodes import Node, action, el, moment
from studio_ui.formats import byte_size, duration, percent, score_words
from studio_ui.run_words import done_share, method_title, phase_words, state_chip

# Of the small line of a run's loss, in pixels.
WIDTH, HEIGHT = 60, 16


@dataclass(frozen=True)
class RunColumn:
    """One column; ``key`` is also the name by which the service sorts. ``falls``: sorted from the highest at first."""

    key: str
    title: str
    label: str = ""
    number: bool = False
    head: bool = False
    falls: bool = False


COLUMNS = (
    RunColumn("starred", "★", label=gettext_noop("Star"), falls=True),
    RunColumn("name", gettext_noop("Name"), head=True),
    RunColumn("state", gettext_noop("Status")),
    RunColumn("model", gettext_noop("Base model")),
    RunColumn("method", gettext_noop("Method")),
    RunColumn("dataset", gettext_noop("Data set")),
    RunColumn("accuracy", gettext_noop("Quality"), number=True, falls=True),
    RunColumn("loss", gettext_noop("Train loss ↓"), number=True),
    RunColumn("duration", gettext_noop("Duration"), number=True),
    RunColumn("memory", gettext_noop("Memory"), number=True),
    RunColumn("created", gettext_noop("Created"), number=True, falls=True),
)


def run_cells(row: RunRow) -> list[Node]:
    """The contents of a row's cells, in the order of ``COLUMNS``."""
    run = row.details
    memory = (run.results or {}).get("peak_memory_bytes")
    return [
        _star(run),
        _name(run),
        state_chip(run.state),
        run.base_model,
        method_title(run.method),
        f"{run.dataset.name} @ {run.dataset.version}",
        _quality(run, row.best),
        _loss(row),
        _duration(run),
        byte_size(memory) if memory else "–",
        moment(run.created_at, "short"),
    ]


def _star(run: RunDetails) -> Node:
    label = _("Remove the star from {run}", run=run.name) if run.starred else _("Give a star to {run}", run=run.name)
    pressed = str(run.starred).lower()
    mark = "★" if run.starred else "☆"
    return action(mark, "star", [run.id, not run.starred], cls="star", aria_pressed=pressed, aria_label=label)


def _name(run: RunDetails) -> Node:
    tags = [action(tag, "tag", tag, cls="tag", title=_("Show runs with the tag {tag}", tag=tag)) for tag in run.tags]
    if run.experiment_id:
        tags.append(el("a", _("experiment"), cls="tag", href=f"/experiments?id={run.experiment_id}"))
    return el(
        "span",
        el("a", run.name, href=f"/run?id={run.id}"),
        _progress(run),
        el("span", tags, cls="tags") if tags else None,
        el("span", run.note, cls="muted row-note run-note", title=run.note) if run.note else None,
        cls="name-cell",
    )


def _progress(run: RunDetails) -> Node:
    done = done_share(run.progress)
    if run.state == "running" and done is not None:
        return el("span", f"{100 * done:.0f} % · {phase_words(run.phase, run.progress)}", cls="muted row-note")
    if run.state == "queued" and run.queue_position:
        return el(
            "span", _("number {queue_position} in the queue", queue_position=run.queue_position), cls="muted row-note"
        )
    return ""


def _quality(run: RunDetails, best: bool) -> Node:
    """The task's own score."""
    metrics = (run.results or {}).get("metrics") or {}
    why = _("No other finished run on this version of the data is better.")
    badge = el("span", _("best"), cls="badge best-badge", title=why) if best else None
    score = next((score for score in PRIMARY_SCORES if metrics.get(score.key) is not None), None)
    if score is None:
        return "–"
    value = score_words(score.key, metrics[score.key])
    if score.unit == "share":
        return el("span", value, _delta(run, score.key, metrics[score.key]), badge)
    return el("span", value, el("span", _(score.title).lower(), cls="muted row-note"), badge)


def _delta(run: RunDetails, key: str, value: float) -> Node:
    """The change against what stands for the base model: mostly a linear probe on it."""
    results = run.results or {}
    name = baselines.base_name(results)
    base = baselines.base_scores(results, name).get(key)
    if base is None:
        return ""
    way, mark = ("better", "▲") if value > base else ("worse", "▼") if value < base else ("same", "=")
    words = f" {mark}{decimal(abs(value - base) * 100, 1)}"
    return el("span", words, cls=f"delta delta-{way}", title=f"{baselines.base_words(name)}: {percent(base)}")


def _loss(row: RunRow) -> Node:
    run = row.details
    last = row.sparkline[-1] if row.sparkline else None
    found = ((run.results or {}).get("train_loss"), run.progress.get("loss"), last)
    loss = next((item for item in found if item is not None), None)
    line = _sparkline(row.sparkline) if len(row.sparkline) > 1 else None
    return el("span", line, "–" if loss is None else f"{loss:#.3g}".rstrip("."), cls="loss-cell")


def _sparkline(values: Sequence[float]) -> Node:
    """The loss as a small line, falling from left to right; a flat one runs through the middle."""
    known = [value for value in values if math.isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    across = WIDTH / max(1, len(known) - 1)
    heights = [
        HEIGHT - 1 - (HEIGHT - 2) * (value - low) / (high - low) if high > low else HEIGHT / 2 for value in known
    ]
    points = " ".join(f"{at * across:.1f},{height:.1f}" for at, height in enumerate(heights))
    line = el(
        "svg",
        el("polyline", points=points),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width=WIDTH,
        height=HEIGHT,
        cls="sparkline",
    )
    return el("span", line, aria_hidden="true")


def _duration(run: RunDetails) -> str:
    total = ((run.results or {}).get("seconds") or {}).get("total")
    if total is None and run.started_at:
        total = (run.finished_at or time.time()) - run.started_at
    return "–" if total is None else duration(total)
