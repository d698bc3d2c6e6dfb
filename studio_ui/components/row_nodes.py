"""A page of a dataset's rows as nodes: the table around them, each row as it will be saved, and what can be done with all found."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types.message_lists import canonical_messages
from app.languages import gettext as _
from app.languages import gettext_noop, ngettext
from app.speakers import ASSISTANT, USER
from studio_ui.components.marked_text import Marks
from studio_ui.components.nodes import Node, action, asker, banner, el, form
from studio_ui.components.turn_nodes import conversation, turn_editor
from studio_ui.components.visible_text import visible
from studio_ui.formats import count, counted

WHICH = [
    ("", gettext_noop("All rows")),
    ("kept", gettext_noop("Not left out")),
    ("left-out", gettext_noop("Left out by hand")),
]
MOST_LINES = 50
SEEN = gettext_noop(
    "This look is counted. A test score is less reliable on rows that people have seen; do not choose by them."
)
UNSEEN = gettext_noop("Test scores are most reliable while nobody has looked at these rows.")
# What is noted for a row, in words.
WAITING = {
    "delete": gettext_noop("will be deleted"),
    "exclude": gettext_noop("will be left out"),
    "include": gettext_noop("will be brought back"),
}
NEW_TALK = ({"role": USER, "content": ""}, {"role": ASSISTANT, "content": ""})
About = Mapping[str, Any]
Row = Mapping[str, Any]


def frame(about: About, columns: Sequence[str]) -> list[Node]:
    """Everything around the rows; it stays while rows of one version are searched and filtered."""
    heads = [el("th", name, scope="col") for name in shown_columns(about, columns)]
    line, last = (
        el("th", _("Line"), scope="col", cls="number"),
        el("th", el("span", _("Actions"), cls="sr-only"), scope="col"),
    )
    table = el("table", el("thead", el("tr", line, heads, last)), el("tbody"), cls="data-table")
    return [
        el("h3", _("Rows")),
        _tools(about),
        el("div", _adder(about, columns), id="rows-adder", hidden=True),
        el("div", id="rows-bulk", cls="bulk-bar", hidden=True),
        el("div", cls="rows-note"),
        el("div", cls="peek-note"),
        el("div", table, cls="table-box preview-box", tabindex="0", role="region", aria_label=_("Rows")),
        el(
            "div",
            el("p", cls="muted small", role="status"),
            action(_("Show more"), "more", cls="button small", hidden=True),
            cls="actions row-more",
        ),
        el("datalist", [el("option", value=label) for label in about["labels"]], id="label-names"),
        _draft_bar(about),
    ]


def shown_columns(about: About, columns: Sequence[str]) -> list[str]:
    """The columns that mean something, then the others."""
    return list(dict.fromkeys([*about["columns"].values(), *columns]))


def _tools(about: About) -> Node:
    words = _("Search in all cells")
    search = el("input", id="rows-search", type="search", placeholder=words, aria_label=words, maxlength="200")
    labels = [("", _("All labels")), *((name, name) for name in about["labels"])]
    problems = [("", _("With or without problems")), *about["problems"]]
    return el(
        "div",
        search,
        _filter("label", _("Only rows with this label"), labels) if about["labels"] else None,
        _filter("rows", _("Which rows"), [(value, _(words)) for value, words in WHICH]),
        _filter("problem", _("Only rows with this problem"), problems) if about["problems"] else None,
        None if about.get("closed") else action(_("Add a row"), "adder", True, id="rows-add", cls="button small"),
        cls="toolbar",
    )


def _filter(name: str, label: str, options: Sequence[tuple[str, str]]) -> Node:
    return asker(name, options, "", id=f"rows-{name}", aria_label=label)


def _adder(about: About, columns: Sequence[str]) -> Node:
    fields = [_adder_field(about, name, f"add-{at}") for at, name in enumerate(columns)]
    buttons = el(
        "div",
        el("button", _("Add"), type="submit", cls="button small primary"),
        action(_("Cancel"), "adder", False, cls="button small"),
        cls="actions",
    )
    return form("add", [*fields, buttons], id="rows-add-form", cls="add-row")


def _adder_field(about: About, name: str, field_id: str) -> Node:
    if name == about["columns"].get("messages"):
        inner = [el("strong", name), turn_editor(NEW_TALK, _("{name} of the new row", name=name))]
    else:
        inner = [el("label", name, for_=field_id), _field(about, name, "", id=field_id)]
    return el("div", inner, cls="field", data_field=name)


def _field(about: About, name: str, value: str, **attributes: Any) -> Node:
    """A field for the text of a cell."""
    if name == about["columns"].get("label"):
        return el("input", type="text", list="label-names", value=value, cls="cell-input", **attributes)
    rows = str(min(8, max(2, -(-len(value) // 60))))
    return el("textarea", value, rows=rows, cls="cell-input", **attributes)


def _draft_bar(about: About) -> Node:
    words = _("Save as version {version}", version=about["version"] + 1)
    return el(
        "div",
        el("strong"),
        action(words, "save", cls="button primary", id="draft-save"),
        action(_("Discard"), "discard", id="draft-discard"),
        el("ul", id="draft-list"),
        el("div", role="status"),
        id="draft-bar",
        cls="draft-bar",
        role="region",
        aria_label=_("Changes that are not saved yet"),
        hidden=True,
    )


def bulk_tools(page: Mapping[str, Any]) -> list[Node]:
    """What was found by a filter can be changed at once."""
    if not (page["narrowed"] and page["matching"]) or page["about"].get("closed"):
        return []
    found, rows, label = counted(page["matching"], "row"), page["selection"], page["about"]["columns"].get("label")
    box = el(
        "input",
        id="bulk-label",
        type="text",
        list="label-names",
        placeholder=_("Label"),
        aria_label=_("New label"),
        maxlength="1000",
    )
    asked = {"op": "set", "rows": rows, "column": label}

    def many(words: str, explanation: str, op: str, look: str = "") -> Node:
        value = {"changes": [{"op": op, "rows": rows}], "words": explanation}
        return action(words, "many", value, id=f"bulk-{op}", cls=f"button small {look}".strip())

    return [
        el("strong", _("All {found} found:", found=found)),
        *(
            [box, action(_("Set the label"), "label", [asked, found], id="bulk-set", cls="button small")]
            if label
            else []
        ),
        many(_("Leave out"), _("Leave out {found}", found=found), "exclude"),
        many(_("Delete"), _("Delete {found}", found=found), "delete", "stop"),
    ]


def lost_note(lines: Sequence[int]) -> Node:
    """Lines of a file that could not be read."""
    if not lines:
        return ""
    listed = ", ".join(str(line) for line in lines[:MOST_LINES]) + ("…" if len(lines) > MOST_LINES else "")
    return el(
        "p",
        ngettext(
            "{number} line of the file could not be read, so there is nothing to show: {lines}",
            "{number} lines of the file could not be read, so there is nothing to show: {lines}",
            len(lines),
            lines=listed,
        ),
        cls="muted",
    )


def peek_note(tested: int, veiled: bool) -> Node:
    """How many rows of the final test are among those shown, and what looking at them means."""
    if not tested:
        return ""
    if not veiled:
        return banner(
            "warning",
            ngettext(
                "{number} row here is kept for the final test.",
                "{number} rows here are kept for the final test.",
                tested,
            ),
            _(SEEN),
        )
    look = action(_("Look at them"), "look", cls="button small peek-look")
    return banner(
        "info",
        ngettext(
            "{number} row here is kept for the final test and not shown.",
            "{number} rows here are kept for the final test and not shown.",
            tested,
        ),
        _(UNSEEN),
        "",
        look,
    )


def found_words(page: Mapping[str, Any], shown: int) -> str:
    """How many of the rows that fit are shown."""
    if page["matching"]:
        return _("{shown} of {matching} shown", shown=count(shown), matching=counted(page["matching"], "row"))
    return "" if page["lost_lines"] else _("No row fits.")


def row_nodes(
    rows: Sequence[Row],
    about: About,
    columns: Sequence[str],
    draft: Mapping[str, Any],
    veiled: bool,
    editing: int | None = None,
) -> list[Node]:
    """Rows as they will be saved; the row ``editing`` has fields.

    ``draft`` is ``{"cells": {row id: {column: text}}, "rows": {row id: "delete" | "exclude" | "include"}}``. What a row has as
    ``waiting``, ``{"cells": {column: text}, "op"}``, is noted for many rows at once.
    """
    shown, marks = shown_columns(about, columns), Marks(about["labels"])
    return [
        _edited_row(row, about, shown, draft)
        if row["_id"] == editing
        else _row(row, about, shown, draft, veiled, marks)
        for row in rows
    ]


def _row(row: Row, about: About, shown: Sequence[str], draft: Mapping[str, Any], veiled: bool, marks: Marks) -> Node:
    changes, op = _noted(row, draft)
    states = {"row-gone": op == "delete", "row-changed": changes, "row-excluded": _is_excluded(row, op)}
    if row.get("test") and veiled:
        words = _("kept for the final test")
        cells = [
            el("td", "" if at else words, cls="cell-text muted", data_column=name) for at, name in enumerate(shown)
        ]
    else:
        cells = [_cell(row, name, changes, about, marks) for name in shown]
    return el(
        "tr",
        _line(row, _state(row, op, bool(changes))),
        cells,
        el("td", None if about.get("closed") else _actions(row, op, str(row["_id"]) in draft["rows"])),
        cls=" ".join(name for name, holds in states.items() if holds),
        data_row=row["_id"],
    )


def _edited_row(row: Row, about: About, shown: Sequence[str], draft: Mapping[str, Any]) -> Node:
    """The row with fields for its cells; a conversation has fields for each message."""
    changes, _op = _noted(row, draft)
    buttons = [
        action(_("Done"), "close", [row["_id"], True], cls="button small primary"),
        action(_("Cancel"), "close", [row["_id"], False], cls="button small"),
    ]
    cells = [_edited_cell(row, name, changes.get(name, row["cells"].get(name)), about) for name in shown]
    tools = el("td", el("div", buttons, cls="row-actions"))
    return el("tr", _line(row, ""), cells, tools, cls="row-editing", data_row=row["_id"])


def _edited_cell(row: Row, name: str, value: str | None, about: About) -> Node:
    place = _("{name}, line {line}", name=name, line=row["_line"])
    messages = canonical_messages(value) if name in about["conversations"] else None
    field = turn_editor(messages, place) if messages else _field(about, name, value or "", aria_label=place)
    return el("td", field, data_column=name, data_field=name)


def _noted(row: Row, draft: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """The new texts of a row's cells, and what is to be done with the row."""
    waiting, key = row.get("waiting") or {}, str(row["_id"])
    cells = {**waiting.get("cells", {}), **draft["cells"].get(key, {})}
    return cells, draft["rows"].get(key) or waiting.get("op") or ""


