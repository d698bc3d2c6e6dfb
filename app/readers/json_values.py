"""Strict JSON for both JSON readers: parses values and turns objects into cells, telling what had to be changed.

Refuses what JSON does not have (NaN, repeated keys) and what would hurt (depth, endless numbers).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import Rejected
from app.languages import stated, stated_list
from app.readers.table import MAX_CELL, Cell, Flaw, Flaws, bad_character, cell_too_long, column_name, is_text

MAX_DEPTH = 64
MAX_DIGITS = 100
# More commas and brackets than this in one row are no example of anybody's; as values they would fill the memory.
MAX_VALUES = 1_100_000


class RefusedValue(ValueError):
    """A value that JSON's grammar allows or Python would read, but that is refused; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Decimal(float):
    """A number with the characters it was written with, so that 1.10 stays 1.10."""

    written: str


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise RefusedValue(stated("there is a number with {count} digits", count=len(text)))
    return int(text)


def _decimal(text: str) -> _Decimal:
    value = _Decimal(text)
    if len(text) > MAX_DIGITS or value in (float("inf"), float("-inf")):
        raise RefusedValue(stated("there is a number that is too large or too long: {number}...", number=text[:20]))
    value.written = text
    return value


@dataclass(frozen=True)
class NotNumber:
    """``NaN`` or ``Infinity``, which Python writes for a missing number and JSON does not have."""

    written: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise RefusedValue(stated("there is the key {key} twice in one object", key=repr(twice[:60])))
    return made


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=NotNumber, strict=False
)


class Cells:
    """Turns objects into rows of cells and notes nested values, mixed types, odd keys and unusable characters.

    Args:
        keys: of all objects.
        flaws: where everything is noted.
        counts: key -> objects that have it.
        total: objects.
    """

    def __init__(self, keys: Sequence[str], flaws: Flaws, counts: Mapping[str, int], total: int) -> None:
        self._keys = [(key, column_name(key)) for key in keys]
        self._flaws = flaws
        self._kinds: dict[str, type] = {}
        self._usual = {key for key in keys if 2 * counts[key] > total}
        self._mixed = _mixed_keys(counts, total, self._usual)

    def row(self, line: int, value: Mapping[str, Any]) -> list[Cell] | None:
        """The cells in the order of the columns; None if the row cannot be used."""
        cells: list[Cell] = []
        for key, column in self._keys:
            given = value.get(key)
            cell = given if type(given) is str else self._as_text(line, column, given)
            if cell is not None:
                if len(cell) > MAX_CELL:
                    raise cell_too_long(line, column)
                if not is_text(cell):
                    self._flaws.add(bad_character(), line)
                    return None
                self._watch_kind(line, column, given)
            cells.append(cell)
        if len(value) != len(self._usual) or value.keys() != self._usual:
            self._flaws.add(self._mixed, line)
        return cells

    def _as_text(self, line: int, column: str, value: Any) -> Cell:
        if isinstance(value, NotNumber):
            self._flaws.add(_not_a_number(column, value.written), line)
        if isinstance(value, dict | list):
            self._flaws.add(_nested(column), line)
            return json.dumps(value, ensure_ascii=False, default=lambda _: None)
        return plain_text(value)

    def _watch_kind(self, line: int, column: str, value: Any) -> None:
        kind = _kind(value)
        first = self._kinds.setdefault(column, kind)
        if kind is not first and kind is not list and first is not list:
            self._flaws.add(_mixed_types(column), line)


def plain_text(value: Any) -> Cell:
    """A value that is no list or object as the text of a cell, numbers as they are written; None where it is missing."""
    if value is None or isinstance(value, NotNumber):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.written if isinstance(value, _Decimal) else str(value)


def check_depth(value: Any, room: int = MAX_DEPTH) -> None:
    """Refuse values that are nested deeper than anybody's data.

    Raises:
        RefusedValue: nested deeper than ``MAX_DEPTH``.
    """
    if room < 0:
        raise _too_deep()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        if isinstance(item, dict | list):
            check_depth(item, room - 1)


def _too_deep() -> RefusedValue:
    return RefusedValue(stated("there is a nesting of lists and objects more than {limit} deep", limit=MAX_DEPTH))


def check_count(text: str) -> None:
    """Refuse, before parsing it, a value of too many parts.

    Raises:
        RefusedValue: more commas and brackets than ``MAX_VALUES``.
    """
    if len(text) > MAX_VALUES and sum(map(text.count, ",[{")) > MAX_VALUES:
        raise RefusedValue(stated("there is a row with more than {limit} values", limit=MAX_VALUES))


