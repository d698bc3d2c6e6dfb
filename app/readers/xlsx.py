"""Reads one sheet of an XLSX workbook: the first with a table unless another is chosen, values as they are stored."""

from collections.abc import Iterator, Sequence
from itertools import islice

from app.errors import Rejected
from app.readers.sheet import SheetRow, read_rows
from app.readers.source import FileHead, Source
from app.readers.table import Cell, Flaw, Record, Table, bad_character, check_columns, is_text, no_rows
from app.readers.workbook import Sheet, Workbook, open_workbook, refused

EXTENSIONS = ("xlsx", "xlsm")
NAME = "an Excel workbook"
ZIP_MARK, OLE_MARK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The name of the stream that holds a workbook with a password, as OLE files write it.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
SEARCHED_ROWS = 20


def fits(sample: FileHead) -> bool:
    """Whether it is a ZIP file with the parts of a workbook, or called so and no text."""
    if sample.head.startswith(OLE_MARK):
        return _is_encrypted(sample.source)
    if not sample.head.startswith(ZIP_MARK):
        return False
    return sample.extension in EXTENSIONS or b"xl/workbook" in sample.head or _lists_workbook(sample.source)


def read(source: Source) -> Table:
    """Open a sheet; rows have the numbers that the spreadsheet program shows.

    Raises:
        Rejected: ``xlsx_encrypted``, ``xlsx_corrupt``, ``xlsx_macros``, ``xlsx_links``, ``xlsx_entities``,
            ``xlsx_too_large``, ``xlsx_sheet`` and the general codes; also while records are read.
    """
    with source.path.open("rb") as opened:
        if opened.read(len(OLE_MARK)) == OLE_MARK:
            raise refused("xlsx_encrypted", "is protected with a password", "Remove the password and save it again.")
    book = open_workbook(source.path)
    sheet, others = _choose_sheet(book, source.choices.sheet)
    header, table = _header(book, sheet, source.choices.header_row)
    table.found = {"sheet": sheet.name, "sheets": [other.name for other in book.sheets], "header_row": header.number}
    if others:
        table.flaws.add(_other_sheets(sheet, others))
    table.records = _records(book, sheet, header, table)
    return table


def _is_encrypted(source: Source) -> bool:
    with source.path.open("rb") as opened:
        return _ENCRYPTED in opened.read(4 * 1024 * 1024)


def _lists_workbook(source: Source) -> bool:
    with source.path.open("rb") as opened:
        opened.seek(max(0, source.path.stat().st_size - 1024 * 1024))
        return b"xl/workbook" in opened.read()


def _choose_sheet(book: Workbook, named: str) -> tuple[Sheet, list[Sheet]]:
    """The sheet to read, and the other ones that hold something."""
    if named:
        for number, sheet in enumerate(book.sheets, start=1):
            if named.strip().casefold() == sheet.name.casefold() or named.strip() == str(number):
                return sheet, []
        names = ", ".join(repr(sheet.name[:40]) for sheet in book.sheets[:20])
        raise Rejected("xlsx_sheet", f"The workbook has no sheet {named[:60]!r}.", f"It has: {names}.")
    visible = [sheet for sheet in book.sheets if not sheet.hidden] or book.sheets
    filled = [sheet for sheet in visible[:50] if len(list(islice(read_rows(book, sheet.part), 2))) == 2]
    sheet = (filled or visible)[0]
    return sheet, [other for other in filled if other is not sheet]


def _header(book: Workbook, sheet: Sheet, wanted: int) -> tuple[SheetRow, Table]:
    rows = (row for row in read_rows(book, sheet.part) if row.number >= wanted)
    first = list(islice(rows, SEARCHED_ROWS))
    if wanted and (not first or first[0].number != wanted):
        raise Rejected("no_rows", f"Row {wanted:,} of the sheet {sheet.name[:60]!r} is empty.", "Name another row.")
    if not first:
        raise no_rows([])
    header = first[0] if wanted else _find_header(first)
    names = _names(header, [row for row in first if row.number > header.number])
    table = Table("xlsx", "utf-8", check_columns(names), iter(()))
    if header is not first[0]:
        table.flaws.add(_found_header(header))
    return header, table


def _find_header(first: Sequence[SheetRow]) -> SheetRow:
    """The first row that fills as many cells as most rows below: titles and remarks above a table fill fewer."""
    counts = [len(row.cells) for row in first]
    usual = max(set(counts), key=lambda count: (counts.count(count), count))
    if counts[0] >= min(usual, 2):
        return first[0]
    return next(row for row, count in zip(first, counts, strict=True) if count >= usual)


def _names(header: SheetRow, below: Sequence[SheetRow]) -> list[str]:
    """The cells of the header from the first to the last one, with blanks where most rows below go further."""
    named = {*header.cells} or {0}
    further = [column for row in below for column in row.cells]
    used = named | {column for column in {*further} if 2 * further.count(column) > len(below)}
    return [header.cells.get(column, "") for column in range(min(used), max(used) + 1)]


def _records(book: Workbook, sheet: Sheet, header: SheetRow, table: Table) -> Iterator[Record]:
    left, width = min(header.cells), len(table.columns)
    found = False
    for row in read_rows(book, sheet.part):
        if row.number <= header.number or not (row.cells or row.uncomputed):
            continue
        found = True
        if any(not left <= column < left + width for column in row.cells):
            table.flaws.add(_outside(), row.number)
            continue
        cells: list[Cell] = [row.cells.get(column) for column in range(left, left + width)]
        if any(cell and not is_text(cell) for cell in cells):
            table.flaws.add(bad_character(), row.number)
            continue
        _note(row, left, table)
        yield row.number, cells
    if not found:
        raise no_rows(table.columns)


def _note(row: SheetRow, left: int, table: Table) -> None:
    for columns, flaw in ((row.formulas, _formula), (row.uncomputed, _uncomputed), (row.errors, _error)):
        for column in columns:
            if left <= column < left + len(table.columns):
                table.flaws.add(flaw(table.columns[column - left]), row.number)


def _other_sheets(sheet: Sheet, others: Sequence[Sheet]) -> Flaw:
    names = ", ".join(repr(other.name[:40]) for other in others[:10])
    return Flaw(
        "other_sheets",
        "warning",
        f"The sheet {sheet.name[:60]!r} was read; the workbook also holds {names}.",
        "Name another sheet if that is the one you mean.",
    )


def _found_header(header: SheetRow) -> Flaw:
    return Flaw(
        "header_row",
        "warning",
        f"The column names were taken from row {header.number:,}; the rows above it were left out.",
        "Name another row if the column names are wrong.",
        rows=[header.number],
    )


def _outside() -> Flaw:
    return Flaw(
        "xlsx_shape",
        "error",
        "These rows have values beside the named columns.",
        "Give every column a name in the header row, or clear those cells.",
        lost=True,
    )


def _formula(column: str) -> Flaw:
    return Flaw(
        "xlsx_formula",
        "warning",
        f"In these rows, {column!r} holds formulas; their results were read as the spreadsheet program stored them.",
        "Check the results in the preview.",
        column=column,
    )


def _uncomputed(column: str) -> Flaw:
    return Flaw(
        "xlsx_uncomputed",
        "error",
        f"In these rows, {column!r} holds formulas without a stored result.",
        "Open the workbook in a spreadsheet program and save it once.",
        column=column,
    )


def _error(column: str) -> Flaw:
    return Flaw(
        "xlsx_error",
        "error",
        f"In these rows, {column!r} holds an error such as #N/A instead of a value.",
        "Correct the formula or type the value.",
        column=column,
    )
