"""The table of runs: filtered, sorted and paged by the database, with selection, bulk actions and saved views."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from app.errors import NotFound, Rejected, StudioError
from app.languages import gettext as _
from app.languages import gettext_noop, ngettext
from app.services.accounts import projects
from app.services.accounts.access import TO_CHANGE, TO_DELETE
from app.services.runs import removal, run_table, runs, saved_views
from app.services.runs.run_table import RunFilter, RunRow
from studio_ui.components.browser_component import BrowserComponent
from studio_ui.components.nodes import Node, action, asker, chooser, el, empty_state
from studio_ui.components.run_cells import COLUMNS, run_cells
from studio_ui.formats import byte_size, count, counted
from studio_ui.permits import Permits
from studio_ui.run_words import ACTIVE, STATES, method_title, model_title

ROWS_SHOWN, MAX_COMPARED = 50, 10
ANY_STATE = [("", gettext_noop("Any status")), (",".join(sorted(ACTIVE)), gettext_noop("Active"))]
ARCHIVED = [("", gettext_noop("Not archived")), ("only", gettext_noop("Archived")), ("all", gettext_noop("All"))]
# What runs can be filtered by: parameter, label, and the options that are always there.
FILTERS: list[dict[str, Any]] = [
    {
        "key": "state",
        "label": gettext_noop("Status"),
        "options": [*ANY_STATE, *((name, words[1]) for name, words in STATES.items())],
    },
    {"key": "model", "label": gettext_noop("Base model"), "options": [("", gettext_noop("Any base model"))]},
    {"key": "method", "label": gettext_noop("Method"), "options": [("", gettext_noop("Any method"))]},
    {"key": "dataset", "label": gettext_noop("Data set"), "options": [("", gettext_noop("Any data set"))]},
    {"key": "tag", "label": gettext_noop("Tag"), "options": [("", gettext_noop("Any tag"))]},
    {"key": "archived", "label": gettext_noop("Archive"), "options": ARCHIVED},
]
# Every parameter of the address that leaves runs out.
FILTERED_BY = (*(choice["key"] for choice in FILTERS), "q", "starred", "experiment")
# What can be deleted of runs: value and words.
DELETIONS = (
    (
        "files",
        gettext_noop(
            "Only the files: checkpoints, download and log. Results, curves and answers stay, so they can still be compared."
        ),
    ),
    ("all", gettext_noop("Everything. The runs disappear from every table and comparison.")),
)

# Buttons for the chosen runs: name, words and look.
FOR_CHOSEN = (
    ("compare", gettext_noop("Compare"), "primary"),
    ("starring", gettext_noop("Star"), ""),
    ("tagging", gettext_noop("Tag…"), ""),
    ("archive", gettext_noop("Archive"), ""),
    ("deleting", gettext_noop("Delete…"), ""),
    ("stopping", gettext_noop("Stop"), "stop"),
)

# Which role each of :data:`CHANGES` takes in the project of a run.
NEEDS = {**dict.fromkeys(("star", "archive", "tag", "stop"), TO_CHANGE), "delete": TO_DELETE}


class RunTable(BrowserComponent):
    """The signed-in person's runs.

    Filters, order, search and selection are query parameters of the page's address. While a run of the table is active, the
    browser asks every few seconds and receives only the rows that changed.
    """

    module = "run_table.js"

    def __init__(self, **options: Any) -> None:
        super().__init__(
            server_functions=[read_rows, read_choices, change_runs, save_view, forget_view],
            columns=[asdict(column) for column in COLUMNS],
            filters=[choice["key"] for choice in FILTERS],
            frame=_frame(),
            deletion=_deletion(),
            page=ROWS_SHOWN,
            most=MAX_COMPARED,
            **options,
        )


def _frame() -> list[Node]:
    """Everything around the rows."""
    words = _("Search name, model, method, data set, tag, note")
    search = el("input", type="search", id="runs-search", placeholder=words, aria_label=_("Search runs"))
    filters = [
        asker(choice["key"], _options(choice), "", id=f"runs-{choice['key']}", aria_label=_(choice["label"]))
        for choice in FILTERS
    ]
    views = [
        chooser(_("Saved views"), "view", "", [], "", id="runs-views", hidden=True),
        action(_("Forget this view"), "view", "forget", id="runs-forget-view", look="quiet small", hidden=True),
        action(_("Keep this view"), "view", "keep", id="runs-save-view", look="quiet small"),
    ]
    chosen = [action(_(words), name, id=f"runs-{name}", look=look) for name, words, look in FOR_CHOSEN]
    return [
        el("div", search, chosen, el("a", _("New run"), href="/new", cls="button"), cls="toolbar"),
        el(
            "div",
            filters,
            action(_("★ Starred"), "starred", id="runs-starred"),
            views,
            cls="toolbar run-filters",
            role="group",
            aria_label=_("Filters"),
        ),
        el("div", id="runs-problem"),
        el("p", _("Loading the runs…"), cls="muted", role="status", id="runs-status"),
        el("div", _table(), id="runs-box", cls="table-box runs-box", tabindex="0", role="region", aria_label=_("Runs")),
        action("", "more", id="runs-more", hidden=True),
        el(
            "div",
            empty_state(_("No runs yet."), _("Train a model in six clicks."), ("/new", _("Tune a model"))),
            id="runs-empty",
            hidden=True,
        ),
    ]


def _deletion() -> list[Node]:
    """What a dialog asks before chosen runs are deleted: only what takes room on the disk, or the runs themselves."""
    choices = [
        el(
            "label",
            el("input", type="radio", name="answer", value=value, checked=value == DELETIONS[0][0]),
            el("span", _(words)),
            cls="check choose-one",
        )
        for value, words in DELETIONS
    ]
    return [el("p", _("This cannot be undone.")), *choices]


def _table() -> Node:
    every = el("input", type="checkbox", id="runs-all", aria_label=_("Choose all rows shown"))
    heads = [
        el(
            "th",
            action(_(column.title), "sort", column.key, cls="sort", aria_label=_(column.label) or None),
            scope="col",
            cls=f"{'number' if column.number else ''} column-{column.key}",
            data_key=column.key,
        )
        for column in COLUMNS
    ]
    head = el("tr", el("th", every, scope="col", cls="column-choose"), heads)
    return el("table", el("thead", head), el("tbody"), id="runs-table", cls="data-table")


def _options(filter_: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(value, _(words)) for value, words in filter_["options"]]


def read_rows(user_id: str, data: dict[str, Any]) -> dict[str, Any]:
    """One page of the table.

    Args:
        data: ``view``, the parameters of the address; ``limit`` and ``cursor``; ``before``, how many rows come before these;
            ``known``, digests of the rows that the browser has, by id: those that are the same are not sent again; ``chosen``,
            ids about which it knows nothing.

    Returns:
        ``order`` (ids), ``rows`` (those that are new or changed), ``chosen``, ``next``, ``total``, ``active``, ``words`` about
        the rows up to these, and ``more``, what the button for more says.
    """
    view = _parameters(data.get("view"))
    known = dict(data.get("known") or {})
    found = run_table.page(
        user_id,
        replace(_filter(view), project_id=projects.chosen(user_id)),
        sort=view.get("sort") or "created",
        descending=view.get("order") != "up",
        limit=int(data.get("limit") or ROWS_SHOWN),
        cursor=str(data.get("cursor") or ""),
    )
    permits = {key: Permits.read(user_id, key) for key in {row.details.project_id for row in found.runs}}
    rows = [_row(run, permits[run.details.project_id]) for run in found.runs]
    shown = int(data.get("before") or 0) + len(rows)
    return {
        "order": [row["id"] for row in rows],
        "rows": [row for row in rows if known.get(row["id"]) != row["digest"]],
        "chosen": _chosen(user_id, data.get("chosen") or []),
        "next": found.next,
        "total": found.total,
        "active": found.active,
        "words": _status_words(view, shown, found.total, found.active),
        "more": _("Show {min} more", min=count(min(ROWS_SHOWN, found.total - shown))),
    }


def _status_words(view: Mapping[str, str], shown: int, total: int, active: int) -> str:
    """How many rows there are; nothing where a person has no run at all."""
    if not shown:
        return _("No run fits these filters.") if any(view.get(name) for name in FILTERED_BY) else ""
    words = ngettext("{shown} of {number} run", "{shown} of {number} runs", total, shown=count(shown))
    also = _(", {active} active", active=active) if active else ""
    return _("{words}{limit} Choose 2 to {most} finished runs to compare them.", words=f"{words}{also}.", limit="", most=MAX_COMPARED)  # fmt: skip


def _parameters(view: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in dict(view or {}).items()}


def _filter(view: Mapping[str, str]) -> RunFilter:
    return RunFilter(
        words=view.get("q", ""),
        states=[state for state in view.get("state", "").split(",") if state],
        model=view.get("model", ""),
        method=view.get("method", ""),
        dataset_id=view.get("dataset", ""),
        experiment_id=view.get("experiment", ""),
        tag=view.get("tag", ""),
        starred=view.get("starred") == "true",
        archived=view.get("archived") or "no",
    )


def _row(row: RunRow, permits: Permits) -> dict[str, Any]:
    run = row.details
    facts = {**_facts(run), "closed": _closed(permits)}
    shown = {**facts, "cells": permits.close(run_cells(row), NEEDS)}
    return {**shown, "digest": hashlib.sha256(json.dumps(shown, default=str).encode()).hexdigest()[:12]}


def _facts(run: Any) -> dict[str, Any]:
    """What bulk actions need to know of a run."""
    return {"id": run.id, "name": run.name, "active": run.state in ACTIVE, "starred": run.starred}


def _closed(permits: Permits) -> dict[str, str]:
    """The changes that the person may not make -> why."""
    return {name: permits.refused[need] for name, need in NEEDS.items() if not permits.allows(need)}


def _chosen(user_id: str, ids: list[Any]) -> list[dict[str, Any]]:
    """Facts of chosen runs that may be on another page; those that are gone are left out."""
    found = []
    for run_id in ids[: run_table.MAX_ROWS]:
        try:
            run = runs.get_run(user_id, str(run_id))
        except NotFound:
            continue
        facts = {"id": run.id, "name": run.name, "active": run.job.state in ACTIVE, "starred": run.starred}
        found.append({**facts, "closed": _closed(Permits.read(user_id, run.project_id))})
    return found


def read_choices(user_id: str, data: Any) -> dict[str, Any]:
    """What the filters offer, and the person's saved views."""
    found = run_table.facets(user_id)
    return {
        "options": {
            "model": [(name, model_title(name)) for name in found.models],
            "method": [(kind, method_title(kind)) for kind in found.methods],
            "dataset": [(dataset.id, dataset.name) for dataset in found.datasets],
            "tag": [(tag, tag) for tag in found.tags],
        },
        "views": saved_views.list_views(user_id),
    }


