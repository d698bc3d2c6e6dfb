"""Finds rows of a version: by problem, by a word, by a cell's exact content, by whether they are used.

Streams the stored table; holds one page and, where asked for, the ids that match. Knows no door.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import Rejected
from app.services.datasets import findings
from app.services.datasets.holdout_access import test_ids
from app.services.datasets.row_tables import PORTION_ROWS, ROWS_FILE, load_reading
from app.services.datasets.versions import load_exclusions

MOST_WORDS = 200


@dataclass(frozen=True)
class Selection:
    """Which rows are meant; every given part must fit. Nothing given means all rows.

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


def find_rows(folder: Path, wanted: Selection, after: int = -1, limit: int = 50) -> RowPage:
    """The next ``limit`` matching rows with ids above ``after``, and how many match in all."""
    reading = load_reading(folder)
    excluded = load_exclusions(folder).ids
    kept = test_ids(folder.name)
    page = RowPage(reading.columns)
    related: Mapping[str, int] = {}
    if wanted.problem:
        finding = findings.find(folder, wanted.problem)
        page.lost_lines, related = finding.lost_lines[:500], finding.related
    for batch in _matching(folder, wanted):
        page.matching += batch.num_rows
        if len(page.rows) > limit or batch.num_rows == 0:
            continue
        ahead = batch.filter(_arrow(batch.column("_id").to_numpy() > after))
        for row in ahead.slice(0, limit + 1 - len(page.rows)).to_pylist():
            row_id, line = row.pop("_id"), row.pop("_line")
            told = {"_id": row_id, "_line": line, "excluded": row_id in excluded, "cells": row}
            told["evaluation"] = reading.is_evaluation(row_id)
            told["test"] = bool(np.isin(row_id, kept))
            if str(row_id) in related:
                told["related"] = related[str(row_id)]
            page.rows.append(told)
    if len(page.rows) > limit:
        del page.rows[limit:]
        page.after = page.rows[-1]["_id"]
    return page


def find_ids(folder: Path, wanted: Selection) -> list[int]:
    """Ids of all matching rows, ascending."""
    found: list[int] = []
    for batch in _matching(folder, wanted, only_needed=True):
        found.extend(batch.column("_id").to_pylist())
    return found


def _matching(folder: Path, wanted: Selection, only_needed: bool = False) -> Iterator[Any]:
    from pyarrow import parquet

    _check(wanted)
    ids = _id_filter(folder, wanted)
    excluded = np.array(sorted(load_exclusions(folder).ids), dtype=np.int64)
    with parquet.ParquetFile(folder / ROWS_FILE) as rows:
        names = rows.schema_arrow.names
        if wanted.column and wanted.column not in names:
            raise Rejected("missing_column", f"There is no column {wanted.column[:60]!r}.", "Choose one of the file's.")
        columns = ["_id", *([wanted.column] if wanted.column else [])] if only_needed and not wanted.search else None
        for batch in rows.iter_batches(batch_size=PORTION_ROWS, columns=columns):
            numbers = batch.column("_id").to_numpy()
            fits = np.ones(len(numbers), dtype=bool)
            if ids is not None:
                fits &= np.isin(numbers, ids)
            if wanted.excluded is not None:
                fits &= np.isin(numbers, excluded) == wanted.excluded
            if fits.any():
                yield from _by_content(batch.filter(_arrow(fits)), wanted)


def _by_content(batch: Any, wanted: Selection) -> Iterator[Any]:
    from pyarrow import compute

    fits = np.ones(batch.num_rows, dtype=bool)
    if wanted.column and wanted.value is not None:
        # A label is compared as it is trained on, without the spaces around it.
        cells = compute.utf8_trim_whitespace(batch.column(wanted.column))
        fits &= compute.fill_null(compute.equal(cells, wanted.value.strip()), not wanted.value.strip()).to_numpy(False)
    if wanted.search:
        hit = np.zeros(batch.num_rows, dtype=bool)
        for name in batch.schema.names:
            if name not in ("_id", "_line"):
                told = compute.match_substring(batch.column(name), wanted.search, ignore_case=True)
                hit |= compute.fill_null(told, False).to_numpy(False)
        fits &= hit
    if fits.any():
        yield batch.filter(_arrow(fits))


def _id_filter(folder: Path, wanted: Selection) -> np.ndarray | None:
    ids: np.ndarray | None = None
    if wanted.ids is not None:
        ids = np.array(sorted(wanted.ids), dtype=np.int64)
    if wanted.problem:
        found = np.array(findings.find(folder, wanted.problem).row_ids, dtype=np.int64)
        ids = found if ids is None else np.intersect1d(ids, found)
    return ids


def _check(wanted: Selection) -> None:
    if len(wanted.search) > MOST_WORDS:
        raise Rejected("range", f"The search has {len(wanted.search)} characters.", f"Use at most {MOST_WORDS}.")


def _arrow(mask: np.ndarray) -> Any:
    import pyarrow

    return pyarrow.array(mask)
