"""A page of a dataset's rows as nodes: the table around them, each row as it will be saved, and what can be done with all found."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop, ngettext
from studio_ui.components.marked_text import Marks
from studio_ui.components.nodes import Node, action, asker, banner, el, form
from studio_ui.formats import count, counted

WHICH = [
    ("", gettext_noop("All rows")),
    ("kept", gettext_noop("Not left out")),
    ("left-out", gettext_noop("Left out by hand")),
]
MOST_LINES = 50
# Characters that nobody sees are shown by their code, since they are often what is wrong.
HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
SEEN = gettext_noop(
    "This look is counted. A test score is less reliable on rows that people have seen; do not choose by them."
)
UNSEEN = gettext_noop("Test scores are most reliable while nobody has looked at these rows.")
NEXT_VERSION = gettext_noop("This makes a new version; the one you see stays.")
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
        action(_("Add a row"), "adder", True, id="rows-add", cls="button small"),
        cls="toolbar",
    )


def _filter(name: str, label: str, options: Sequence[tuple[str, str]]) -> Node:
    return asker(name, options, "", id=f"rows-{name}", aria_label=label)


def _adder(about: About, columns: Sequence[str]) -> Node:
    fields = [
        el(
            "div",
            el("label", name, for_=f"add-{at}"),
            el("input", id=f"add-{at}", name=str(at), type="text", list="label-names")
            if name == about["columns"].get("label")
            else el("textarea", id=f"add-{at}", name=str(at), rows="2"),
            cls="field",
        )
        for at, name in enumerate(columns)
    ]
    buttons = el(
        "div",
        el("button", _("Add"), type="submit", cls="button small primary"),
        action(_("Cancel"), "adder", False, cls="button small"),
        cls="actions",
    )
    return form("add", [*fields, buttons], id="rows-add-form", cls="add-row")


def _draft_bar(about: About) -> Node:
    return el(
        "div",
        el("strong"),
        action(
            _("Save as version {version}", version=about["version"] + 1),
            "save",
            [],
            cls="button primary",
            id="draft-save",
        ),
        action(_("Discard"), "discard", id="draft-discard"),
        el("div", role="status"),
        id="draft-bar",
        cls="draft-bar",
        hidden=True,
    )


def bulk_tools(page: Mapping[str, Any]) -> list[Node]:
    """What was found by a filter can be changed at once."""
    if not (page["narrowed"] and page["matching"]):
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
    gone = _("They are gone from the next version; the version you see keeps them.")
    return [
        el("strong", _("All {found} found:", found=found)),
        *(
            [box, action(_("Set the label"), "label", [asked, found], id="bulk-set", cls="button small")]
            if label
            else []
        ),
        action(_("Leave out"), "save", [{"op": "exclude", "rows": rows}], id="bulk-exclude", cls="button small"),
        action(
            _("Delete"),
            "save",
            [{"op": "delete", "rows": rows}],
            confirm=(_("Delete {found}?", found=found), gone, _("Delete")),
            id="bulk-delete",
            cls="button small stop",
        ),
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
    rows: Sequence[Row], about: About, columns: Sequence[str], draft: Mapping[str, Any], veiled: bool
) -> list[Node]:
    """Rows as they will be saved. ``draft`` is ``{"cells": {row id: {column: text}}, "gone": [row id]}``."""
    shown, marks = shown_columns(about, columns), Marks(about["labels"])
    return [_row(row, about, shown, draft, veiled, marks) for row in rows]


def _row(row: Row, about: About, shown: Sequence[str], draft: Mapping[str, Any], veiled: bool, marks: Marks) -> Node:
    changes = draft["cells"].get(str(row["_id"]), {})
    gone, excluded = row["_id"] in draft["gone"], row.get("excluded")
    states = {"row-gone": gone, "row-changed": changes, "row-excluded": excluded}
    if row.get("test") and veiled:
        words = _("kept for the final test")
        cells = [
            el("td", "" if at else words, cls="cell-text muted", data_column=name) for at, name in enumerate(shown)
        ]
    else:
        cells = [_cell(row, name, changes, set(about["columns"].values()), marks) for name in shown]
    return el(
        "tr",
        _line(row, _state(row, gone, bool(changes))),
        cells,
        el("td", _actions(row, gone)),
        cls=" ".join(name for name, holds in states.items() if holds),
        data_row=row["_id"],
    )


def _state(row: Row, gone: bool, changed: bool) -> str:
    if gone or changed:
        return _("will be deleted") if gone else _("changed")
    states = {"excluded": _("left out"), "evaluation": _("test file"), "test": _("final test")}
    return next((words for name, words in states.items() if row.get(name)), "")


def _line(row: Row, state: str) -> Node:
    words = el("div", state, cls="row-state") if state else None
    return el("td", str(row["_line"]), words, cls="number muted", data_column="Line")


def _cell(row: Row, name: str, changes: Mapping[str, str], used: set[str], marks: Marks) -> Node:
    value = changes.get(name, row["cells"].get(name))
    marked = None if changes else row.get("marked")
    content: Node | list[Node] = visible(value) if value else el("span", _("empty"), cls="muted")
    if marked and marked["column"] == name:
        content = marks.text(marked["text"], marked["spans"])
    quiet = marked and marked["column"] != name and name in used
    return el("td", content, cls="cell-text cell-quiet" if quiet else "cell-text", data_column=name)


def visible(text: str) -> list[Node]:
    """The text with the codes of characters that cannot be seen."""
    pieces: list[Node] = []
    at = 0
    for match in HIDDEN.finditer(text):
        code = el("span", f"U+{ord(match[0]):04X}", cls="hidden-mark", title=_("A character that cannot be seen"))
        pieces += [text[at : match.start()], code]
        at = match.end()
    return [*pieces, text[at:]]


def _actions(row: Row, gone: bool) -> Node:
    line = row["_line"]

    def button(words: str, said: str, name: str, value: Any, look: str = "") -> Node:
        return action(words, name, value, cls=f"button small {look}".strip(), aria_label=said)

    if gone:
        return button(_("Keep"), _("Keep line {line}", line=line), "gone", [row["_id"], False])
    words, said, op = (
        (_("Bring back"), _("Bring back line {line}", line=line), "include")
        if row.get("excluded")
        else (_("Leave out"), _("Leave out line {line}", line=line), "exclude")
    )
    return el(
        "div",
        button(_("Edit"), _("Edit line {line}", line=line), "edit", row["_id"]),
        button(words, said, "save", [{"op": op, "rows": {"ids": [row["_id"]]}}]),
        button(_("Delete"), _("Delete line {line}", line=line), "gone", [row["_id"], True], "stop"),
        cls="row-actions",
    )