def _is_excluded(row: Row, op: str) -> bool:
    return op == "exclude" or (bool(row.get("excluded")) and op != "include")


def _state(row: Row, op: str, changed: bool) -> str:
    if op:
        return _(WAITING[op])
    if changed:
        return _("changed")
    states = {"excluded": _("left out"), "evaluation": _("test file"), "test": _("final test")}
    return next((words for name, words in states.items() if row.get(name)), "")


def _line(row: Row, state: str) -> Node:
    words = el("div", state, cls="row-state") if state else None
    return el("td", str(row["_line"]), words, cls="number muted", data_column=_("Line"))


def _cell(row: Row, name: str, changes: Mapping[str, str], about: About, marks: Marks) -> Node:
    value = changes.get(name, row["cells"].get(name))
    marked = None if changes else row.get("marked")
    content: Node | list[Node] = visible(value) if value else el("span", _("empty"), cls="muted")
    if name in about["conversations"]:
        content = conversation(value) or content
    if marked and marked["column"] == name:
        content = marks.text(marked["text"], marked["spans"])
    quiet = marked and marked["column"] != name and name in about["columns"].values()
    return el("td", content, cls="cell-text cell-quiet" if quiet else "cell-text", data_column=name)


def _actions(row: Row, op: str, own: bool) -> Node:
    line, row_id = row["_line"], row["_id"]

    def button(words: str, accessible_name: str, name: str, value: Any, look: str = "") -> Node:
        return action(words, name, value, cls=f"button small {look}".strip(), aria_label=accessible_name)

    if op == "delete":
        # What was noted for many rows at once is taken back with all of them.
        back = _("Keep"), _("Keep line {line}", line=line)
        return button(*back, "mark", [row_id, None]) if own else ""
    if op and own:
        leave = button(_("Take back"), _("Take back the change of line {line}", line=line), "mark", [row_id, None])
    elif _is_excluded(row, op):
        leave = button(_("Bring back"), _("Bring back line {line}", line=line), "mark", [row_id, "include"])
    else:
        leave = button(_("Leave out"), _("Leave out line {line}", line=line), "mark", [row_id, "exclude"])
    return el(
        "div",
        button(_("Edit"), _("Edit line {line}", line=line), "edit", row_id),
        leave,
        button(_("Delete"), _("Delete line {line}", line=line), "mark", [row_id, "delete"], "stop"),
        cls="row-actions",
    )
