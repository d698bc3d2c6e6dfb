"""Writes tables into one Parquet file, all cells as text, in portions that keep the memory small."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

from app.errors import TooLarge
from app.languages import stated
from app.readers.source import Limits
from app.readers.table import Cell, Record, Table, check_row_count

PORTION_ROWS = 5000
PORTION_CHARACTERS = 4 * 1024 * 1024


class RowsFile:
    """Columns ``_id`` (from 0), ``_line`` (number in the file) and the given names; absent columns become empty.

    Use it as a context; :meth:`write` may be called for several tables.
    """

    def __init__(self, path: Path, names: list[str], limits: Limits) -> None:
        import pyarrow
        from pyarrow import parquet

        fields = [("_id", pyarrow.int64()), ("_line", pyarrow.int64())]
        self._schema = pyarrow.schema(fields + [(name, pyarrow.string()) for name in names])
        self._names = names
        self._limits = limits
        self._out = parquet.ParquetWriter(path, self._schema, compression="zstd")
        self._lines: list[int] = []
        self._cells: list[list[Cell]] = []
        self._size = self._text = 0
        self.next_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._out.close()

    def write(self, table: Table) -> None:
        """Append every record of a table.

        Raises:
            TooLarge: more rows or more text than the limits allow; whatever the table's reader raises.
        """
        max_rows = self._limits.rows
        for line, cells in self._in_order(table):
            self._lines.append(line)
            self._cells.append(cells)
            self._size += sum(len(cell) for cell in cells if cell)
            check_row_count(self.next_id + len(self._lines), max_rows)
            if len(self._lines) >= PORTION_ROWS or self._size >= PORTION_CHARACTERS:
                self._flush()
        self._flush()

    def _in_order(self, table: Table) -> Iterator[Record]:
        if table.columns == self._names:
            yield from table.records
            return
        indices = [table.columns.index(name) if name in table.columns else None for name in self._names]
        for line, cells in table.records:
            yield line, [None if index is None else cells[index] for index in indices]

    def _flush(self) -> None:
        import pyarrow

        self._text += self._size
        limit = self._limits.text
        if self._text > limit:
            raise TooLarge(
                "too_large",
                stated("The file unfolds to more than {limit} characters.", limit=limit),
                stated("Send fewer rows."),
            )
        if self._lines:
            ids = list(range(self.next_id, self.next_id + len(self._lines)))
            columns = [ids, self._lines, *map(list, zip(*self._cells, strict=True))]
            arrays = [pyarrow.array(values, kind.type) for values, kind in zip(columns, self._schema, strict=True)]
            self._out.write_table(pyarrow.Table.from_arrays(arrays, schema=self._schema))
            self.next_id += len(self._lines)
        self._lines, self._cells, self._size = [], [], 0
