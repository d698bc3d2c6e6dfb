"""What was different between runs: the table of settings, settings as axes and groups, and their importance."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.evaluation import metric_table
from app.services.evaluation.comparison import ComparedRun, Comparison
from app.services.evaluation.importance import Importance, SettingImportance
from app.services.evaluation.metric_table import MetricRow
from app.services.evaluation.settings_table import SettingRow
from studio_ui.comparison.words import p_value_words, setting_words
from studio_ui.components.nodes import Node, action, asker, el, share_bar
from studio_ui.run_colours import swatch

SEED = "training.seed"
ALIKE = "alike"
# Settings that say which data it was, not what somebody chose.
NO_CHOICES = frozenset({"fingerprint", "labels"})
# Ratio between the ends of an axis from which on it is logarithmic.
WIDE = 20
BANDS = [("range", gettext_noop("lowest to highest")), ("deviation", gettext_noop("± one standard deviation"))]
# A result is drawn against settings from so many runs on.
FEWEST = 3


def settings_frame(query: Mapping[str, Any]) -> list[Node]:
    """Heading and controls around the table of settings; the browser fills the box."""
    box = el("input", type="checkbox", id="compare-all-settings", checked=query.get("all") == "1")
    find = el(
        "input",
        type="search",
        id="compare-setting-search",
        placeholder=_("Find a setting"),
        aria_label=_("Find a setting by name"),
    )
    words = _(" Show settings that are the same, too")
    return [
        el("h2", _("What was different?")),
        el(
            "div",
            el("label", box, words, cls="check", for_="compare-all-settings"),
            find,
            action(_("Copy"), "copy", cls="button small"),
            cls="toolbar",
        ),
        el("div", cls="table-box", tabindex="0", role="region", aria_label=_("Configuration table")),
    ]


def settings_table(found: Comparison, places: Mapping[str, int]) -> Node:
    """All settings; the browser leaves out those that are the same, and those without the words searched for."""
    heads = [
        el("th", el("span", swatch(places[run.id]), run.name or "", cls="run-head-cell"), scope="col", data_run=run.id)
        for run in found.runs
    ]
    head = el("tr", el("th", _("Group"), scope="col"), el("th", _("Setting"), scope="col"), heads)
    rows = [_row(row, found.runs) for row in found.settings]
    return el("table", el("thead", head), el("tbody", rows), id="compare-settings-table", cls="data-table")


def no_settings(runs: int) -> dict[str, Node]:
    """The row that stands alone where none is left: none ``differs``, or none is ``found``."""
    words = {"differs": _("No setting differs."), "found": _("No setting here has this in its name.")}
    return {name: el("tr", el("td", text, colspan=runs + 2)) for name, text in words.items()}


def _row(row: SettingRow, runs: Sequence[ComparedRun]) -> Node:
    cells = [
        el(
            "td",
            el("code", setting_words(row.values, run.id)),
            el("span", _("changed"), cls="badge") if row.changed.get(run.id) else None,
            data_run=run.id,
        )
        for run in runs
    ]
    return el(
        "tr",
        el("td", _(row.group), cls="muted"),
        el("th", _(row.title), scope="row", title=row.key),
        cells,
        cls="differs" if row.differs else "",
        data_search=f"{_(row.group)} {_(row.title)} {row.key}".lower(),
    )


def groups(found: Comparison) -> list[dict[str, Any]]:
    """What runs can be put together by: ``{"value", "title", "names"}`` with the group's name for each run."""
    rows = [row for row in found.settings if row.differs and row.key not in NO_CHOICES]
    alike = [row for row in rows if row.key != SEED]
    options = [(ALIKE, _("all settings but the seed"), alike)] if len(alike) < len(rows) else []
    options += [(row.key, _(row.title), [row]) for row in rows]
    return [
        {"value": value, "title": title, "names": {run.id: _group_name(members, run.id) for run in found.runs}}
        for value, title, members in options
    ]


