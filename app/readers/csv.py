"""Reads CSV, TSV and texts with other delimiters: strict about quotes and column counts, names every departing row."""

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from app.errors import Rejected
from app.languages import stated
from app.readers.decoding import Encoding, find_encoding, read_lines
from app.readers.delimiters import DELIMITERS, SAMPLED_RECORDS, find_delimiter, is_delimited, quotes_are_text
from app.readers.grids import Grid, GridLayout
from app.readers.source import FileHead, Source
from app.readers.table import (
    MAX_CELL,
    Cell,
    Flaw,
    Record,
    Table,
    cell_too_long,
    check_row_count,
    no_rows,
)

EXTENSIONS = ("csv", "tsv", "tab", "psv")
NAME = stated("a table of delimited text")
USUAL = {"tsv": "\t", "tab": "\t", "psv": "|"}
MAX_LINE = 16 * 1024 * 1024
# More separators than this in one record are no row of anybody's data, and as many texts would fill the memory.
MAX_FIELDS = 1_100_000
SNIFFED_CHARACTERS = 256 * 1024
# From here on, a file with more wrong rows than right ones is refused without reading the rest.
HOPELESS = 100_000
# Spreadsheet programs write this line above the names to say what separates the fields.
_DECLARED = re.compile(rf"sep=([{re.escape(''.join(DELIMITERS))}])\s*$", re.IGNORECASE)
# Flashcard programs (Anki) write such lines above the rows, and no column names.
_PREAMBLE = re.compile(r"#([a-z ]{2,20}):(.*)$", re.IGNORECASE)
_NAMED_SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "colon": ":", "space": " "}


def fits(sample: FileHead) -> bool:
    """Whether the user, the name or the text itself says so, or the text is surely a table."""
    named = (
        sample.source.choices.delimiter
        or sample.extension in EXTENSIONS
        or _preamble(sample.text.split("\n", 20)[:20])[1]
    )
    return sample.is_text() and (bool(named) or is_delimited(sample.text))


def read(source: Source) -> Table:
    """Open a delimited file with column names in its first line.

    Raises:
        Rejected: see the codes in this folder's modules; also later, while the records are read.
    """
    encoding = find_encoding(source.path, source.choices.encoding)
    lines = _first_lines(source.path, encoding)
    above, declared = _preamble(lines)
    skipped = max(source.choices.header_row - 1, above)
    chosen = source.choices.delimiter or declared
    delimiter = chosen or find_delimiter(lines[skipped:], USUAL.get(source.extension, ","))
    # Tables with tabs are often written without any quoting; with commas that cannot be.
    plain = delimiter == "\t" and quotes_are_text(read_lines(source.path, encoding, MAX_LINE), delimiter)
    quoting: Literal[0, 3] = csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL

    def rows() -> _Rows:
        return _Rows(source.path, encoding, delimiter, skipped, quoting)

    line, fields = next(rows(), (0, [""]))
    if not fields:
        raise _odd_quotes(line)
    table = Table("csv" if delimiter != "\t" else "tsv", encoding.name, [], iter(()))
    grid = Grid(rows, source.choices, table.flaws, table.found)
    layout = grid.layout()
    if layout is None:
        raise no_rows([])
    table.columns = layout.names
    table.found |= {"delimiter": delimiter, "header_row": layout.header}
    encoding.note(table)
    if plain:
        table.flaws.add(_plain_quotes())
    table.records = grid.repair(layout, _records(rows(), table, layout, source.limits.rows))
    return table


def _preamble(lines: Sequence[str]) -> tuple[int, str]:
    """How many lines above the rows say how these are written, and the separator that they name; empty if none."""
    if lines and (declared := _DECLARED.match(lines[0])):
        return 1, declared.group(1)
    above = list(itertools.takewhile(lambda found: found is not None, map(_PREAMBLE.match, lines)))
    said = {found[1].strip().lower(): found[2].strip() for found in above if found}
    separator = said.get("separator", "").lower()
    known = _NAMED_SEPARATORS.get(separator, separator)
    return (len(above), known) if len(known) == 1 else (0, "")


class _Rows:
    """Iterates over (line number, fields); rows with wrong quotes come as (line number, None)."""

    def __init__(self, path: Path, encoding: Encoding, delimiter: str, skipped: int, quoting: Literal[0, 3]) -> None:
        self._line = self._start = 0
        # Blank lines are left out; with a single column, a blank in quotes is a row with an empty cell.
        self.width = 0
        self._delimiter = delimiter
        self._lines = read_lines(path, encoding, MAX_LINE, own_ends=True)
        for _ in range(skipped):
            self._line += 1
            next(self._lines, None)
        # The module's limit is one per process; ours is raised above the cell limit so that we say it in our words.
        csv.field_size_limit(MAX_LINE + 1)
        self._reader = csv.reader(self._feed(), delimiter=delimiter, strict=True, quoting=quoting)

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
            if fields and (len(fields) > 1 or fields[0].strip() or self.width == 1):
                return start, fields

    def _feed(self) -> Iterator[str]:
        size = 0
        for line in self._lines:
            self._line += 1
            if len(line) > MAX_LINE:
                raise _long_line(self._line)
            if len(line) > MAX_FIELDS and line.count(self._delimiter) > MAX_FIELDS:
                raise _too_many_fields(self._line)
            size = len(line) if self._line == self._start else size + len(line)
            if size > MAX_LINE:
                raise _open_quote(self._start)
            yield line


