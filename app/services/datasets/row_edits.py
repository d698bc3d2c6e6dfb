"""Writes an edited copy of a stored table in portions: cells set, rows deleted and added; returns every single change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import Rejected
from app.languages import decimal
from app.languages import gettext as _
from app.readers.table import MAX_CELL
from app.services.datasets.row_tables import PORTION_ROWS, ROWS_FILE, Reading

Cell = str | None


@dataclass
class Edits:
    """What to change: cells by row id and column, rows to remove, rows to add (column -> text)."""

    cells: dict[int, dict[str, Cell]] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    added: list[Mapping[str, Cell]] = field(default_factory=list)

    def set(self, row_id: int, column: str, value: Cell) -> None:
        """Set one cell; the last value counts."""
        self.cells.setdefault(row_id, {})[column] = value


def write_edited(source: Path, target: Path, reading: Reading, edits: Edits) -> list[dict[str, Any]]:
    """Write ``rows.parquet`` in ``target`` and bring ``reading`` up to date.

    Returns:
        One entry for each change, in the order of rows: ``{"kind": "edited", "id", "line", "column", "before",
        "after"}``, ``{"kind": "deleted" | "added", "id", "line", "values"}``. Cells set to what they were are left out.
    """
    from pyarrow import parquet

    entries: list[dict[str, Any]] = []
    last_line = 0
    with parquet.ParquetFile(source / ROWS_FILE) as rows:
        names = [name for name in rows.schema_arrow.names if name not in ("_id", "_line")]
        with parquet.ParquetWriter(target / ROWS_FILE, rows.schema_arrow, compression="zstd") as out:
            for batch in rows.iter_batches(batch_size=PORTION_ROWS):
                ids = batch.column("_id").to_numpy()
                lines = batch.column("_line").to_numpy()
                last_line = max(last_line, int(lines.max(initial=0)))
                out.write_batch(_changed(batch, ids, lines, names, edits, entries))
            if edits.added:
                out.write_batch(_added(rows.schema_arrow, names, reading, last_line, edits, entries))
    _remove_flaws(reading, entries)
    _recount(reading, edits, entries)
    return entries


def _changed(
    batch: Any, ids: np.ndarray, lines: np.ndarray, names: Sequence[str], edits: Edits, entries: list[dict[str, Any]]
) -> Any:
    import pyarrow

    touched = [n for n, row_id in enumerate(ids.tolist()) if row_id in edits.cells or row_id in edits.deleted]
    if not touched:
        return batch
    columns = {name: batch.column(name).to_pylist() for name in names}
    for index in touched:
        row_id, line = int(ids[index]), int(lines[index])
        if row_id in edits.deleted:
            values = {name: columns[name][index] for name in names}
            entries.append({"kind": "deleted", "id": row_id, "line": line, "values": values})
            continue
        for name, value in edits.cells[row_id].items():
            if (before := columns[name][index]) != value:
                columns[name][index] = value
                change = {"column": name, "before": before, "after": value}
                entries.append({"kind": "edited", "id": row_id, "line": line, **change})
    arrays = [batch.column("_id"), batch.column("_line"), *(pyarrow.array(columns[n], pyarrow.string()) for n in names)]
    changed = pyarrow.RecordBatch.from_arrays(arrays, schema=batch.schema)
    keep = np.array([row_id not in edits.deleted for row_id in ids.tolist()])
    return changed if keep.all() else changed.filter(pyarrow.array(keep))


def _added(
    schema: Any, names: Sequence[str], reading: Reading, last_line: int, edits: Edits, entries: list[dict[str, Any]]
) -> Any:
    import pyarrow

    count = len(edits.added)
    ids = list(range(reading.next_id, reading.next_id + count))
    lines = list(range(last_line + 1, last_line + 1 + count))
    for row_id, line, values in zip(ids, lines, edits.added, strict=True):
        entries.append({"kind": "added", "id": row_id, "line": line, "values": {n: values.get(n) for n in names}})
    cells = [pyarrow.array([row.get(name) for row in edits.added], pyarrow.string()) for name in names]
    return pyarrow.RecordBatch.from_arrays([pyarrow.array(ids), pyarrow.array(lines), *cells], schema=schema)


def _remove_flaws(reading: Reading, entries: Iterable[Mapping[str, Any]]) -> None:
    """Remove the reader's problems of cells that were edited."""
    touched = {
        (reading.is_evaluation(entry["id"]), entry["line"], entry.get("column", ""))
        for entry in entries
        if entry["kind"] != "added"
    }
    rows = {(evaluation, line) for evaluation, line, _ in touched}
    deleted = {(evaluation, line) for evaluation, line, column in touched if not column}
    for part in reading.parts:
        evaluation = part is reading.evaluation
        for flaw in part.flaws:
            if flaw.lost:
                continue
            flaw.rows = [
                line
                for line in flaw.rows
                if (evaluation, line) not in deleted
                and ((evaluation, line, flaw.column) not in touched if flaw.column else (evaluation, line) not in rows)
            ]
        part.flaws = [flaw for flaw in part.flaws if flaw.rows or flaw.lost or flaw.severity != "error"]


def _recount(reading: Reading, edits: Edits, entries: Iterable[Mapping[str, Any]]) -> None:
    first_added = sum(part.span for part in reading.parts)
    for entry in entries:
        if entry["kind"] == "deleted":
            if entry["id"] >= first_added:
                reading.added -= 1
            elif reading.evaluation and reading.is_evaluation(entry["id"]):
                reading.evaluation.rows -= 1
            else:
                reading.main.rows -= 1
    reading.added += len(edits.added)
    reading.added_span += len(edits.added)


def check_cell(value: Cell, column: str) -> Cell:
    """The cell, unless it is too long.

    Raises:
        Rejected: ``cell_too_long``.
    """
    if value is not None and len(value) > MAX_CELL:
        raise Rejected(
            "cell_too_long",
            _("The text for {column} has {value} characters.", column=repr(column[:60]), value=decimal(len(value))),
            _("At most {MAX_CELL}.", MAX_CELL=decimal(MAX_CELL)),
        )
    return value
