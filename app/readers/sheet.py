"""Streams the rows of one XLSX sheet: numbers, dates, texts, truth values and the results of formulas as text."""

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from app.errors import Rejected
from app.languages import stated
from app.readers.members import open_archive
from app.readers.table import MAX_CELL, MAX_COLUMNS, cell_too_long, check_column_count
from app.readers.workbook import Attributes, Workbook, XmlFault, holds_bytes, parse_part, refused, unescape

_CELL_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})$")
_AREA = re.compile(r"([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})$")
MAX_MERGES = 100_000
_DAY_ZERO = datetime.datetime(1899, 12, 30)
_DAY_ZERO_1904 = datetime.datetime(1904, 1, 1)
LAST_DAY = 2_958_465
# The width of a sheet in every spreadsheet program.
MAX_CELLS = 16_384


@dataclass
class SheetRow:
    """The filled cells of a row by column number from 0, and which of them are formulas, errors or filled from above."""

    number: int
    cells: dict[int, str] = field(default_factory=dict)
    formulas: list[int] = field(default_factory=list)
    uncomputed: list[int] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)
    merged: list[int] = field(default_factory=list)


@dataclass
class Merge:
    """Cells of one column that are shown as one: the first row, the last one, the column from 0."""

    first: int
    last: int
    column: int


def read_merges(book: Workbook, part: str) -> list[Merge]:
    """The merged cells of a sheet that span several rows.

    Raises:
        Rejected: ``xlsx_corrupt``, ``xlsx_entities``.
    """
    merges: list[Merge] = []

    def start(name: str, given: Attributes) -> None:
        area = _AREA.match(given.get("ref", "")) if name == "mergeCell" and len(merges) < MAX_MERGES else None
        if area and int(area[4]) > int(area[2]):
            merges.append(Merge(int(area[2]), int(area[4]), _column_number(area[1])))

    with closing(open_archive(book.path)) as archive:
        if part in archive.namelist() and holds_bytes(archive, part, b"mergeCell"):
            for _ in parse_part(archive, part, start, lambda _: None):
                pass
    return merges


def read_rows(book: Workbook, part: str) -> Iterator[SheetRow]:
    """Rows with at least one filled cell, in the order of the sheet.

    Raises:
        Rejected: ``xlsx_corrupt``, ``xlsx_entities``, ``cell_too_long``, ``columns``.
    """
    handlers = _Handlers(book)
    with closing(open_archive(book.path)) as archive:
        if part not in archive.namelist():
            raise refused("xlsx_corrupt", stated("The workbook lacks a sheet that its list of sheets names."))
        for _ in parse_part(archive, part, handlers.start, handlers.end, handlers.characters):
            yield from handlers.done
            handlers.done.clear()


def fill_merged(rows: Iterable[SheetRow], merges: Sequence[Merge]) -> Iterator[SheetRow]:
    """The rows, with the value of merged cells in each of their rows."""
    starting: dict[int, list[Merge]] = {}
    for merge in merges:
        starting.setdefault(merge.first, []).append(merge)
    above: dict[int, tuple[str, int]] = {}
    for row in rows:
        for column, (value, last) in list(above.items()):
            if row.number > last:
                del above[column]
            elif column not in row.cells:
                row.cells[column] = value
                row.merged.append(column)
        for merge in starting.get(row.number, ()):
            if merge.column in row.cells:
                above[merge.column] = row.cells[merge.column], merge.last
        yield row


