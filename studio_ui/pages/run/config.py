"""The Config tab: the stored settings by group, changed ones marked, with versions, and the estimate beside the actual cost."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.languages import gettext as _
from app.services.evaluation.settings_table import SettingRow, settings_table
from app.services.runs import metrics, run_costs
from app.services.runs.run_details import RunDetails
from studio_ui.components.nodes import Node, copy_button, el, table
from studio_ui.components.view import Content
from studio_ui.formats import byte_size, count, duration, duration_range, figure, percent, span
from studio_ui.pages.run.wanted import is_active, results_of, wanted_run

SECONDS_BETWEEN_LOOKS = 3.0
RATE = "training.learning_rate"
LIMIT = "training.time_limit_minutes"
# A smaller share reads as none.
NOTHING = 5e-4


def config(user_id: str, query: Mapping[str, str]) -> Content:
    """Settings as they are stored."""
    run = wanted_run(user_id, query)
    rows = settings_table([run.as_dict()])
    rate = _used_rate(user_id, run)
    kept = [row for row in rows if run.id in row.values and (query.get("changed") != "1" or row.changed[run.id])]
    names = list(dict.fromkeys(row.group for row in kept))
    groups = [_group(name, [_setting(run, row, rate) for row in kept if row.group == name]) for name in names]
    versions = [(name, el("code", str(version))) for name, version in (results_of(run).get("versions") or {}).items()]
    spec = json.dumps(run.spec, indent=2, ensure_ascii=False)
    nodes = [
        el("div", copy_button(_("Copy as JSON"), spec), cls="toolbar"),
        el("div", groups, _group(_("Versions"), versions) if versions else None, cls="config-groups"),
    ]
    return Content(nodes, again=SECONDS_BETWEEN_LOOKS if is_active(run) else None)


def _group(name: str, settings: Sequence[tuple[str, Node]]) -> Node:
    listed = [el("div", el("dt", title), el("dd", value)) for title, value in settings]
    return el("section", el("h3", name), el("dl", listed, cls="settings"), cls="config-group")


def _setting(run: RunDetails, row: SettingRow, rate: float | None) -> tuple[str, Node]:
    value = row.values[run.id]
    words = rate_words(value, rate) if row.key == RATE else _("none") if row.key == LIMIT and value is None else ""
    badge = el("span", _("changed"), cls="badge") if row.changed[run.id] else None
    return row.title, el("span", el("code", words or setting_words(value)), badge)


def rate_words(value: Any, used: float | None) -> str:
    """The learning rate that was used, with how it was chosen."""
    if isinstance(value, float | int):
        return f"{value:g}"
    how = _("found by the search") if value == "auto" else _("recommended for this method")
    return f"{figure(used)} ({how})" if used is not None else _("{how}; known once training has started", how=how)


def _used_rate(user_id: str, run: RunDetails) -> float | None:
    """The rate of the results, or the highest one so far."""
    if (rate := results_of(run).get("learning_rate")) is not None:
        return float(rate)
    points = metrics.read_curves(user_id, run.id, ["train/learning_rate"]).points.get("train/learning_rate", ())
    return max((float(point[1]) for point in points if point[1] is not None), default=None)


def setting_words(value: Any) -> str:
    """A setting's value as people read it."""
    if value is None:
        return _("the method's own")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def cost(user_id: str, query: Mapping[str, str]) -> Content:
    """What the run was estimated to cost when it began, beside what it did cost."""
    run = wanted_run(user_id, query)
    found = run_costs.read(user_id, run.id)
    shown = _cost_table(found.estimate, found.actual or {}) if found.estimate else ""
    return Content(shown, again=SECONDS_BETWEEN_LOOKS if is_active(run) else None)


def _cost_table(estimate: Mapping[str, Any], actual: Mapping[str, float]) -> Node:
    least, most = estimate["memory_bytes"]
    rows = [
        _cost_row(
            _("Peak memory"),
            (estimate["memory_likely"], actual.get("memory")),
            byte_size,
            span(least, most, byte_size),
        ),
        _cost_row(
            _("Time"),
            (estimate["seconds_likely"], actual.get("seconds")),
            duration,
            duration_range(estimate["seconds"]),
        ),
        _cost_row(
            _("Trainable parameters"),
            (estimate["trainable_parameters"], actual.get("trainable_parameters")),
            count,
            _("exact"),
        ),
        _cost_row(_("Download"), (estimate["adapter_bytes"], actual.get("adapter_bytes")), byte_size, "–"),
    ]
    names = (_("Estimate"), _("Range"), _("Actual"), _("Estimate was off by"))
    listed = table(_("Estimate and actual"), [("", ""), *((name, "number") for name in names)], rows, id_="cost-table")
    words = estimate["basis"] + (_(" What it took corrects later estimates.") if actual else "")
    nodes = [el("h3", _("Estimate before, actual after")), listed, el("p", words, cls="muted small")]
    return el("section", nodes, id="run-cost", cls="config-group")


def _cost_row(name: str, costs: tuple[float, float | None], unit: Callable[[float], str], expected: str) -> list[Node]:
    estimate, actual = costs
    off = _off_by(estimate, actual) if actual else "–"
    return [name, unit(estimate), expected, unit(actual) if actual else "–", off]


def _off_by(estimate: float, actual: float) -> str:
    """ "+12 %": how much the estimate was too high, as a share of what it was."""
    share = (estimate - actual) / actual
    return _("nothing") if abs(share) < NOTHING else f"{'+' if share > 0 else '−'}{percent(abs(share))}"
