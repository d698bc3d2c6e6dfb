"""What every reader hands out: column names, a stream of records, and the flaws met on the way.

Cells are text or nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.errors import Rejected, TooLarge
from app.languages import stated, stated_list

Cell = str | None
Record = tuple[int, list[Cell]]

MAX_COLUMNS = 1000
MAX_NAME = 200
# The longest cell in characters; a text beyond it is a broken file or not one example.
MAX_CELL = 1024 * 1024
# The studio adds these two to every stored table.
RESERVED_COLUMNS = ("_id", "_line")


@dataclass
class Flaw:
    """A defect seen while reading.

    Attributes:
        code: word that programs match on.
        severity: ``error`` if the named rows cannot be used, else ``warning``.
        rows: 1-based line or record numbers in the file.
        column: the flaw matters only to who uses this column; empty means the whole row or file.
        lost: the rows could not be read at all, so the table does not hold them.
        unused: the note instead if ``column`` has no role; nothing if empty.
    """

    code: str
    severity: str
    message: str
    hint: str
    rows: list[int] = field(default_factory=list)
    column: str = ""
    lost: bool = False
    unused: str = ""

    def as_dict(self) -> dict[str, Any]:
        """JSON form; ``Flaw(**value)`` reads it back."""
        return dict(vars(self))


class Flaws:
    """Collects rows under one flaw per code and column."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Flaw] = {}
        self._ignored: set[tuple[str, str]] = set()

    def ignore(self, code: str, column: str) -> None:
        """Leave out what was and will be noted of this kind about a column: it was put right."""
        self._ignored.add((code, column))

    def add(self, flaw: Flaw, line: int | None = None) -> None:
        """Note the flaw; the first of its kind brings the words, later ones only their line."""
        known = self._found.setdefault((flaw.code, flaw.column), flaw)
        if line is not None:
            known.rows.append(line)

    def all(self) -> list[Flaw]:
        """Every flaw so far, in the order of first sight."""
        return [flaw for kind, flaw in self._found.items() if kind not in self._ignored]


@dataclass
class Table:
    """One file being read. ``flaws`` is complete once ``records`` has been read to its end.

    ``found`` is what was chosen where a person could choose otherwise, and what else there is: ``{"sheet", "sheets",
    "header_row"}`` of a workbook. ``evaluation`` is the part of an archive that is meant for tests.
    """

    format: str
    encoding: str
    columns: list[str]
    records: Iterator[Record]
    flaws: Flaws = field(default_factory=Flaws)
    found: dict[str, Any] = field(default_factory=dict)
    evaluation: "Table | None" = None


def check_column_count(count: int) -> None:
    """Stop as soon as a file turns out to have too many columns.

    Raises:
        Rejected: ``columns``.
    """
    if count > MAX_COLUMNS:
        raise _bad_columns(
            stated("The file has {count} columns; at most {limit} are read.", count=count, limit=MAX_COLUMNS),
            stated("Remove some."),
        )


def check_row_count(count: int, max_rows: int) -> None:
    """Stop as soon as a file turns out to have too many rows, bad ones included.

    Raises:
        TooLarge: ``too_large``.
    """
    if count > max_rows:
        raise TooLarge(
            "too_large",
            stated("There are more than {max_rows} rows.", max_rows=max_rows),
            stated("Send fewer, or raise STUDIO_MAX_ROWS."),
        )


def column_name(written: str) -> str:
    """A name on one line: without surrounding spaces, and with one space for every break or gap inside."""
    return " ".join(written.split())


