"""The native forms of the Data page: how a file is read, how rows are split, the name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types import task_type as find_task_type
from app.languages import gettext as _
from app.languages import gettext_noop, localized
from app.services.accounts.access import TO_CHANGE
from app.services.datasets import datasets, readings, requests, row_pages, versions
from app.services.datasets.change_bodies import SplitsBody
from app.services.datasets.versions import find_version
from studio_ui.components.nodes import Node, banner, el
from studio_ui.components.view import show
from studio_ui.pages.datasets.figures import SPLITS
from studio_ui.pages.datasets.place import permits_of
from studio_ui.pages.datasets.waiting import first_rows

DELIMITERS = {
    ",": gettext_noop("comma"),
    ";": gettext_noop("semicolon"),
    "\t": gettext_noop("tab"),
    "|": gettext_noop("bar |"),
    "^": gettext_noop("caret ^"),
    "~": gettext_noop("tilde ~"),
    "\x1f": gettext_noop("unit separator"),
}
SHEETS = ("xlsx",)
TEXTS = ("csv", "tsv", "text", "json", "jsonl", "conll", "")
TABLES = ("csv", "tsv", "text", "")
SHOWN_ROWS = 5
WAYS = (
    (gettext_noop("By ratio, stratified by label"), "ratio"),
    (gettext_noop("By group: values of a column stay together"), "group"),
    (gettext_noop("By time, the newest rows for the test"), "time"),
)
WAY_HELP = {
    "ratio": gettext_noop("The usual way."),
    "group": gettext_noop(
        "For example the customer: all rows of one customer are on the same side, so the test is on customers that the "
        "model has not seen."
    ),
    "time": gettext_noop("Trains on the past and tests on what came later, as it will be used."),
}


@dataclass(frozen=True)
class Shown:
    """What the forms are about: a dataset, or a file that waits for a decision."""

    dataset: str = ""
    staged: str = ""

    @classmethod
    def of(cls, value: Any) -> "Shown":
        """From the page's own JSON."""
        given = value if isinstance(value, dict) else {}
        return cls(str(given.get("dataset") or ""), str(given.get("staged") or ""))


def reading_of(user_id: str, shown: Shown) -> dict[str, Any]:
    """How the file was read, and the alternatives."""
    if shown.staged:
        reading: dict[str, Any] = requests.staged_file(user_id, shown.staged)["reading"]
        return reading
    return readings.describe_version(user_id, shown.dataset)


def reading_fields(reading: Mapping[str, Any]) -> tuple[Any, ...]:
    """Updates of note, sheet, row with the names, encoding, delimiter, repairs and button for a file of this kind."""
    kind, found, kept = reading["format"] or "", reading["found"] or {}, reading["kept"]
    sheets = found.get("sheets") or []
    delimiter = found.get("delimiter")
    names = [(_(DELIMITERS.get(item, item)), item) for item in reading["delimiters"]]
    as_found = (
        _("as found ({separator})", separator=_(DELIMITERS.get(delimiter, delimiter))) if delimiter else _("as found")
    )
    repairs = reading["repairs"]
    is_table, has_sheets = kept and kind in TABLES, kept and kind in SHEETS
    return (
        show(_reading_note(kind, kept, bool(repairs))),
        gr.update(choices=sheets, value=found.get("sheet") or None, visible=has_sheets),
        gr.update(value=None, placeholder=str(found.get("header_row") or "searched"), visible=is_table or has_sheets),
        gr.update(
            choices=[
                (_("as found ({encoding})", encoding=reading["encoding"] or "?"), ""),
                *((f"{name}: {preview}", name) for name, preview in reading["encoding_previews"].items()),
                *((name, name) for name in reading["encodings"] if name not in reading["encoding_previews"]),
            ],
            value="",
            visible=kept and kind in TEXTS,
        ),
        gr.update(choices=[(as_found, ""), *names], value="", visible=is_table),
        gr.update(
            choices=[(repair["title"], repair["name"]) for repair in repairs],
            value=[repair["name"] for repair in repairs if repair["done"]],
            visible=kept and bool(repairs),
        ),
        gr.update(interactive=False, visible=is_table or has_sheets or (kept and (kind in TEXTS or bool(repairs)))),
    )


def _reading_note(kind: str, kept: bool, has_repairs: bool) -> Node:
    if not kept:
        words = _("The file itself is not kept here. Upload it again to read it in another way.")
    elif kind in (*TEXTS, *SHEETS) or has_repairs:
        words = _("Changes made by hand are not in a version that is read anew; the version you see keeps them.")
    else:
        words = _("A file of this kind can be read in one way only.")
    return el("p", words, cls="muted small")


@dataclass(frozen=True)
class ReadingForm:
    """The fields of the form in their order; what is empty is detected."""

    sheet: str | None
    header_row: float | None
    encoding: str | None
    delimiter: str | None
    repairs: Sequence[str] | None


def choices_of(form: ReadingForm, reading: Mapping[str, Any]) -> Any:
    """What was chosen, as the service wants it; empty fields are detected, every repair that is shown is stated."""
    wanted = {repair["name"]: repair["name"] in (form.repairs or ()) for repair in reading["repairs"]}
    given = {
        "sheet": str(form.sheet or ""),
        "header_row": int(form.header_row or 0),
        "encoding": form.encoding or "",
        "delimiter": form.delimiter or "",
        "repairs": wanted,
    }
    return readings.check_choices(given)


