"""A table of a dataset's rows that can be searched, filtered and edited."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import gradio as gr

from app.errors import StudioError
from studio_ui.components import row_nodes
from studio_ui.components.browser_component import BrowserComponent, query_in

# (user id, query parameters of the page, cursor, id of the version that the browser shows, changes of many of its rows that are
# noted) -> a page of rows, or None where there is no dataset to show.
ReadPage = Callable[[str, Mapping[str, str], int, str, list[Any]], dict[str, Any] | None]
NO_DRAFT: dict[str, Any] = {"cells": {}, "rows": {}, "many": []}
_ANSWERS = count(1)


class DataRows(BrowserComponent):
    """Rows page by page, with the filters ``q``, ``label``, ``rows`` and ``problem`` kept in the page's address.

    ``read_page`` answers ``{"columns", "rows", "matching", "after", "lost_lines", "selection", "narrowed", "about"}``, where
    ``about`` is ``{"id", "version", "version_id", "columns": {role: column}, "conversations": [column], "labels": [...],
    "problems": [[key, words]], "closed": whether they are only looked at}``. Conversations are shown and edited message by message.

    The value is what was changed and not saved, which outlives a reload: ``{"version", "changes"}``. ``save`` has the same with ``dataset``;
    ``looked`` has ``{"dataset", "version", "rows"}`` when rows of the final test were shown. A listener of ``save`` returns
    :func:`saved` or :func:`refused`. Buttons that `nodes.noting` makes elsewhere on the page add changes to those noted here.
    """

    module = "data_rows.js"
    sends = ("save", "looked")

    def __init__(self, read_page: ReadPage | None = None, **options: Any) -> None:
        def read_rows(user_id: str, data: dict[str, Any]) -> dict[str, Any] | None:
            query = query_in(data)
            after, known, many = int(data.get("after", -1)), str(data.get("version_id") or ""), _draft_in(data)["many"]
            page = read_page(user_id, query, after, known, many) if read_page else None
            return _described(page, query, data) if page else None

        read_rows.__name__ = "read_page"
        # Gradio makes the component anew with what was updated.
        super().__init__(server_functions=[read_rows, describe_rows], **{"answer": None, "noted": None, **options})

    def api_info(self) -> dict[str, Any]:
        """The shape of the value."""
        return {
            "type": "object",
            "properties": {
                "version": {"type": "integer"},
                "changes": {"type": "array", "items": {"type": "object"}},
            },
        }


def _described(page: dict[str, Any], query: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
    """The page with its nodes. ``data`` says what the browser shows already: ``shown`` rows, of which ``tested`` are kept for
    the final test, its ``draft``, the ``version_id`` of its table, and whether these test rows were ``looked`` at."""
    about, columns, rows = page["about"], page["columns"], page["rows"]
    tested = int(data.get("tested", 0)) + sum(bool(row.get("test")) for row in rows)
    # A problem cannot be judged without its rows.
    judged = bool(query.get("problem"))
    veiled = not judged and about["id"] not in list(data.get("looked") or [])
    same = data.get("version_id") == about["version_id"]
    draft = _draft_in(data) if same else NO_DRAFT
    shown = int(data.get("shown", 0)) + len(rows)
    return {
        "about": about,
        "columns": columns,
        "frame": None if same else row_nodes.frame(about, columns),
        "rows": rows,
        "nodes": row_nodes.row_nodes(rows, about, columns, draft, veiled),
        "bulk": row_nodes.bulk_tools(page),
        "note": row_nodes.lost_note(page["lost_lines"]),
        "peek": row_nodes.peek_note(tested, veiled),
        "words": row_nodes.found_words(page, shown),
        "after": page["after"],
        "shown": shown,
        "tested": tested,
        "veiled": veiled,
    }


def describe_rows(user_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Rows that the browser has, with what is noted for them, and the words about those of the final test. ``editing`` is the
    id of a row that gets fields."""
    about, veiled, draft = data["about"], bool(data.get("veiled")), _draft_in(data)
    rows, columns = list(data["rows"]), list(data["columns"])
    nodes = row_nodes.row_nodes(rows, about, columns, draft, veiled, data.get("editing"))
    return {"nodes": nodes, "peek": row_nodes.peek_note(int(data["tested"]), veiled)}


def _draft_in(data: Mapping[str, Any]) -> dict[str, Any]:
    draft = dict(data.get("draft") or {})
    return {name: type(empty)(draft.get(name) or empty) for name, empty in NO_DRAFT.items()}


def saved() -> dict[str, Any]:
    """What a listener returns to the table when there is another version."""
    return gr.update(answer={"saved": True, "turn": next(_ANSWERS)})


def settled() -> dict[str, Any]:
    """What a listener returns to the table when nothing came of a change; what was noted stays."""
    return gr.update(answer={"saved": False, "turn": next(_ANSWERS)})


def refused(error: StudioError) -> dict[str, Any]:
    """What a listener returns to the table when a change was refused; what was noted stays."""
    return gr.update(answer={"saved": False, "turn": next(_ANSWERS), "error": error.as_dict()["error"]})


def noted(row_id: int, column: str, value: str, before: str | None) -> dict[str, Any]:
    """What a listener returns to the table to change a cell there, to be saved with the rest."""
    cell = {"row_id": row_id, "column": column, "value": value, "before": before}
    return gr.update(noted={**cell, "turn": next(_ANSWERS)})
