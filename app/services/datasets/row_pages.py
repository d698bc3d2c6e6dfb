"""Pages of a version's rows as people see them: found by a filter, with words marked where the task marks words."""

from typing import Any

from app import storage
from app.models import DatasetVersion
from app.services.datasets import readings
from app.services.datasets.row_search import Selection, find_rows
from app.services.datasets.row_tables import load_reading
from app.services.datasets.versions import find_version
from app.services.profiling.marked_rows import with_marked_text


def read_page(
    user_id: str, dataset_id: str, number: int | None, selection: Selection, after: int = -1, limit: int = 50
) -> dict[str, Any]:
    """``{"columns", "rows", "matching", "after", "lost_lines"}`` of a version, the newest without a number.

    Rows with entities have ``marked``: ``{"column", "text", "spans": [[start, end, label]]}``.

    Raises:
        NotFound: the dataset is not theirs, or it has no such version or problem.
        Rejected: the filter names no column.
    """
    version = find_version(user_id, dataset_id, number)
    return page_of(version, selection, after, limit)


def page_of(version: DatasetVersion, selection: Selection, after: int = -1, limit: int = 50) -> dict[str, Any]:
    """The same for a version that was found already."""
    page = find_rows(storage.dataset_dir(version.id), selection, after, limit)
    return with_marked_text(page.as_dict(), version)


def first_rows(version: DatasetVersion) -> dict[str, Any]:
    """``{"columns", "rows": [{column: text, "_line": n}]}``: a look at a version, with cells short enough to be shown."""
    columns = columns_of(version)
    return {"columns": columns, "rows": readings.first_rows(storage.dataset_dir(version.id), columns)}


def columns_of(version: DatasetVersion) -> list[str]:
    """The columns of a version's table, those that mean nothing included."""
    return load_reading(storage.dataset_dir(version.id)).columns
