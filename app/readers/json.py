"""Reads a JSON file that holds a list of objects, alone or under a key, or a list for each column, piece by piece.

Objects one after another are read as lines.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.languages import stated
from app.readers import jsonl
from app.readers.decoding import Encoding, find_encoding, read_pieces
from app.readers.delimiters import is_delimited
from app.readers.json_shapes import JsonShape, find_shape
from app.readers.json_table import are_spread, read_shape, several_objects
from app.readers.json_values import DECODER
from app.readers.json_window import SPACE, Window, end, items
from app.readers.signatures import looks_like_json
from app.readers.source import FileHead, Source
from app.readers.table import Flaw, Table

EXTENSIONS = ("json",)
NAME = stated("a JSON list")


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
        shape = several_objects(path, encoding) if are_spread(start) else find_shape(path, encoding)
    else:
        shape = JsonShape(lambda: _values(path, encoding))
    return read_shape(source, shape, encoding, "json")


def _are_several(start: str) -> bool:
    first, _, more = start.lstrip(SPACE).partition("\n")
    try:
        DECODER.decode(first.rstrip(SPACE + ","))
        return more.lstrip(SPACE).startswith("{")
    except (ValueError, RecursionError):
        return False


def _read_as_lines(source: Source) -> Table:
    table = jsonl.read(source)
    table.flaws.add(
        Flaw(
            "read_as_lines",
            "warning",
            stated("The file holds objects one after another instead of a list; it was read as JSON Lines."),
            stated("Let its name end in .jsonl next time."),
        )
    )
    return table


def _values(path: Path, encoding: Encoding) -> Iterator[tuple[int, Any]]:
    window = Window(path, encoding)
    yield from enumerate(items(window), start=1)
    end(window)