class _Handlers:
    """Takes the parser's events; finished rows wait in ``done``."""

    def __init__(self, book: Workbook) -> None:
        self.done: list[SheetRow] = []
        self._book = book
        self._row = SheetRow(0)
        self._column, self._cells = -1, 0
        self._kind = ""
        self._style = 0
        self._has_formula = False
        self._reading = self._phonetic = False
        self._pieces: list[str] = []
        self._length = 0

    def start(self, name: str, given: Attributes) -> None:
        if name == "c":
            self._begin_cell(given)
        elif name == "row":
            self._row = SheetRow(self._row_number(given.get("r", "")))
            self._column, self._cells = -1, 0
        elif name == "f":
            self._has_formula = True
        elif name == "rPh":
            self._phonetic = True
        elif name == "v" or (name == "t" and not self._phonetic):
            self._reading = True

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._reading = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "c":
            self._finish_cell()
        elif name == "row" and (self._row.cells or self._row.uncomputed):
            self.done.append(self._row)

    def characters(self, data: str) -> None:
        if self._reading:
            self._pieces.append(data)
            self._length += len(data)
            # One character may be written with seven: _x0041_.
            if self._length > 7 * MAX_CELL:
                raise XmlFault(cell_too_long(self._row.number, str(self._column + 1)))

    def _row_number(self, written: str) -> int:
        before = self._row.number
        if not written:
            return before + 1
        number = int(written) if written.isascii() and written.isdigit() and len(written) < 8 else 0
        if number <= before:
            raise XmlFault(
                refused(
                    "xlsx_corrupt",
                    stated(
                        "The workbook has a row numbered {number} after row {before}.",
                        number=repr(written[:20]),
                        before=before,
                    ),
                )
            )
        return number

    def _begin_cell(self, given: Attributes) -> None:
        cell_reference = _CELL_REFERENCE.match(given.get("r", ""))
        self._column = _column_number(cell_reference.group(1)) if cell_reference else self._column + 1
        self._cells += 1
        if self._cells > MAX_CELLS or self._column >= MAX_CELLS:
            raise XmlFault(
                refused(
                    "xlsx_corrupt",
                    stated(
                        "The workbook has more than {limit} cells in row {row}.", limit=MAX_CELLS, row=self._row.number
                    ),
                )
            )
        self._kind = given.get("t", "n")
        style = given.get("s", "0")
        self._style = int(style) if style.isascii() and style.isdigit() else 0
        self._has_formula = False
        self._pieces, self._length = [], 0

    def _finish_cell(self) -> None:
        written = "".join(self._pieces)
        if self._has_formula:
            (self._row.formulas if written else self._row.uncomputed).append(self._column)
        if self._kind == "e" and written:
            self._row.errors.append(self._column)
        text = self._as_text(written) if written else ""
        if len(text) > MAX_CELL:
            raise XmlFault(cell_too_long(self._row.number, str(self._column + 1)))
        if text:
            self._row.cells[self._column] = text
            if len(self._row.cells) > MAX_COLUMNS:
                try:
                    check_column_count(len(self._row.cells))
                except Rejected as error:
                    raise XmlFault(error) from None

    def _as_text(self, written: str) -> str:
        if self._kind == "s":
            try:
                return self._book.shared[int(written)]
            except (ValueError, IndexError):
                raise XmlFault(
                    refused(
                        "xlsx_corrupt",
                        stated("The workbook refers to a text {number} that it lacks.", number=repr(written[:20])),
                    )
                ) from None
        if self._kind == "b":
            return "true" if written.strip() in ("1", "true") else "false"
        if self._kind == "n":
            return self._number(written.strip())
        return unescape(written)

    def _number(self, written: str) -> str:
        try:
            value = float(written)
        except ValueError:
            return written
        dates = self._book.dates
        if self._style < len(dates) and dates[self._style] and 0 <= value <= LAST_DAY:
            return _date(value, self._book.since_1904)
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _date(value: float, since_1904: bool) -> str:
    """ISO form; without the time at midnight, without the day below one day."""
    zero = _DAY_ZERO_1904 if since_1904 else _DAY_ZERO
    # Spreadsheet programs count a 29 February 1900 that never was.
    days = value + 1 if not since_1904 and 1 <= value < 60 else value
    moment = zero + datetime.timedelta(seconds=round(days * 86400))
    if value < 1:
        return moment.time().isoformat()
    return moment.date().isoformat() if moment.time() == datetime.time() else moment.isoformat()
