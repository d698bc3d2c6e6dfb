"""Finds rows of a version by problem, by a search text, by the value of a column, or by exclusion.

Streams the stored table; only one page, or the ids that match, are in memory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import Rejected
from app.languages import gettext as _
from app.services.datasets import findings
from app.services.datasets.holdout_access import test_ids
from app.services.datasets.row_tables import PORTION_ROWS, ROWS_FILE, load_reading
from app.services.datasets.versions import load_exclusions

MAX_SEARCH_CHARACTERS = 200


@dataclass(frozen=True)
class Selection:
    """A filter of rows; all given conditions must hold, without one all rows match.

    ``ids``: exactly these; ``problem``: the rows of a problem, by its key; ``search``: some cell holds these characters,
    upper or lower case; ``column`` and ``value``: that cell is exactly this; ``excluded``: only rows left out by hand, or
    only the others.
    """

    ids: tuple[int, ...] | None = None
    problem: str = ""
    search: str = ""
    column: str = ""
    value: str | None = None
    excluded: bool | None = None


@dataclass
class RowPage:
    """Some rows of a selection: ``rows`` are ``{"_id", "_line", "excluded", "evaluation", "test", "cells": {column: text}}``."""

    columns: list[str]
    rows: list[dict[str, Any]] = field(default_factory=list)
    matching: int = 0
    after: int | None = None
    lost_lines: list[int] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON form; ``after`` is the cursor of the next page, None at the end."""
        return dict(vars(self))


def find_rows(folder: Path, selection: Selection, after: int = -1, limit: int = 50) -> RowPage:
    """The next ``limit`` matching rows with ids above ``after``, and how many match in all."""
    reading = load_reading(folder)
    excluded = load_exclusions(folder).ids
    held_out = test_ids(folder.name)
    page = RowPage(reading.columns)
    related: Mapping[str, int] = {}
    if selection.problem:
        finding = findings.find_finding(folder, selection.problem)
        page.lost_lines, related = finding.lost_lines[:500], finding.related
    for batch in _matching(folder, selection):
        page.matching += batch.num_rows
        if len(page.rows) > limit or batch.num_rows == 0:
            continue
        following = batch.filter(_arrow(batch.column("_id").to_numpy() > after))
        for row in following.slice(0, limit + 1 - len(page.rows)).to_pylist():
            row_id, line = row.pop("_id"), row.pop("_line")
            found = {"_id": row_id, "_line": line, "excluded": row_id in excluded, "cells": row}
            found["evaluation"] = reading.is_evaluation(row_id)
            found["test"] = bool(np.isin(row_id, held_out))
            if str(row_id) in related:
                found["related"] = related[str(row_id)]
            page.rows.append(found)
    if len(page.rows) > limit:
        del page.rows[limit:]
        page.after = page.rows[-1]["_id"]
    return page


def find_ids(folder: Path, selection: Selection) -> list[int]:
    """Ids of all matching rows, ascending."""
    found: list[int] = []
    for batch in _matching(folder, selection, only_needed=True):
        found.extend(batch.column("_id").to_pylist())
    return found


def _matching(folder: Path, selection: Selection, only_needed: bool = False) -> Iterator[Any]:
    from pyarrow import parquet

    _check(selection)
    ids = _id_filter(folder, selection)
    excluded = np.array(sorted(load_exclusions(folder).ids), dtype=np.int64)
    with parquet.ParquetFile(folder / ROWS_FILE) as rows:
        names = rows.schema_arrow.names
        if selection.column and selection.column not in names:
            raise Rejected(
                "missing_column",
                _("There is no column {column}.", column=repr(selection.column[:60])),
                _("Choose one of the file's."),
            )
        columns = (
            ["_id", *([selection.column] if selection.column else [])] if only_needed and not selection.search else None
        )
        for batch in rows.iter_batches(batch_size=PORTION_ROWS, columns=columns):
            numbers = batch.column("_id").to_numpy()
            matching = np.ones(len(numbers), dtype=bool)
            if ids is not None:
                matching &= np.isin(numbers, ids)
            if selection.excluded is not None:
                matching &= np.isin(numbers, excluded) == selection.excluded
            if matching.any():
                yield from _by_content(batch.filter(_arrow(matching)), selection)


def _by_content(batch: Any, selection: Selection) -> Iterator[Any]:
    from pyarrow import compute

    matching = np.ones(batch.num_rows, dtype=bool)
    if selection.column and selection.value is not None:
        # A label is compared as it is trained on, without the spaces around it.
        cells = compute.utf8_trim_whitespace(batch.column(selection.column))
        matching &= compute.fill_null(
            compute.equal(cells, selection.value.strip()), not selection.value.strip()
        ).to_numpy(False)
    if selection.search:
        hit = np.zeros(batch.num_rows, dtype=bool)
        for name in batch.schema.names:
            if name not in ("_id", "_line"):
                matches = compute.match_substring(batch.column(name), selection.search, ignore_case=True)
                hit |= compute.fill_null(matches, False).to_numpy(False)
        matching &= hit
    if matching.any():
        yield batch.filter(_arrow(matching))


def _id_filter(folder: Path, selection: Selection) -> np.ndarray | None:
    ids: np.ndarray | None = None
    if selection.ids is not None:
        ids = np.array(sorted(selection.ids), dtype=np.int64)
    if selection.problem:
        found = np.array(findings.find_finding(folder, selection.problem).row_ids, dtype=np.int64)
        ids = found if ids is None else np.intersect1d(ids, found)
    return ids


def _check(selection: Selection) -> None:
    if len(selection.search) > MAX_SEARCH_CHARACTERS:
        raise Rejected(
            "range",
            _("The search has {search} characters.", search=len(selection.search)),
            _("Use at most {MAX_SEARCH_CHARACTERS}.", MAX_SEARCH_CHARACTERS=MAX_SEARCH_CHARACTERS),
        )


def _arrow(mask: np.ndarray) -> Any:
    import pyarrow

    return pyarrow.array(mask)
