"""Problems of a version as nodes: what, which lines, and what one click can do about them."""

import json
from collections.abc import Mapping
from typing import Any

from app.catalog.task_types import task_type as find_task_type
from app.languages import gettext as _
from app.languages import gettext_noop, ngettext
from app.models import Dataset, DatasetVersion
from app.services.datasets.versions import report_of
from studio_ui.components.nodes import Node, banner, el, noting, stay
from studio_ui.formats import count, counted
from studio_ui.pages.datasets.place import address

LINES_SHOWN = 12
# What one click can put right.
REMEDIES = {
    "label_spelling": ("merge_labels", gettext_noop("Write each label in one way")),
    "hidden_characters": ("clean", gettext_noop("Remove these characters")),
    "control_characters": ("clean", gettext_noop("Remove these characters")),
    "personal_data": ("mask", gettext_noop("Mask these")),
    "span_within_word": ("repair", gettext_noop("Take the whole words")),
    "i_without_b": ("repair", gettext_noop("Begin each entity with B-")),
}

# What an example of a problem holds -> its name on the page; columns keep their own.
EXAMPLE_NAMES = {
    "text": gettext_noop("text"),
    "label": gettext_noop("label"),
    "same as row": gettext_noop("same as row"),
    "nearly the same as row": gettext_noop("nearly the same as row"),
    "which says": gettext_noop("which says"),
}


def changing(words: str, changes: list[dict[str, Any]], about: str = "", **attributes: Any) -> Node:
    """A button that notes changes of rows, to be saved with others; ``about`` says there what they concern."""
    attributes = {"cls": "button small", **attributes}
    return noting(words, changes, f"{words}: {about}" if about else words, **attributes)


def problem_list(dataset: Dataset, version: DatasetVersion) -> Node:
    """Every problem, and the rows that were left out by hand; empty if there is neither."""
    found = report_of(version).get("problems") or []
    excluded = int((version.report.get("rows") or {}).get("excluded", 0))
    if not found and not excluded:
        return ""
    download = el(
        "a",
        _("Download as CSV"),
        id="report-download",
        cls="button small",
        href=f"/api/v1/datasets/{dataset.id}/report.csv?version={version.number}",
        download=True,
    )
    return el(
        "section",
        el(
            "div",
            el("h3", _("What needs attention") if found else _("Nothing needs attention")),
            download if found else None,
            cls="card-head",
        ),
        el("ul", [_fixable(item, dataset, version) for item in found], cls="problems"),
        _left_out(excluded, dataset, version) if excluded else None,
        cls="report-part",
        id="report-problems",
    )


def problem_item(problem: Mapping[str, Any], *more: Node) -> Node:
    """One problem: what, what to do, which lines, and ``more``; without ``more``, examples."""
    shown = banner(problem["severity"], problem["message"], problem["hint"], problem["code"])
    extend(shown, _lines(problem), *more, *([] if more else [_examples(problem)]))
    return el("li", shown, data_problem=problem.get("key") or problem["code"])


def extend(shown: Node, *nodes: Node) -> Node:
    """The banner with nodes added below its words."""
    words = shown[-1]
    assert isinstance(words, list)
    words.extend(node for node in nodes if node)
    return shown


def leave_out_errors(version: DatasetVersion) -> list[dict[str, Any]]:
    """The changes that leave out every row with an error."""
    keys = [
        problem["key"]
        for problem in version.report.get("problems") or []
        if problem["severity"] == "error" and problem["count"]
    ]
    return [{"op": "exclude", "rows": {"problem": key}} for key in keys]


def _fixable(problem: Mapping[str, Any], dataset: Dataset, version: DatasetVersion) -> Node:
    number, key = problem.get("count") or 0, problem.get("key")
    # A note needs no tools.
    if not key or not number or problem["severity"] == "info":
        return problem_item(problem)
    op, words = REMEDIES.get(problem["code"], ("", ""))
    if op == "mask" and find_task_type(version.task_type).family == "tokens":
        # A mask would move the marks of the words.
        op, words = "", ""
    rows = {"problem": key}
    remedy = changing(
        _(words),
        [{"op": op} if op == "merge_labels" else {"op": op, "rows": rows}],
        counted(number, "row"),
        cls="button small primary problem-remedy",
    )
    leave = changing(
        ngettext("Leave out this row", "Leave out these {number} rows", number),
        [{"op": "exclude", "rows": rows}],
        problem["message"],
        cls="button small problem-exclude",
    )
    show = stay(
        _("Show and fix the rows"),
        f"{address(dataset.id)}&problem={key}",
        cls="button small problem-show",
        aria_label=_("Show and fix the rows: {words}", words=problem["message"]),
    )
    tools = [remedy if op else None, show, leave if op != "merge_labels" else None]
    return problem_item(problem, el("div", tools, cls="actions problem-actions"))


def _left_out(number: int, dataset: Dataset, version: DatasetVersion) -> Node:
    one = number == 1
    shown = banner(
        "info",
        ngettext("{number} row was left out.", "{number} rows were left out.", number),
        _("They stay in the data set and are used for nothing until you bring them back."),
    )
    show = stay(_("Show it") if one else _("Show them"), f"{address(dataset.id)}&rows=left-out", cls="button small")
    back = changing(
        _("Bring it back") if one else _("Bring them back"),
        [{"op": "include", "rows": {"excluded": True}}],
        counted(number, "row"),
        id="report-include",
    )
    shown = extend(shown, el("div", show, back, cls="actions problem-actions"))
    return el("div", shown, id="report-excluded")


def _lines(problem: Mapping[str, Any]) -> Node:
    lines = problem.get("rows") or []
    if not lines:
        return ""
    shown = ", ".join(map(str, lines[:LINES_SHOWN]))
    rest = problem["count"] - min(LINES_SHOWN, len(lines))
    return el(
        "p",
        el("strong", f"{counted(problem['count'], 'row')}: "),
        ngettext("line {shown}", "lines {shown}", len(lines), shown=shown),
        _(" and {rest} more", rest=count(rest)) if rest > 0 else "",
        cls="problem-lines",
    )


def _examples(problem: Mapping[str, Any]) -> Node:
    found = [words for example in problem.get("examples") or [] if (words := _example_words(example))]
    if not found:
        return ""
    return el("details", el("summary", _("Show examples")), el("ul", [el("li", words) for words in found]), cls="more")


def _example_words(example: Any) -> str:
    if not isinstance(example, dict):
        return str(example)
    rest = {name: value for name, value in example.items() if name not in ("row", "line")}
    place = example.get("row", example.get("line"))
    words = "; ".join(
        f"{_(EXAMPLE_NAMES[name]) if name in EXAMPLE_NAMES else name}: {json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value}"
        for name, value in rest.items()
    )
    return words if place is None else _("line {place} – {words}", place=place, words=words)