def _records(rows: _Rows, table: Table, layout: GridLayout, max_rows: int) -> Iterator[Record]:
    rows.width = width = layout.width
    # Trailing columns without a name may be missing in a row.
    needed = max(layout.kept) + 1
    seen = wrong = 0
    for line, fields in rows:
        if line < layout.first:
            continue
        seen += 1
        check_row_count(seen, max_rows)
        if len(fields) != width:
            if len(fields) < needed or any(field.strip() for field in fields[width:]):
                wrong += 1
                table.flaws.add(_ragged(width), line)
                if wrong > HOPELESS and wrong > seen / 2:
                    raise _mostly_ragged(wrong, seen, table)
                continue
            if len(fields) > width:
                table.flaws.add(_extra_delimiter(), line)
            fields = [*fields[:width], *[""] * (width - len(fields))]
        cells: list[Cell] = list(fields)
        if max(map(len, fields)) > MAX_CELL:
            longest = max(layout.kept, key=lambda at: len(cells[at] or ""))
            raise cell_too_long(line, layout.names[layout.kept.index(longest)])
        yield line, cells
    if not seen:
        raise no_rows(table.columns)
    if wrong > seen / 2:
        raise _mostly_ragged(wrong, seen, table)


def _first_lines(path: Path, encoding: Encoding) -> list[str]:
    sample, size = [], 0
    for line in read_lines(path, encoding, MAX_LINE):
        sample.append(line[:SNIFFED_CHARACTERS])
        size += len(line)
        if size > SNIFFED_CHARACTERS or len(sample) > 4 * SAMPLED_RECORDS:
            break
    return sample


def _ragged(width: int) -> Flaw:
    return Flaw(
        "csv_shape",
        "error",
        stated(
            "These rows do not have the {width} columns of the first line, or their quotes do not close.", width=width
        ),
        stated(
            'Put texts that hold the delimiter or a line break in "double quotes", and double the quotes inside them.'
        ),
        lost=True,
    )


def _extra_delimiter() -> Flaw:
    return Flaw(
        "extra_delimiter",
        "warning",
        stated("These rows end in a delimiter with nothing after it; the empty field was left out."),
        stated("Nothing needs to be done."),
    )


def _plain_quotes() -> Flaw:
    return Flaw(
        "plain_quotes",
        "warning",
        stated("Some fields begin with a quote that never closes, so quotes were read as part of the texts."),
        stated("If quotes are meant to enclose texts, close each one, and double those inside."),
    )


def _mostly_ragged(wrong: int, seen: int, table: Table) -> Rejected:
    rows = next(flaw.rows for flaw in table.flaws.all() if flaw.code == "csv_shape")
    return Rejected(
        "csv_shape",
        stated(
            "{wrong} of {seen} rows do not have the {columns} columns of the first line; the first is row {row}.",
            wrong=wrong,
            seen=seen,
            columns=len(table.columns),
            row=rows[0],
        ),
        stated("Check that the first line names every column, and that texts with the delimiter in them are quoted."),
        details={"rows": rows[:50]},
    )


def _open_quote(line: int) -> Rejected:
    return Rejected(
        "csv_shape",
        stated("A quote that opens in row {line} is never closed.", line=line),
        stated('Close it, or double it ("") if it belongs to the text.'),
        details={"rows": [line]},
    )


def _odd_quotes(line: int) -> Rejected:
    return Rejected(
        "csv_shape",
        stated("The quotes in row {line} do not enclose whole fields.", line=line),
        stated(
            "Put each text that needs it in double quotes, double those inside, and end every row with a line break."
        ),
        details={"rows": [line]},
    )


def _long_line(line: int) -> Rejected:
    return Rejected(
        "csv_shape",
        stated("Row {line} is longer than {limit} characters.", line=line, limit=MAX_LINE),
        stated("Check that the file has line ends and is what its name says."),
        details={"rows": [line]},
    )


def _too_many_fields(line: int) -> Rejected:
    return Rejected(
        "csv_shape",
        stated("Row {line} has more than {limit} fields.", line=line, limit=MAX_FIELDS),
        stated("Check that the file has line ends and is what its name says."),
        details={"rows": [line]},
    )