def check_columns(names: Sequence[str]) -> list[str]:
    """The names as :func:`column_name` cleans them, or a refusal that says which one is wrong.

    Raises:
        Rejected: ``columns`` for blank, repeated, reserved, overlong or too many names.
    """
    check_column_count(len(names))
    cleaned = [column_name(name) for name in names]
    seen: dict[str, int] = {}
    for number, name in enumerate(cleaned, start=1):
        if not name:
            raise nameless_column(number)
        if not name.isprintable():
            raise _bad_columns(
                stated(
                    "The name of column {number} holds invisible characters: {name}.",
                    number=number,
                    name=repr(name[:60]),
                ),
                stated("Rename it."),
            )
        if name in seen:
            raise _bad_columns(
                stated(
                    "Columns {first} and {number} are both called {name}.",
                    first=seen[name],
                    number=number,
                    name=repr(name[:60]),
                ),
                stated("Rename or remove one of them."),
            )
        if name in RESERVED_COLUMNS:
            raise _bad_columns(
                stated("A column is called {name}, a name that the studio uses itself.", name=repr(name)),
                stated("Rename it."),
            )
        if len(name) > MAX_NAME:
            raise _bad_columns(
                stated(
                    "The name of column {number} has {count} characters: {name}...",
                    number=number,
                    count=len(name),
                    name=repr(name[:40]),
                ),
                stated("Use at most {limit}; does the first line hold the column names?", limit=MAX_NAME),
            )
        seen[name] = number
    return cleaned


def nameless_column(number: int) -> Rejected:
    """The refusal of a column with values but without a name."""
    return _bad_columns(
        stated("Column {number} has no name.", number=number), stated("Give it a name in the first line, or remove it.")
    )


def empty_file() -> Rejected:
    """The refusal of a file with nothing in it."""
    return Rejected("empty_file", stated("The file is empty."), stated("Choose a file that holds your examples."))


def no_rows(columns: Sequence[str]) -> Rejected:
    """The refusal of a file that has column names at most."""
    message = (
        stated("The file has no rows below the column names {names}.", names=", ".join(columns[:10]))
        if columns
        else stated("The file has no rows.")
    )
    return Rejected("no_rows", message, stated("Add your examples, one per row."))


def is_text(cell: str) -> bool:
    """Whether the cell can be stored as text: it has no NUL and no half of a character pair."""
    if "\0" in cell:
        return False
    try:
        return cell.isascii() or bool(cell.encode())
    except UnicodeEncodeError:
        return False


def bad_character() -> Flaw:
    """The flaw of rows with a cell that no text can have (see ``is_text``)."""
    return Flaw(
        "bad_character",
        "error",
        stated("These rows hold a NUL character or half of a character pair, which no text can have."),
        stated("Remove the character from these rows."),
        lost=True,
    )


def usable_records(records: Iterator[Record], columns: Sequence[str], flaws: Flaws) -> Iterator[Record]:
    """The records whose cells can be stored; of the others, the rows are noted.

    Raises:
        Rejected: ``cell_too_long``.
    """
    for line, cells in records:
        for name, cell in zip(columns, cells, strict=True):
            if cell and len(cell) > MAX_CELL:
                raise cell_too_long(line, name)
        if all(cell is None or is_text(cell) for cell in cells):
            yield line, cells
        else:
            flaws.add(bad_character(), line)


def cell_too_long(line: int, column: str) -> Rejected:
    """The refusal of a file with a cell beyond the limit."""
    return Rejected(
        "cell_too_long",
        stated(
            "In row {line}, the column {column} holds more than {limit} characters.",
            line=line,
            column=repr(column[:60]),
            limit=MAX_CELL,
        ),
        stated("Cut the text into several rows; is a closing quote missing?"),
        details={"rows": [line]},
    )


def text_too_long(number: int, file_name: str) -> Rejected:
    """The refusal of an archive in which a file is longer than a cell may be."""
    return Rejected(
        "cell_too_long",
        stated(
            "The text of the file {file} holds more than {limit} characters.", file=repr(file_name[:60]), limit=MAX_CELL
        ),
        stated("Cut the text into several files."),
        details={"rows": [number]},
    )


def first_of(names: Sequence[str], count: int) -> str:
    """Some names for a message, and that there are more if they are fewer than ``count``."""
    listed = stated_list(names)
    return stated("{names} and so on", names=listed) if count > len(names) else listed


def _bad_columns(message: str, hint: str) -> Rejected:
    return Rejected("columns", message, hint)
