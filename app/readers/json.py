"""Reads a JSON file that holds a list of objects, alone or under a key, or a list for each column, piece by piece.

Objects one after another are read as lines.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.errors import Rejected
from app.readers import jsonl
from app.readers.decoding import Encoding, find_encoding, read_pieces
from app.readers.delimiters import is_delimited
from app.readers.json_shapes import JsonShape, find_shape
from app.readers.json_values import DECODER, Cells, not_an_object
from app.readers.json_window import SPACE, Window, end, items
from app.readers.signatures import looks_like_json
from app.readers.source import FileHead, Source
from app.readers.table import Flaw, Record, Table, check_column_count, check_columns, check_row_count, no_rows

EXTENSIONS = ("json",)
NAME = "a JSON list"


def fits(sample: FileHead) -> bool:
    """Whether the text is a list of objects, or an object over several lines, or the name says so and no table is in it."""
    text = sample.text.lstrip()
    if text.startswith("["):
        if jsonl.fits(sample):
            return False
        return looks_like_json(text) or sample.extension in ("json", *jsonl.EXTENSIONS)
    if sample.extension in EXTENSIONS:
        return not is_delimited(sample.text)
    return looks_like_json(text) and not jsonl.fits(sample)


def read(source: Source) -> Table:
    """Open a list of objects; rows are numbered from 1 in their order.

    Raises:
        Rejected: ``json`` with line and character, or any other code of this folder; also while records are read.
    """
    path = source.path
    encoding = find_encoding(path, source.choices.encoding)
    start = next(read_pieces(path, encoding), "")
    if start.lstrip(SPACE).startswith("{"):
        if _are_several(start):
            return _read_as_lines(source)
        shape = find_shape(path, encoding)
    else:
        shape = JsonShape(lambda: _values(path, encoding))
    keys: dict[str, None] = {}
    count = 0
    for _, value in shape.values():
        count += 1
        check_row_count(count, source.limits.rows)
        if isinstance(value, dict):
            keys.update(dict.fromkeys(value))
            check_column_count(len(keys))
    if not count:
        raise no_rows([])
    table = Table("json", encoding.name, check_columns(list(keys)), iter(()))
    if not keys:
        flaw = not_an_object()
        raise Rejected(flaw.code, flaw.message, flaw.hint, details={"rows": list(range(1, min(count, 50) + 1))})
    if encoding.flaw:
        table.flaws.add(encoding.flaw)
    for flaw in shape.flaws:
        table.flaws.add(flaw)
    table.records = _records(shape, table, list(keys))
    return table


def _are_several(start: str) -> bool:
    first, _, more = start.lstrip(SPACE).partition("\n")
    try:
        DECODER.decode(first)
        return more.lstrip(SPACE).startswith("{")
    except (ValueError, RecursionError):
        return False


def _read_as_lines(source: Source) -> Table:
    table = jsonl.read(source)
    table.flaws.add(
        Flaw(
            "read_as_lines",
            "warning",
            "The file holds objects one after another instead of a list; it was read as JSON Lines.",
            "Let its name end in .jsonl next time.",
        )
    )
    return table


def _records(shape: JsonShape, table: Table, keys: list[str]) -> Iterator[Record]:
    cells = Cells(keys, table.flaws)
    for number, value in shape.values():
        if not isinstance(value, dict):
            table.flaws.add(not_an_object(), number)
            continue
        row = cells.row(number, value)
        if row is not None:
            yield number, row


def _values(path: Path, encoding: Encoding) -> Iterator[tuple[int, Any]]:
    window = Window(path, encoding)
    yield from enumerate(items(window), start=1)
    end(window)
