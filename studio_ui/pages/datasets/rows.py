"""The page of rows that the address asks for."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.catalog.task_types import task_type as find_task_type
from app.catalog.task_types.label_sets import COLUMN
from app.models import Dataset, DatasetVersion
from app.services.accounts.access import TO_CHANGE
from app.services.datasets import change_bodies, row_pages
from app.services.datasets.row_search import Selection
from app.services.datasets.versions import report_of
from app.services.datasets.waiting_changes import waiting_changes
from studio_ui.pages.datasets.place import permits_of, shown_dataset

ROWS_PER_PAGE = 20
MOST_LABELS = 500
WHICH = {"kept": False, "left-out": True}
SEARCH_CHARACTERS = 200


def read_page(user_id: str, query: Mapping[str, str], after: int, known: str, many: list[Any]) -> dict[str, Any] | None:
    """The rows after the cursor with what the table must know of the dataset; None where the address names none.

    ``many`` are changes that are noted for many rows of the version ``known`` and not saved; a row has what they mean for it as
    ``waiting``.
    """
    shown = shown_dataset(user_id, query)
    if shown is None:
        return None
    dataset, version = shown
    selection = selection_of(version, query)
    given = {name: value for name, value in asdict(selection).items() if value not in (None, "")}
    page = row_pages.page_of(version, selection, after, ROWS_PER_PAGE)
    noted = change_bodies.parse_noted(many) if known == version.id else []
    waiting = waiting_changes(version, [row["_id"] for row in page["rows"]], noted)
    for row in page["rows"]:
        row["waiting"] = waiting.get(row["_id"])
    closed = not permits_of(user_id, dataset).allows(TO_CHANGE)
    return {**page, "selection": given, "narrowed": bool(given), "about": _about(dataset, version, closed)}


def selection_of(version: DatasetVersion, query: Mapping[str, str]) -> Selection:
    """The filter that the address names; labels and problems that this version does not have are no filter."""
    label = query.get("label", "")
    column = version.columns.get("label")
    keys = {key for key, _ in _problems(version)}
    search = query.get("q", "").strip()[:SEARCH_CHARACTERS]
    if label not in _labels(version):
        label = ""
    return Selection(
        search=search or ("" if column else label),
        problem=query["problem"] if query.get("problem") in keys else "",
        column=column if column and label else "",
        value=label if column and label else None,
        excluded=WHICH.get(query.get("rows", "")),
    )


def _about(dataset: Dataset, version: DatasetVersion, closed: bool) -> dict[str, Any]:
    talks = find_task_type(version.task_type).conversation_roles
    return {
        "id": dataset.id,
        "version": version.number,
        "version_id": version.id,
        "columns": version.columns,
        "conversations": [version.columns[role] for role in talks if role in version.columns],
        "labels": _labels(version)[:MOST_LABELS],
        "problems": _problems(version),
        "closed": closed,
    }


def _labels(version: DatasetVersion) -> list[str]:
    """The labels that rows can be narrowed to; none where cells say yes or no and only the columns have their names."""
    return [] if any(role.startswith(COLUMN) for role in version.columns) else list(version.labels or {})


def _problems(version: DatasetVersion) -> list[tuple[str, str]]:
    """(key, words) of problems that concern single rows."""
    found = report_of(version).get("problems") or []
    return [(item["key"], item["message"]) for item in found if item.get("key") and item.get("count")]
