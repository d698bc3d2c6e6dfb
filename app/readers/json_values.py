"""Strict JSON for both JSON readers: parses values and turns objects into cells, telling what had to be changed.

Refuses what JSON does not have (NaN, repeated keys) and what would hurt (depth, endless numbers).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.errors import Rejected
from app.readers.table import MAX_CELL, Cell, Flaw, Flaws, bad_character, cell_too_long, column_name, is_text

MAX_DEPTH = 64
MAX_DIGITS = 100
# More commas and brackets than this in one row are no example of anybody's; as values they would fill the memory.
MAX_VALUES = 1_100_000


class RefusedValue(ValueError):
    """A value that JSON's grammar allows or Python would read, but that is refused; the text says why."""


class _Decimal(float):
    """A number with the characters it was written with, so that 1.10 stays 1.10."""

    written: str


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise RefusedValue(f"a number with {len(text):,} digits")
    return int(text)


def _decimal(text: str) -> _Decimal:
    value = _Decimal(text)
    if len(text) > MAX_DIGITS or value in (float("inf"), float("-inf")):
        raise RefusedValue(f"a number that is too large or too long: {text[:20]}...")
    value.written = text
    return value


def _constant(text: str) -> None:
    raise RefusedValue(f"{text}, which JSON does not have")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise RefusedValue(f"the key {next(key for key in keys if keys.count(key) > 1)[:60]!r} twice in one object")
    return made


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_constant, strict=False
)


class Cells:
    """Turns objects into rows of cells and notes nested values, mixed types and unusable characters."""

    def __init__(self, keys: Sequence[str], flaws: Flaws) -> None:
        self._keys = [(key, column_name(key)) for key in keys]
        self._flaws = flaws
        self._kinds: dict[str, type] = {}

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
        if len(value) < len(self._keys):
            self._flaws.add(_mixed_keys(), line)
        return cells

    def _as_text(self, line: int, column: str, value: Any) -> Cell:
        if value is None:
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, _Decimal):
            return value.written
        if isinstance(value, dict | list):
            self._flaws.add(_nested(column), line)
            return json.dumps(value, ensure_ascii=False)
        return str(value)

    def _watch_kind(self, line: int, column: str, value: Any) -> None:
        kind = _kind(value)
        first = self._kinds.setdefault(column, kind)
        if kind is not first and kind is not list and first is not list:
            self._flaws.add(_mixed_types(column), line)


def check_depth(value: Any, room: int = MAX_DEPTH) -> None:
    """Refuse values that are nested deeper than anybody's data.

    Raises:
        RefusedValue: nested deeper than ``MAX_DEPTH``.
    """
    if room < 0:
        raise RefusedValue(f"a nesting of lists and objects more than {MAX_DEPTH} deep")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        if isinstance(item, dict | list):
            check_depth(item, room - 1)


def check_count(text: str) -> None:
    """Refuse, before parsing it, a value of too many parts.

    Raises:
        RefusedValue: more commas and brackets than ``MAX_VALUES``.
    """
    if len(text) > MAX_VALUES and sum(map(text.count, ",[{")) > MAX_VALUES:
        raise RefusedValue(f"a row with more than {MAX_VALUES:,} values")


def parse(read: Callable[[], Any]) -> Any:
    """Run a parse and tell every way to fail as ``ValueError``."""
    try:
        value = read()
    except RecursionError:
        raise RefusedValue(f"a nesting of lists and objects more than {MAX_DEPTH} deep") from None
    # `raw_decode` gives the value with the place where it ends.
    check_depth(value[0] if isinstance(value, tuple) else value)
    return value


def broken(line: int, column: int, reason: str) -> Rejected:
    """The refusal of a file that is not JSON."""
    return Rejected(
        "json",
        f"Line {line:,}, character {column:,}: {reason}.",
        "Correct that place; a comma after the last item and single quotes are frequent causes.",
        details={"rows": [line], "column": column},
    )


def not_an_object() -> Flaw:
    """The flaw of rows that are lists, numbers or texts."""
    return Flaw(
        "row_not_object",
        "error",
        "These rows are not objects with named values.",
        'Write every row as {"column": "value", ...}.',
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
        f"In these rows, {column!r} holds a list or an object instead of a text.",
        "Write one plain text or number there.",
        column=column,
    )


def _mixed_types(column: str) -> Flaw:
    return Flaw(
        "mixed_types",
        "warning",
        f'In {column!r}, these rows have another type than the first one, such as 1 beside "1"; all are read as text.',
        "Write the same type in every row.",
        column=column,
    )


def _mixed_keys() -> Flaw:
    return Flaw(
        "mixed_keys",
        "warning",
        "These rows lack some of the columns that other rows have.",
        "Check that the file does not mix two formats; missing values are read as empty.",
    )
