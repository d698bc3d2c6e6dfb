"""Adds the marked text to rows whose task labels words, in place of lists of words and tags."""

from typing import Any

from app.catalog.task_types import task_type as find_task_type
from app.models import DatasetVersion


def with_marked_text(page: dict[str, Any], version: DatasetVersion) -> dict[str, Any]:
    """The page of ``find_rows`` with ``marked`` in each row whose task marks words; see :meth:`TaskType.marked`."""
    task = find_task_type(version.task_type)
    for row in page["rows"]:
        if marked := task.marked(row["cells"], version.columns):
            row["marked"] = marked
    return page
