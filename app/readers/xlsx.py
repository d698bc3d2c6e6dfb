"""Reads one sheet of an XLSX workbook: the first with a table unless another is chosen, values as they are stored."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from app.errors import Rejected
from app.languages import stated
from app.readers.grids import SEARCHED_ROWS, Grid, GridLayout
from app.readers.repairs import is_wanted, note_repair
from app.readers.sheet import SheetRow, fill_merged, read_merges, read_rows
from app.readers.source import Choices, FileHead, Source
from app.readers.table import Cell, Flaw, Record, Table, bad_character, is_text, no_rows
from app.readers.workbook import Sheet, Workbook, encrypted, open_workbook

EXTENSIONS = ("xlsx", "xlsm")
NAME = stated("an Excel workbook")
ZIP_MARK, OLE_MARK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The name of the stream that holds a workbook with a password, as OLE files write it.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


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
            raise encrypted()
    book = open_workbook(source.path)
    sheet, others = _choose_sheet(book, source.choices.sheet)
    table = Table("xlsx", "utf-8", [], iter(()))
    cells = _SheetCells(book, sheet, source.choices, table)
    grid = Grid(cells.rows, source.choices, table.flaws, table.found, free=True)
    layout = grid.layout()
    if layout is None:
        raise no_rows([])
    table.columns = layout.names
    names = [other.name for other in book.sheets]
    table.found |= {"sheet": sheet.name, "sheets": names, "header_row": layout.header}
    if others:
        table.flaws.add(_other_sheets(sheet, others))
    table.records = grid.repair(layout, cells.records(layout))
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
        raise Rejected(
            "xlsx_sheet",
            stated("The workbook has no sheet {named}.", named=repr(named[:60])),
            stated("It has: {names}.", names=names),
        )
    visible = [sheet for sheet in book.sheets if not sheet.hidden] or book.sheets
    filled = [sheet for sheet in visible[:50] if len(list(islice(read_rows(book, sheet.part), 2))) == 2]
    sheet = (filled or visible)[0]
    return sheet, [other for other in filled if other is not sheet]


class _SheetCells:
    """The cells of one sheet from its first used column on, with merged cells filled."""

    def __init__(self, book: Workbook, sheet: Sheet, choices: Choices, table: Table) -> None:
        self._book, self._sheet, self._table = book, sheet, table
        self._wanted = choices.header_row
        self._merges = read_merges(book, sheet.part)
        self._filling = is_wanted(choices.repairs, "merged_cells")
        if self._merges:
            note_repair(table.found, "merged_cells", self._filling)
        first = list(islice(self._sheet_rows(), SEARCHED_ROWS))
        if self._wanted and (not first or first[0].number != self._wanted):
            raise Rejected(
                "no_rows",
                stated("Row {row} of the sheet {name} is empty.", row=self._wanted, name=repr(sheet.name[:60])),
                stated("Name another row."),
            )
        self._left = min((column for row in first for column in row.cells), default=0)

    def rows(self) -> Iterator[tuple[int, list[Cell]]]:
        """Number and cells of every row that has any."""
        for row in self._sheet_rows():
            if row.cells:
                yield row.number, [row.cells.get(column) for column in range(self._left, max(row.cells) + 1)]

    def records(self, layout: GridLayout) -> Iterator[Record]:
        """Rows of full width; whatever is odd in the columns that are read is reported."""
        width, left = layout.width, self._left
        found = False
        for row in self._sheet_rows():
            if row.number < layout.first or not (row.cells or row.uncomputed):
                continue
            found = True
            if any(not left <= column < left + width for column in row.cells):
                self._table.flaws.add(_outside(), row.number)
                continue
            cells: list[Cell] = [row.cells.get(column) for column in range(left, left + width)]
            if any(cell and not is_text(cell) for cell in cells):
                self._table.flaws.add(bad_character(), row.number)
                continue
            self._note(row, {left + at: name for at, name in zip(layout.kept, layout.names, strict=True)})
            yield row.number, cells
        if not found:
            raise no_rows(self._table.columns)

    def _sheet_rows(self) -> Iterator[SheetRow]:
        rows = (row for row in read_rows(self._book, self._sheet.part) if row.number >= self._wanted)
        return fill_merged(rows, self._merges) if self._filling and self._merges else rows

    def _note(self, row: SheetRow, names: Mapping[int, str]) -> None:
        for columns, flaw in (
            (row.merged, _merged),
            (row.formulas, _formula),
            (row.uncomputed, _uncomputed),
            (row.errors, _error),
        ):
            for column in columns:
                if column in names:
                    self._table.flaws.add(flaw(names[column]), row.number)


def _other_sheets(sheet: Sheet, others: Sequence[Sheet]) -> Flaw:
    names = ", ".join(repr(other.name[:40]) for other in others[:10])
    return Flaw(
        "other_sheets",
        "warning",
        stated("The sheet {name} was read; the workbook also holds {names}.", name=repr(sheet.name[:60]), names=names),
        stated("Name another sheet if that is the one you mean."),
    )


def _outside() -> Flaw:
    return Flaw(
        "xlsx_shape",
        "error",
        stated("These rows have values beside the named columns."),
        stated("Give every column a name in the header row, or clear those cells."),
        lost=True,
    )


def _merged(column: str) -> Flaw:
    return Flaw(
        "merged_cells",
        "warning",
        stated(
            "In {column}, cells are merged over several rows; their value was filled into each of these rows.",
            column=repr(column),
        ),
        stated("If it belongs to the first row only, say so where the file can be read in another way."),
        column=column,
    )


def _formula(column: str) -> Flaw:
    return Flaw(
        "xlsx_formula",
        "warning",
        stated(
            "In these rows, {column} holds formulas; their results were read as the spreadsheet program stored them.",
            column=repr(column),
        ),
        stated("Check the results in the preview."),
        column=column,
    )


def _uncomputed(column: str) -> Flaw:
    return Flaw(
        "xlsx_uncomputed",
        "error",
        stated("In these rows, {column} holds formulas without a stored result.", column=repr(column)),
        stated("Open the workbook in a spreadsheet program and save it once."),
        column=column,
    )


def _error(column: str) -> Flaw:
    return Flaw(
        "xlsx_error",
        "error",
        stated("In these rows, {column} holds an error such as #N/A instead of a value.", column=repr(column)),
        stated("Correct the formula or type the value."),
        column=column,
    )