def parse(read: Callable[[], Any]) -> Any:
    """Run a parse and tell every way to fail as ``ValueError``."""
    try:
        value = read()
    except RecursionError:
        raise _too_deep() from None
    # `raw_decode` gives the value with the place where it ends.
    check_depth(value[0] if isinstance(value, tuple) else value)
    return value


def is_hollow(value: Any) -> bool:
    """Whether an object has no value but ``NaN`` and the like."""
    return isinstance(value, dict) and bool(value) and all(isinstance(inner, NotNumber) for inner in value.values())


def hollow_words(value: Any) -> str:
    """What is wrong with such an object."""
    return stated("there is {written}, which JSON does not have", written=next(iter(value.values())).written)


def hollow_row(line: int, value: Any) -> Flaw:
    """The flaw of rows that are such objects."""
    return Flaw(
        "json",
        "error",
        stated("These rows hold no value. In row {line}, {reason}.", line=line, reason=hollow_words(value)),
        stated("Write the values, or remove these rows."),
        lost=True,
    )


def fault_words(error: json.JSONDecodeError) -> str:
    """What is wrong at the place of an error, in words that need no knowledge of the parser."""
    stands = error.doc[error.pos : error.pos + 1]
    if stands == "'":
        return stated("there is a single quote; JSON needs double quotes")
    if stands in ("", "\0") and not error.msg.startswith("Extra"):
        return stated("the text ends too early; a quote or bracket is not closed")
    known = (words for start, words in _FAULTS.items() if error.msg.startswith(start))
    return next(known, stated("something is missing here"))


_FAULTS = {
    "Expecting property name": stated("a name in double quotes is missing, or there is a comma after the last item"),
    "Illegal trailing comma": stated("there is a comma after the last item"),
    "Expecting ':'": stated("a colon is missing between a name and its value"),
    "Expecting ','": stated("a comma is missing between two values, or a quote inside a text has no backslash"),
    "Expecting value": stated("a value is missing, or a text has no double quotes"),
    "Extra data": stated("there is more text after the end of the value"),
    "Unterminated string": stated("the text that begins here is never closed by a quote"),
    "Invalid \\": stated("a backslash stands before a character that needs none; write it twice"),
    "Invalid control character": stated("there is a character that cannot be seen"),
}


def broken(line: int, column: int, reason: str) -> Rejected:
    """The refusal of a file that is not JSON."""
    return Rejected(
        "json",
        stated("Line {line}, character {column}: {reason}.", line=line, column=column, reason=reason),
        stated("Correct that place; a comma after the last item and single quotes are frequent causes."),
        details={"rows": [line], "column": column},
    )


def not_an_object() -> Flaw:
    """The flaw of rows that are lists, numbers or texts."""
    return Flaw(
        "row_not_object",
        "error",
        stated("These rows are not objects with named values."),
        stated("Write every row as {example}.", example='{"column": "value", ...}'),
        lost=True,
    )


def _kind(value: Any) -> type:
    if isinstance(value, bool):
        return bool
    if isinstance(value, int | float):
        return float
    return list if isinstance(value, dict | list) else str


def _nested(column: str) -> Flaw:
    return Flaw(
        "nested_value",
        "error",
        stated("In these rows, {column} holds a list or an object instead of a text.", column=repr(column)),
        stated("Write one plain text or number there."),
        column=column,
    )


def _mixed_types(column: str) -> Flaw:
    return Flaw(
        "mixed_types",
        "warning",
        stated(
            'In {column}, these rows have another type than the first one, such as 1 beside "1"; all are read as text.',
            column=repr(column),
        ),
        stated("Write the same type in every row."),
        column=column,
    )


def _mixed_keys(counts: Mapping[str, int], total: int, usual: set[str]) -> Flaw:
    lacking = [
        stated("{key} is missing in {count}", key=repr(key[:40]), count=total - counts[key])
        for key in counts
        if key in usual and counts[key] < total
    ]
    extra = [
        stated("{key} is there in {count} only", key=repr(key[:40]), count=counts[key])
        for key in counts
        if key not in usual
    ]
    named = stated_list([*lacking, *extra][:6], "; ")
    return Flaw(
        "mixed_keys",
        "warning",
        stated("These rows have other columns than most of the {total} rows: {named}.", total=total, named=named),
        stated("Check that the file does not mix two formats; missing values are read as empty."),
    )


def _not_a_number(column: str, written: str) -> Flaw:
    # The word of a broken row, since a row that needs this value is one.
    return Flaw(
        "json",
        "error",
        stated(
            "In these rows, {column} holds {written} instead of a value, which Python writes where a number "
            "is missing.",
            column=repr(column),
            written=written,
        ),
        stated("Fill the value in, or leave these rows out."),
        column=column,
        unused=stated(
            "In {column}, which is not used, {written} stands for a missing value in some rows; it was read as empty.",
            column=repr(column),
            written=written,
        ),
    )
