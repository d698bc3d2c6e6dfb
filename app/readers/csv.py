"""Reads CSV and TSV: strict about quotes and column counts, and names the row of every departure."""

import csv
from collections.abc import Iterator
from pathlib import Path

from app.errors import Rejected
from app.readers.decoding import Encoding, find_encoding, read_lines, read_pieces
from app.readers.signatures import looks_like_json, refuse_unless_text, type_mismatch
from app.readers.table import MAX_CELL, Cell, Flaw, Record, Table, cell_too_long, check_columns, no_rows

EXTENSIONS = ("csv", "tsv", "tab")
DELIMITERS = (",", ";", "\t", "|")
MAX_LINE = 16 * 1024 * 1024
SNIFFED_RECORDS = 50
SNIFFED_CHARACTERS = 256 * 1024


def read(path: Path, extension: str) -> Table:
    """Open a delimited file with column names in its first line.

    Raises:
        Rejected: see the codes in this folder's modules; also later, while the records are read.
    """
    refuse_unless_text(path, extension)
    encoding = find_encoding(path)
    if looks_like_json(next(read_pieces(path, encoding), "")[:4096]):
        raise type_mismatch("JSON", extension)
    delimiter = "," if extension == "csv" else "\t"
    if extension == "csv":
        delimiter = _sniff(path, encoding)
    rows = _Rows(path, encoding, delimiter)
    header = next(rows, None)
    if header is None:
        raise no_rows([])
    if not header[1]:
        raise _open_quote(header[0])
    columns = check_columns(header[1])
    table = Table("csv" if delimiter != "\t" else "tsv", encoding.name, columns, iter(()))
    if encoding.flaw:
        table.flaws.add(encoding.flaw)
    table.records = _records(rows, table)
    return table


class _Rows:
    """Iterates over (line number, fields); rows with wrong quotes come as (line number, None)."""

    def __init__(self, path: Path, encoding: Encoding, delimiter: str) -> None:
        self._line = 0
        self._lines = read_lines(path, encoding, MAX_LINE)
        # The module's limit is one per process; ours is raised above the cell limit so that we say it in our words.
        csv.field_size_limit(MAX_LINE + 1)
        self._reader = csv.reader(self._feed(), delimiter=delimiter, strict=True)

    def __iter__(self) -> "_Rows":
        return self

    def __next__(self) -> tuple[int, list[str]]:
        while True:
            start = self._line + 1
            self._start = start
            try:
                fields = next(self._reader)
            except csv.Error as error:
                if "unexpected end" in str(error):
                    raise _open_quote(start) from None
                return start, []
            if fields and (len(fields) > 1 or fields[0].strip()):
                return start, fields

    def _feed(self) -> Iterator[str]:
        size = 0
        for line in self._lines:
            self._line += 1
            if len(line) > MAX_LINE:
                raise _long_line(self._line)
            size = len(line) if self._line == self._start else size + len(line)
            if size > MAX_LINE:
                raise _open_quote(self._start)
            yield line


def _records(rows: _Rows, table: Table) -> Iterator[Record]:
    width = len(table.columns)
    seen = wrong = 0
    for line, fields in rows:
        seen += 1
        if len(fields) != width:
            wrong += 1
            table.flaws.add(_ragged(width), line)
            continue
        cells: list[Cell] = list(fields)
        if max(map(len, fields)) > MAX_CELL:
            raise cell_too_long(line, table.columns[max(range(width), key=lambda n: len(fields[n]))])
        yield line, cells
    if not seen:
        raise no_rows(table.columns)
    if wrong > seen / 2:
        raise _mostly_ragged(wrong, seen, table)


def _sniff(path: Path, encoding: Encoding) -> str:
    """The delimiter under which the most sampled rows have as many fields as the header, more than one."""
    sample, size = [], 0
    for line in read_lines(path, encoding, MAX_LINE):
        sample.append(line)
        size += len(line)
        if size > SNIFFED_CHARACTERS or len(sample) > 4 * SNIFFED_RECORDS:
            break
    return max(DELIMITERS, key=lambda each: (_agreement(sample, each), -DELIMITERS.index(each)))


def _agreement(sample: list[str], delimiter: str) -> float:
    reader = csv.reader(sample, delimiter=delimiter)
    rows = []
    try:
        for fields in reader:
            if fields:
                rows.append(len(fields))
            if len(rows) > SNIFFED_RECORDS:
                break
    except csv.Error:
        pass
    if not rows or rows[0] < 2:
        return 0.0
    return sum(count == rows[0] for count in rows) / len(rows)


def _ragged(width: int) -> Flaw:
    return Flaw(
        "csv_shape",
        "error",
        f"These rows do not have the {width} columns of the first line, or their quotes do not close.",
        'Put texts that hold the delimiter or a line break in "double quotes", and double the quotes inside them.',
        lost=True,
    )


def _mostly_ragged(wrong: int, seen: int, table: Table) -> Rejected:
    rows = next(flaw.rows for flaw in table.flaws.all() if flaw.code == "csv_shape")
    return Rejected(
        "csv_shape",
        f"{wrong:,} of {seen:,} rows do not have the {len(table.columns)} columns of the first line; "
        f"the first is row {rows[0]:,}.",
        "Check that the first line names every column, and that texts with the delimiter in them are quoted.",
        details={"rows": rows[:50]},
    )


def _open_quote(line: int) -> Rejected:
    return Rejected(
        "csv_shape",
        f"A quote that opens in row {line:,} is never closed.",
        'Close it, or double it ("") if it belongs to the text.',
        details={"rows": [line]},
    )


def _long_line(line: int) -> Rejected:
    return Rejected(
        "csv_shape",
        f"Row {line:,} is longer than {MAX_LINE:,} characters.",
        "Check that the file has line ends and is what its name says.",
        details={"rows": [line]},
    )
