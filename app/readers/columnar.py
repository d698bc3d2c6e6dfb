"""Turns columns of Arrow into rows of texts, for Parquet and Arrow files; values become text, nested ones are reported."""

import datetime
import decimal
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

from app.languages import stated
from app.readers.repairs import is_wanted, note_repair
from app.readers.source import Choices
from app.readers.table import MAX_CELL, Cell, Flaw, Record, Table, bad_character, cell_too_long, first_of


class ColumnReading:
    """What is known about the columns of a file before their values are read.

    Args:
        schema: Arrow's own; its metadata may give names for numbers, as Hugging Face's ``datasets`` writes them.
        choices: whether such names are used.
        table: whose flaws are noted.
    """

    def __init__(self, schema: Any, choices: Choices, table: Table) -> None:
        self._table = table
        self._kinds = [(_is_nested(field.type), _is_binary(field.type)) for field in schema]
        named = class_names(schema.metadata or {})
        self._names: list[list[str]] = [named.get(name, []) for name in schema.names]
        if named:
            wanted = is_wanted(choices.repairs, "class_names")
            note_repair(table.found, "class_names", wanted)
            if not wanted:
                self._names = [[] for _ in self._names]
        for name, classes in zip(table.columns, self._names, strict=True):
            if classes:
                table.flaws.add(_named(name, classes))

    def rows(self, columns: Sequence[Any], line: int) -> Iterator[Record]:
        """The rows of some columns of equal length, numbered on from ``line``.

        Raises:
            Rejected: ``cell_too_long``.
        """
        texts = [
            _as_texts(_with_names(_values(column), names)) for column, names in zip(columns, self._names, strict=True)
        ]
        for cells in zip(*texts, strict=True):
            line += 1
            row: list[Cell] = list(cells)
            self._check(line, row)
            if any(cell and "\0" in cell for cell in row):
                self._table.flaws.add(bad_character(), line)
                continue
            yield line, row

    def _check(self, line: int, row: Sequence[Cell]) -> None:
        for name, cell, (nested, binary) in zip(self._table.columns, row, self._kinds, strict=True):
            if cell is None:
                continue
            if len(cell) > MAX_CELL:
                raise cell_too_long(line, name)
            if nested:
                self._table.flaws.add(_nested(name), line)
            if binary and "\ufffd" in cell:
                self._table.flaws.add(_binary(name), line)


def class_names(metadata: dict[bytes, bytes]) -> dict[str, list[str]]:
    """Column -> names of its numbers, from the metadata of Hugging Face's ``datasets``; columns without names are left out."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    found: dict[str, list[str]] = {}
    for column, feature in features.items() if isinstance(features, dict) else ():
        # A list of classes is written as a feature inside of a feature, in several ways.
        first = feature[0] if isinstance(feature, list) and feature else None
        inner = feature.get("feature", feature) if isinstance(feature, dict) else first
        names = inner.get("names") if isinstance(inner, dict) and inner.get("_type") == "ClassLabel" else None
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            found[column] = names
    return found


def _with_names(values: list[Any], names: Sequence[str]) -> list[Any]:
    """The values with names in place of numbers; numbers without a name stay."""
    if not names:
        return values

    def name_of(value: Any) -> Any:
        if isinstance(value, list):
            return [name_of(item) for item in value]
        return names[value] if isinstance(value, int) and 0 <= value < len(names) else value

    return [name_of(value) for value in values]


def _named(column: str, names: Sequence[str]) -> Flaw:
    first = [
        stated("{number} is {name}", number=str(number), name=repr(name[:40])) for number, name in enumerate(names[:4])
    ]
    return Flaw(
        "class_names",
        "warning",
        stated(
            "The file gives names for the numbers in {column} ({names}); they were used.",
            column=repr(column),
            names=first_of(first, len(names)),
        ),
        stated("If you want the numbers, say so where the file can be read in another way."),
        column=column,
    )


def _values(column: Any) -> list[Any]:
    from pyarrow import types

    if types.is_dictionary(column.type):
        different = column.dictionary.to_pylist()
        return [None if number is None else different[number] for number in column.indices.to_pylist()]
    values: list[Any] = _readable(column).to_pylist()
    return values


def _readable(column: Any) -> Any:
    """Moments that Python's own types cannot hold (beyond the year 9999, or with nanoseconds) come as text."""
    import pyarrow
    from pyarrow import compute, types

    kind = column.type
    if not types.is_timestamp(kind):
        return column
    try:
        moments = column.cast(pyarrow.timestamp("us", kind.tz))
        years = compute.year(moments)
        outside = compute.any(compute.or_(compute.less(years, 1), compute.greater(years, 9999))).as_py()
    except pyarrow.ArrowInvalid:
        outside = True
    return column.cast(pyarrow.string()) if outside else moments


def _as_texts(values: list[Any]) -> list[Cell]:
    return [value if type(value) is str else _as_text(value) for value in values]


def _as_text(value: Any) -> Cell:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return str(value)


def _is_nested(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_nested(kind))


def _is_binary(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def _nested(column: str) -> Flaw:
    return Flaw(
        "parquet_nested",
        "error",
        stated("In these rows, {column} holds a list or a structure instead of a text.", column=repr(column)),
        stated("Store one plain text or number there."),
        column=column,
    )


def _binary(column: str) -> Flaw:
    return Flaw(
        "bad_character",
        "error",
        stated("In these rows, {column} holds bytes that are not UTF-8 text.", column=repr(column)),
        stated("Store text there."),
        column=column,
    )