def grouping(found: Comparison, query: Mapping[str, Any]) -> list[Node]:
    """Two choices that live in the address: what puts runs into one group, and what the band around its mean shows."""
    offered = [(group["value"], group["title"]) for group in groups(found)]
    if not offered:
        return []
    chosen = str(query.get("group") or "")
    by = asker("group", [("", _("nothing: every run its own line")), *offered], chosen, id="compare-group")
    band = asker("band", [(value, _(words)) for value, words in BANDS], str(query.get("band") or ""), id="compare-band")
    return [
        el("label", _("Group by "), by, for_="compare-group"),
        el("label", _("Band "), band, for_="compare-band") if chosen else "",
    ]


def _group_name(rows: Sequence[SettingRow], run_id: str) -> str:
    return ", ".join(f"{_(row.title)} {setting_words(row.values, run_id)}" for row in rows) or _("all runs")


def setting_axes(found: Comparison) -> list[dict[str, Any]]:
    """Settings that differ, as numbers along an axis."""
    rows = [row for row in found.settings if row.differs and row.key not in NO_CHOICES | {"dataset"}]
    return [_axis(row.key, _(row.title), row.values, [run.id for run in found.runs]) for row in rows]


def metric_axes(found: Comparison) -> list[dict[str, Any]]:
    """Results that enough runs have, as numbers along an axis."""
    return [
        {**_axis(row.key, _(row.title), dict(row.values), list(row.values)), "unit": row.unit}
        for row in found.metrics
        if len(row.values) >= FEWEST
    ]


def _axis(key: str, title: str, values: Mapping[str, Any], run_ids: Sequence[str]) -> dict[str, Any]:
    """``places`` maps a run to its number: the value itself, or the place of its words among all."""
    known = [values[run_id] for run_id in run_ids if values.get(run_id) is not None]
    if known and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        wide = min(known) > 0 and max(known) / min(known) > WIDE
        return {
            "key": key,
            "title": title,
            "numeric": True,
            "log": wide,
            "places": {run_id: values.get(run_id) for run_id in run_ids},
        }
    words = {run_id: setting_words(dict(values), run_id) for run_id in run_ids}
    order = sorted(set(words.values()))
    places = {run_id: order.index(word) for run_id, word in words.items()}
    return {"key": key, "title": title, "numeric": False, "log": False, "words": order, "places": places}


def importance_list(found: Importance | None) -> list[Node]:
    """What goes along with the result, with how sure that is."""
    head = el("h3", _("Setting importance"))
    if found is None:
        words = _("These runs were tested on different rows, so there is no common result.")
        return [head, el("p", words, cls="muted")]
    if not found.rows:
        few = _("Needs {fewest} runs with a result; there are {runs}.", fewest=found.fewest, runs=found.runs)
        words = few if found.runs < found.fewest else _("No setting that can be analysed was varied.")
        return [head, el("p", words, cls="muted")]
    about = _(
        " What goes along with the result: the share of the variance in {found} that each setting explains by itself, over {runs} runs. It shows correlation, not cause.",
        found=_(found.title),
        runs=found.runs,
    )
    return [
        head,
        el("p", el("span", _("indicative"), cls="badge"), el("span", about, cls="muted small")),
        el("ol", [_importance(row) for row in found.rows], cls="importance"),
    ]


def _importance(row: SettingImportance) -> Node:
    ways = {"up": _(" (higher setting, higher result)"), "down": _(" (higher setting, lower result)")}
    way = ways.get(row.direction or "")
    chance = _("may be chance") if row.p_value >= 0.05 else _("hardly chance")
    together = _("; changed together with {together}", together=", ".join(row.together)) if row.together else ""
    return el(
        "li",
        el("span", _(row.title), el("span", way, cls="muted") if way else None, cls="importance-name"),
        share_bar(row.strength),
        el("span", f"{chance} ({p_value_words(row.p_value)}){together}", cls="muted small importance-note"),
        data_key=row.key,
    )


def leading_metric(rows: Sequence[MetricRow]) -> MetricRow | None:
    """The score that paired tests decide about, where the task has one."""
    return metric_table.leading_row(rows)
