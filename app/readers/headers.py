"""Tells column names from data: whether a row can hold names, and what speaks for and against it.

Looks at a row and at a sample of the rows below it; cells are texts or None.
"""

import re
from collections import Counter
from collections.abc import Sequence

from app.readers.table import Cell

Cells = Sequence[Cell]

MAX_NAME_CHARACTERS = 40
# A text has more words than a name.
TEXT_WORDS = 5
# Values of which each comes several times are labels, numbers or the like; beyond so many different ones they are not.
MAX_RECURRING = 30
_NUMBER = re.compile(r"[-+]?\d[\d.,' ]*%?$")
_DIGITS, _LETTERS = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")


def looks_like_names(row: Cells, below: Sequence[Cells]) -> bool:
    """Whether every cell is a short name, none comes twice, and none is a value of its own column."""
    names = [(cell or "").strip() for cell in row]
    if not all(names) or len(set(names)) < len(names) or any(map(is_number, names)):
        return False
    if any(len(name) > MAX_NAME_CHARACTERS or name[-1] in ".!?," for name in names):
        return False
    return not any(name in _column(below, at) for at, name in enumerate(names))


def data_votes(row: Cells, below: Sequence[Cells]) -> list[int]:
    """For each column with a cell, how much speaks for data (above 0) or for a name (below 0) in the row."""
    votes = []
    for at, cell in enumerate(row):
        name, values = (cell or "").strip(), _column(below, at)
        if name and len(values) >= 2:
            votes.append(_vote(name, values))
    return votes


def is_number(cell: Cell) -> bool:
    """Whether a cell holds a number, however it is grouped."""
    return bool(cell) and _NUMBER.match((cell or "").strip()) is not None


def _vote(name: str, values: Sequence[str]) -> int:
    if _recurs(values):
        return 2 if values.count(name) > 1 else 0 if name in values else -2
    if sum(map(is_number, values)) > 0.9 * len(values):
        return 1 if is_number(name) else -2
    words = sorted(len(value.split()) for value in values)[len(values) // 2]
    if words >= TEXT_WORDS:
        # A question above answers is a name, as surveys have it.
        asks = name.endswith("?") and sum(value.endswith("?") for value in values) < len(values) / 4
        return 2 if len(name.split()) >= TEXT_WORDS and not asks else -2
    return _shape_vote(name, values)


def _recurs(values: Sequence[str]) -> bool:
    """Whether a few values fill the column, each several times."""
    counts = Counter(values)
    return len(values) >= 6 and len(counts) <= MAX_RECURRING and 3 * len(counts) <= len(values)


def _shape_vote(name: str, values: Sequence[str]) -> int:
    """Ids, moments and addresses have one shape throughout: letters and digits in the same places."""
    shapes = Counter(map(_shape, values))
    shape, count = shapes.most_common(1)[0]
    if count < 0.8 * len(values) or "9" not in shape:
        return 0
    return 1 if _shape(name) == shape else -1


def _shape(text: str) -> str:
    return _LETTERS.sub("a", _DIGITS.sub("9", text))


def _column(rows: Sequence[Cells], at: int) -> list[str]:
    cells = (row[at] for row in rows if at < len(row))
    return [cell.strip() for cell in cells if cell and cell.strip()]
