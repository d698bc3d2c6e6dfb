"""The report's notes on oddities of grids: names, columns and rows that were left out, kept or filled."""

from collections.abc import Sequence

from app.languages import stated
from app.readers.table import Flaw, first_of


def found_header(number: int) -> Flaw:
    """Names that do not stand in the first row."""
    return Flaw(
        "header_row",
        "warning",
        stated("The column names were taken from row {number}; the rows above it were left out.", number=number),
        stated("Name another row with the column names below if these are wrong."),
    )


def no_header(names: Sequence[str]) -> Flaw:
    """A first row that is data."""
    return Flaw(
        "no_header",
        "warning",
        stated(
            "The first row looks like data, not like column names; it was kept, and the columns are called {names}.",
            names=first_of([f"“{name}”" for name in names[:5]], len(names)),
        ),
        stated("If it does hold the column names, say so where the file can be read in another way."),
    )


def doubtful_header() -> Flaw:
    """A first row that may be data."""
    return Flaw(
        "header_doubt",
        "warning",
        stated("The first row may be data; it was read as the column names."),
        stated("If it is data, say so where the file can be read in another way (no header); it is kept then."),
    )


def second_header(rows: Sequence[int]) -> Flaw:
    """Rows below the names that explain the columns."""
    return Flaw(
        "second_header",
        "warning",
        stated("Row {row} explains the columns, below their names; no data was read from there.", row=rows[0])
        if len(rows) == 1
        else stated(
            "Rows {first} to {last} explain the columns, below their names; no data was read from there.",
            first=rows[0],
            last=rows[-1],
        ),
        stated("If these rows are examples, say so where the file can be read in another way."),
    )


def empty_columns(at: Sequence[int]) -> Flaw:
    """Columns without name and values, by their positions from 0."""
    return Flaw(
        "empty_columns",
        "warning",
        stated("Column {column} has neither a name nor any value, and was left out.", column=at[0] + 1)
        if len(at) == 1
        else stated("Columns {columns} have neither a name nor any value, and were left out.", columns=_numbers(at)),
        stated("Nothing needs to be done."),
    )


def row_numbers(at: Sequence[int]) -> Flaw:
    """Columns that count the rows, by their positions from 0."""
    return Flaw(
        "row_numbers",
        "warning",
        stated("Column {column} has no name and only counts the rows; left out.", column=at[0] + 1)
        if len(at) == 1
        else stated("Columns {columns} have no name and only count the rows; left out.", columns=_numbers(at)),
        stated("Nothing needs to be done; give the column a name if you need it."),
    )


def _numbers(at: Sequence[int]) -> str:
    return ", ".join(str(n + 1) for n in at[:10])


def repeated_header() -> Flaw:
    """Rows that repeat the names."""
    return Flaw(
        "repeated_header",
        "warning",
        stated(
            "These rows repeat the column names, as in tables that were put together; they are no examples "
            "and were left out."
        ),
        stated("If they are meant, say so where the file can be read in another way."),
    )


def total_rows() -> Flaw:
    """Rows of totals."""
    return Flaw(
        "total_rows",
        "warning",
        stated("These rows hold totals of the rows above; they are no examples and were left out."),
        stated("If they are meant, say so where the file can be read in another way."),
    )


def filled_column(name: str) -> Flaw:
    """Empty cells that were filled with the value above."""
    return Flaw(
        "fill_down",
        "warning",
        stated("In these rows, {name} was empty and was filled with the value above.", name=repr(name)),
        stated("Look at a few of them."),
        column=name,
    )


def written_once(name: str, empty: int, rows: int) -> Flaw:
    """A column whose values may stand for the empty rows below them."""
    return Flaw(
        "fill_down",
        "warning",
        stated(
            "In {name}, {empty} of {rows} rows are empty: each value may stand for the rows below it.",
            name=repr(name),
            empty=empty,
            rows=rows,
        ),
        stated("If so, choose to fill empty cells with the value above where the file can be read in another way."),
        column=name,
    )
