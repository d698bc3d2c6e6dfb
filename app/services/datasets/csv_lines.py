"""Lines of CSV for spreadsheets: what they would evaluate as a formula is made text."""

import csv
import io
from collections.abc import Callable, Sequence

from app.catalog.task_types.text_patterns import is_number

# Tells Excel that the file is UTF-8.
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Spreadsheets evaluate cells that begin with these as formulas (OWASP, "CSV Injection").
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def escape_formula(cell: str | None) -> str | None:
    """The cell, prefixed with an apostrophe if a spreadsheet would evaluate it; numbers stay as they are."""
    if cell and cell.startswith(FORMULA_PREFIXES) and not is_number(cell):
        return "'" + cell
    return cell


class CsvLines:
    """Formats lines of CSV with escaped formulas."""

    def __init__(self, raw: bool = False) -> None:
        self._out = io.StringIO()
        self._writer = csv.writer(self._out, lineterminator="\r\n")
        self._clean: Callable[[str | None], str | None] = (lambda cell: cell) if raw else escape_formula

    def line(self, cells: Sequence[str | None]) -> bytes:
        """One line of CSV; empty cells are written as nothing."""
        self._writer.writerow([self._clean(cell) for cell in cells])
        text = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return text.encode("utf-8", "replace")