def choices_with(reading: Mapping[str, Any], repair: str) -> Any:
    """The reading as it is, with one repair more."""
    found = reading["found"] or {}
    done = [item["name"] for item in reading["repairs"] if item["done"]]
    form = ReadingForm(
        found.get("sheet"), found.get("header_row"), reading["encoding"], found.get("delimiter"), [*done, repair]
    )
    return choices_of(form, reading)


def reading_preview(user_id: str, shown: Shown, choices: Any) -> list[Node]:
    """The first rows as they would be read."""
    seen = (
        readings.preview_staged(user_id, shown.staged, choices)
        if shown.staged
        else readings.preview(user_id, shown.dataset, choices)
    )
    notices = [banner(notice["severity"], notice["message"], notice["hint"]) for notice in seen["notices"]]
    rows = {"columns": seen["columns"], "rows": seen["rows"][:SHOWN_ROWS]}
    table = first_rows(rows, _("First rows, read like this"))
    return [el("div", *notices, el("p", _("The first rows would be:"), cls="muted small"), table, cls="reading-seen")]


def split_fields(user_id: str, dataset_id: str) -> tuple[Any, ...]:
    """Updates of words, way, column, validation and test for the split that the newest version has."""
    version = find_version(user_id, dataset_id)
    split = versions.read_splits(version)
    plan, sizes = split["plan"], version.split_sizes or {}
    total = sum(sizes.get(name, 0) for name, _ in SPLITS) or 1
    columns = row_pages.columns_of(version)
    free = [name for name in columns if name not in version.columns.values()]

    def share(name: str) -> Any:
        now = _("{get} (chosen by the number of rows)", get=localized(f"{100 * sizes.get(name, 0) / total:.1f}"))
        given = plan.get(name)
        return gr.update(value=None if given is None else round(100 * given, 6), placeholder=now)

    how = plan["how"]
    return (
        show(el("p", _("Now: {how}.", how=split["how"]), cls="small muted")),
        gr.update(value=how, info=_(WAY_HELP[how])),
        gr.update(choices=free or columns, value=plan.get("column") or None, visible=how != "ratio"),
        share("validation"),
        share("test"),
    )


def split_plan(user_id: str, dataset_id: str, how: str, column: str | None, shares: tuple[Any, Any]) -> Any:
    """The plan of a new split.

    Raises:
        Rejected: a share is out of bounds, or a column is missing.
    """
    seed = versions.read_splits(find_version(user_id, dataset_id))["plan"]["seed"]
    validation, test = (None if value in (None, "") else float(value) / 100 for value in shares)
    column = "" if how == "ratio" else column or ""
    return SplitsBody.parse({"how": how, "column": column, "validation": validation, "test": test, "seed": seed}).plan()


def check_task(kind: str) -> None:
    """Refuse a task that there is not."""
    find_task_type(kind)


# How many updates :func:`filled` returns.
FILLED = 8


def filled(user_id: str, shown: Shown) -> tuple[Any, ...]:
    """Updates of what is shown, words and choice of the columns' meaning, its section, the reading's section, the two
    sections of a dataset, and the name.
    """
    closed, hidden, visible = gr.update(open=False), gr.update(visible=False), gr.update(visible=True)
    if shown.staged:
        file = requests.staged_file(user_id, shown.staged)
        preview = file.get("preview")
        meaning = _waiting_meaning(file, preview) if preview else None
        words = el("h3", _("Or say what the columns mean")) if preview else ""
        opened = gr.update(open=not preview)
        about = {"staged": shown.staged}
        return (about, show(words), gr.update(value=meaning), visible, opened, hidden, hidden, gr.skip())
    if not shown.dataset:
        return ({}, show(""), gr.update(value=None), hidden, closed, hidden, hidden, gr.skip())
    dataset = datasets.get_dataset(user_id, shown.dataset)
    version = datasets.latest_version(dataset)
    meaning = {
        **row_pages.first_rows(version),
        "task_type": version.task_type,
        "mapping": version.columns,
        "action": _("Check again"),
        "always": False,
    }
    about = {"dataset": dataset.id}
    words = _meaning_words(version.change or {})
    if permits_of(user_id, dataset).allows(TO_CHANGE):
        name = gr.update(value=dataset.name, interactive=True)
        return (about, show(words), gr.update(value=meaning), visible, closed, visible, visible, name)
    name = gr.update(value=dataset.name, interactive=False)
    return (about, show(""), gr.update(value=None), hidden, closed, hidden, visible, name)


def _meaning_words(change: Mapping[str, Any]) -> Node:
    note = _("Taken from last time: you have said what these columns mean for a file with the same columns.")
    remembered = el("p", note, id="report-remembered", cls="last-change")
    return el("div", el("h3", _("What the columns mean")), remembered if change.get("remembered") else None)


def _waiting_meaning(file: Mapping[str, Any], preview: Mapping[str, Any]) -> dict[str, Any]:
    details = (file["error"] or {}).get("details") or {}
    # What a question offers first is where a person begins who says it column by column.
    offered = (details.get("question") or {}).get("options") or [{}]
    report = details.get("report") or {"task": offered[0].get("task_type"), "columns": offered[0].get("columns")}
    return {
        "columns": preview["columns"],
        "rows": preview["rows"],
        "task_type": report.get("task") or TASK_TYPES[0].kind,
        "mapping": report.get("columns") or {},
        "action": _("Check with these columns"),
        "always": True,
    }
