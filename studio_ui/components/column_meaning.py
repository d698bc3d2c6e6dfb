"""A choice of what each column of a table means for a task."""

from collections.abc import Mapping
from typing import Any

from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types.base import TaskType
from app.languages import gettext as _
from studio_ui.components.browser_component import BrowserComponent
from studio_ui.components.nodes import Node, action, el
from studio_ui.components.turn_nodes import conversation

SHOWN_ROWS = 5


class MeaningChoice(BrowserComponent):
    """The goal, and the first rows with a role to choose above each column.

    The value is ``{"columns": [...], "rows": [{column: text}], "task_type", "mapping": {role: column}, "action", "always"}``:
    what is chosen to begin with, the words of the button, and whether the button works before anything was changed. It
    triggers ``check`` with ``{"task_type", "columns": {role: column}}``.
    """

    module = "column_meaning.js"
    sends = ("check",)

    def __init__(self, value: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(value, server_functions=[describe_meaning], **options)

    def api_info(self) -> dict[str, Any]:
        """The shape of the value."""
        return {
            "type": "object",
            "properties": {
                "columns": {"type": "array", "items": {"type": "string"}},
                "rows": {"type": "array", "items": {"type": "object"}},
                "task_type": {"type": "string"},
                "mapping": {"type": "object", "additionalProperties": {"type": "string"}},
                "action": {"type": "string"},
                "always": {"type": "boolean"},
            },
        }


def describe_meaning(user_id: str, data: Mapping[str, Any]) -> list[Node]:
    """The choices of the task ``data["task"]`` for the value ``data["about"]``; roles that belong to another task are not set."""
    about = data["about"]
    task = next((task_type for task_type in TASK_TYPES if task_type.kind == data["task"]), TASK_TYPES[0])
    roles = {column: role for role, column in about["mapping"].items()} if task.kind == about["task_type"] else {}
    kinds = [el("option", _(task_type.title), value=task_type.kind) for task_type in TASK_TYPES]
    goal = el("select", kinds, id="report-task", data_chosen=task.kind)
    heads = [_head(at, column, task, roles.get(column, "")) for at, column in enumerate(about["columns"])]
    rows = [el("tr", [_cell(row.get(column)) for column in about["columns"]]) for row in about["rows"][:SHOWN_ROWS]]
    table = el("table", el("thead", el("tr", heads)), el("tbody", rows), cls="data-table role-table")
    check = action(about["action"], "check", id="report-recheck", cls="button primary" if about["always"] else "button")
    return [
        el("div", el("label", _("Goal"), for_="report-task"), goal, cls="field"),
        el("p", _(task.summary), cls="muted small"),
        el(
            "div",
            table,
            cls="table-box preview-box",
            tabindex="0",
            role="region",
            aria_label=_("What the columns mean"),
        ),
        el(
            "ul",
            [el("li", el("strong", _(role.title)), f": {_(role.help)}") for role in task.roles],
            cls="role-help muted small",
        ),
        el("div", check, cls="actions"),
    ]


def _head(at: int, column: str, task: TaskType, role: str) -> Node:
    offered = task.roles_for(column)
    if role and role not in {item.name for item in offered}:
        # A role that says how the column is written, such as labels joined by a semicolon, comes from its cells.
        offered = (*(item for item in task.roles_of([role]) if item.name == role), *offered)
    options = [("", _("not used")), *((item.name, _(item.title)) for item in offered)]
    box = el(
        "select",
        [el("option", words, value=value) for value, words in options],
        id=f"report-column-{at}",
        cls="role-box",
        data_column=column,
        data_chosen=role,
    )
    return el("th", el("label", column, cls="role-column", for_=f"report-column-{at}"), box, scope="col")


def _cell(value: Any) -> Node:
    if value in (None, ""):
        return el("td", el("span", _("empty"), cls="muted"), cls="cell-text")
    return el("td", conversation(str(value)) or str(value), cls="cell-text")