def save_view(user_id: str, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Keep a view under a name; returns all views."""
    saved_views.save(user_id, str(data.get("name") or ""), _parameters(data.get("view")))
    return saved_views.list_views(user_id)


def forget_view(user_id: str, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Delete a view; returns those that are left."""
    saved_views.remove(user_id, str(data.get("id") or ""))
    return saved_views.list_views(user_id)


def change_runs(user_id: str, data: dict[str, Any]) -> dict[str, Any]:
    """Do the same to several runs; a refusal is reported and does not stop the others.

    Args:
        data: ``name`` of a change, ``ids`` of runs, ``value`` as the change needs it.

    Returns:
        ``done`` (ids), ``message`` (a sentence or empty) and ``refused`` (sentences).
    """
    change = CHANGES.get(str(data.get("name")))
    if change is None:
        raise Rejected(
            "unknown_change", _("Runs cannot be changed like this."), _("Use one of: ") + ", ".join(CHANGES) + "."
        )
    done, refused, freed = [], [], 0
    for run_id in [str(item) for item in list(data.get("ids") or [])[: run_table.MAX_ROWS]]:
        try:
            freed += change(user_id, run_id, data.get("value"))
            done.append(run_id)
        except StudioError as error:
            refused.append(f"{_name_of(user_id, run_id)}: {error.message} {error.hint}".strip())
    note = ""
    if data["name"] == "delete" and done:
        note = _("{done} deleted, {freed} freed.", done=counted(len(done), "run"), freed=byte_size(freed))
        if data.get("value") == "files":
            note = _("Files of {done} deleted, {freed} freed.", done=counted(len(done), "run"), freed=byte_size(freed))
    return {"done": done, "message": note, "refused": refused}


def _name_of(user_id: str, run_id: str) -> str:
    try:
        return runs.get_run(user_id, run_id).name
    except NotFound:
        return _("A run")


def _star(user_id: str, run_id: str, value: Any) -> int:
    run_table.mark(user_id, run_id, starred=bool(value))
    return 0


def _archive(user_id: str, run_id: str, value: Any) -> int:
    run_table.mark(user_id, run_id, archived=bool(value))
    return 0


def _tag(user_id: str, run_id: str, value: Any) -> int:
    given = runs.get_run(user_id, run_id).tags
    run_table.mark(user_id, run_id, tags=list(dict.fromkeys([*given, str(value)])))
    return 0


def _stop(user_id: str, run_id: str, value: Any) -> int:
    runs.request_cancel(user_id, run_id)
    return 0


def _delete(user_id: str, run_id: str, value: Any) -> int:
    if value not in ("files", "all"):
        raise Rejected(
            "unknown_choice", _("It is not said what to delete."), _("Choose only the files, or everything.")
        )
    return removal.remove(user_id, run_id, keep_results=value == "files")


CHANGES: dict[str, Callable[[str, str, Any], int]] = {
    "star": _star,
    "archive": _archive,
    "tag": _tag,
    "stop": _stop,
    "delete": _delete,
}
