"""Finds the rows in a JSON file that begins with an object: a list of objects under a key, or a list for each column.

``{"data": [{...}, {...}]}`` is the first, ``{"text": [...], "label": [...]}`` the second; pandas writes the second with an
object of numbered values in place of each list.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import Rejected
from app.readers.decoding import Encoding
from app.readers.json_values import broken
from app.readers.json_window import Window, end, items, keys
from app.readers.table import Flaw

RECORDS, COLUMN, SINGLE = "records", "column", "single"
CONVERSATIONS = ("messages", "conversations")
# Each column is read by a window of its own.
MAX_COLUMNS = 20


@dataclass(frozen=True)
class JsonShape:
    """Where the rows are: ``values()`` begins anew with each call and gives (number from 1, value)."""

    values: Callable[[], Iterator[tuple[int, Any]]]
    flaws: list[Flaw] = field(default_factory=list)


@dataclass(frozen=True)
class _ShapePart:
    key: str
    kind: str
    count: int


def find_shape(path: Path, encoding: Encoding) -> JsonShape:
    """Look through the whole file once and say where its rows are.

    Raises:
        Rejected: ``json`` with line and character when it is broken; ``json_shape`` when there are no rows in it, several
            lists that could be the rows, or columns of different lengths.
    """
    parts = list(_parts(path, encoding))
    # One conversation is one example, not a file of them.
    records = [part for part in parts if part.kind == RECORDS and part.key not in CONVERSATIONS]
    columns = [part for part in parts if part.kind == COLUMN]
    if len(records) == 1:
        key = records[0].key
        return JsonShape(
            lambda: _under(path, encoding, key), _others(key, [part.key for part in parts if part.key != key])
        )
    if len(records) > 1:
        named = ", ".join(f"{part.key[:40]!r} ({part.count:,})" for part in records[:5])
        raise _unfit(
            f"Several keys hold a list of objects: {named}.", "Send the one with the examples in a file of its own."
        )
    if not columns:
        raise broken(1, 1, "the file begins with an object; a list of objects in [ ] is needed")
    lengths = {part.count for part in columns}
    if len(lengths) > 1:
        named = ", ".join(f"{part.key[:40]!r} {part.count:,}" for part in columns[:5])
        raise _unfit(f"The columns have different lengths: {named}.", "Give every column as many values as the others.")
    if len(columns) > MAX_COLUMNS:
        raise _unfit(
            f"The file holds {len(columns):,} lists side by side.", "Write a list of objects, one for each row."
        )
    names = [column.key for column in columns]
    return JsonShape(
        lambda: _side_by_side(path, encoding, names), _others("", [part.key for part in parts if part.kind == SINGLE])
    )


def _parts(path: Path, encoding: Encoding) -> Iterator[_ShapePart]:
    window = Window(path, encoding)
    for key in keys(window):
        first = window.peek()
        if first == "[":
            count, objects = 0, 0
            for value in items(window):
                count += 1
                objects += isinstance(value, dict)
            yield _ShapePart(key, RECORDS if objects and objects >= count / 2 else COLUMN, count)
        elif first == "{":
            count = sum(1 for _ in _members(window))
            yield _ShapePart(key, COLUMN, count)
        else:
            window.value()
            yield _ShapePart(key, SINGLE, 1)
    end(window)


def _members(window: Window) -> Iterator[Any]:
    for _ in keys(window):
        yield window.value()


def _under(path: Path, encoding: Encoding, wanted: str) -> Iterator[tuple[int, Any]]:
    """The rows of the list under a key."""
    return enumerate(_column(path, encoding, wanted), start=1)


def _side_by_side(path: Path, encoding: Encoding, names: list[str]) -> Iterator[tuple[int, Any]]:
    columns = [_column(path, encoding, name) for name in names]
    for number, values in enumerate(zip(*columns, strict=True), start=1):
        yield number, dict(zip(names, values, strict=True))


def _column(path: Path, encoding: Encoding, wanted: str) -> Iterator[Any]:
    window = Window(path, encoding)
    for key in keys(window):
        values = items if window.peek() == "[" else _members if window.peek() == "{" else None
        if key == wanted and values:
            yield from values(window)
            return
        for _ in values(window) if values else [window.value()]:
            pass


def _others(taken: str, left: list[str]) -> list[Flaw]:
    if not left:
        return []
    where = f"under the key {taken[:60]!r}" if taken else "in the lists side by side"
    named = ", ".join(repr(key[:40]) for key in left[:10])
    return [
        Flaw(
            "json_keys",
            "warning",
            f"The rows are {where}; what else the file holds was left out: {named}.",
            "Check that nothing of it belongs to the examples.",
        )
    ]


def _unfit(message: str, hint: str) -> Rejected:
    return Rejected("json_shape", message, hint)
