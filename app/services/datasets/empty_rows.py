"""Rows that are empty in every column that is used: one problem instead of one for each column."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.catalog.task_types.base import Problem
from app.languages import stated

# With a single column, the task itself says that its text is missing.
FEWEST_COLUMNS = 2


class EmptyRows:
    """Takes empty rows out of a stream of rows and remembers them.

    Args:
        columns: role -> column.
    """

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._names = list(columns.values())
        self._lines: list[int] = []
        self._ids: list[int] = []

    def left_out(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The rows that have a value; see ``app.services.datasets.row_tables.read_rows``."""
        for row in rows:
            if len(self._names) >= FEWEST_COLUMNS and not any((row[name] or "").strip() for name in self._names):
                self._lines.append(row["_line"])
                self._ids.append(row["_id"])
            else:
                yield row

    def problems(self) -> list[Problem]:
        """At most one, about all of them."""
        if not self._ids:
            return []
        named = ", ".join(repr(name[:60]) for name in self._names[:4])
        return [
            Problem(
                "empty_row",
                "error",
                stated("These rows are empty in {columns}.", columns=named),
                stated("Fill them in or remove them; these rows are left out."),
                rows=self._lines,
                row_ids=self._ids,
            )
        ]
