"""The report's notes on oddities of grids: names, columns and rows that were left out, kept or filled."""

from collections.abc import Sequence

from app.readers.table import Flaw


def found_header(number: int) -> Flaw:
    """Names that do not stand in the first row."""
    return Flaw(
        "header_row",
        "warning",
        f"The column names were taken from row {number:,}; the rows above it were left out.",
        "Name another row with the column names below if these are wrong.",
    )


def no_header(names: Sequence[str]) -> Flaw:
    """A first row that is data."""
    return Flaw(
        "no_header",
        "warning",
        f"The first row looks like data, not like column names; it was kept, and the columns are called {_listed(names)}.",
        "If it does hold the column names, say so where the file can be read in another way.",
    )


def doubtful_header() -> Flaw:
    """A first row that may be data."""
    return Flaw(
        "header_doubt",
        "warning",
        "The first row may be data; it was read as the column names.",
        "If it is data, say so where the file can be read in another way (no header); it is kept then.",
    )


def second_header(rows: Sequence[int]) -> Flaw:
    """Rows below the names that explain the columns."""
    shown = f"Row {rows[0]} explains" if len(rows) == 1 else f"Rows {rows[0]} to {rows[-1]} explain"
    return Flaw(
        "second_header",
        "warning",
        f"{shown} the columns, below their names; no data was read from there.",
        "If these rows are examples, say so where the file can be read in another way.",
    )


def empty_columns(at: Sequence[int]) -> Flaw:
    """Columns without name and values, by their positions from 0."""
    return Flaw(
        "empty_columns",
        "warning",
        f"{_columns(at)} neither a name nor any value, and {'was' if len(at) == 1 else 'were'} left out.",
        "Nothing needs to be done.",
    )


def row_numbers(at: Sequence[int]) -> Flaw:
    """Columns that count the rows, by their positions from 0."""
    return Flaw(
        "row_numbers",
        "warning",
        f"{_columns(at)} no name and only count{'s' if len(at) == 1 else ''} the rows; left out.",
        "Nothing needs to be done; give the column a name if you need it.",
    )


def _columns(at: Sequence[int]) -> str:
    numbers = [str(n + 1) for n in at]
    return f"Column {numbers[0]} has" if len(at) == 1 else f"Columns {', '.join(numbers[:10])} have"


def repeated_header() -> Flaw:
    """Rows that repeat the names."""
    return Flaw(
        "repeated_header",
        "warning",
        "These rows repeat the column names, as in tables that were put together; they are no examples and were left out.",
        "If they are meant, say so where the file can be read in another way.",
    )


def total_rows() -> Flaw:
    """Rows of totals."""
    return Flaw(
        "total_rows",
        "warning",
        "These rows hold totals of the rows above; they are no examples and were left out.",
        "If they are meant, say so where the file can be read in another way.",
    )


def filled_column(name: str) -> Flaw:
    """Empty cells that were filled with the value above."""
    return Flaw(
        "fill_down",
        "warning",
        f"In these rows, {name!r} was empty and was filled with the value above.",
        "Look at a few of them.",
        column=name,
    )


def written_once(name: str, empty: int, rows: int) -> Flaw:
    """A column whose values may stand for the empty rows below them."""
    return Flaw(
        "fill_down",
        "warning",
        f"In {name!r}, {empty:,} of {rows:,} rows are empty: each value may stand for the rows below it.",
        "If so, choose to fill empty cells with the value above where the file can be read in another way.",
        column=name,
    )


def _listed(names: Sequence[str]) -> str:
    shown = [f"“{name}”" for name in names[:5]]
    return ", ".join(shown) + (" and so on" if len(names) > 5 else "")
