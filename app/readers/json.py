"""Reads a JSON file that holds one list of objects, piece by piece; objects one after another are read as lines."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.errors import Rejected
from app.readers import jsonl
from app.readers.decoding import PIECE, Encoding, find_encoding, read_pieces
from app.readers.delimiters import is_delimited
from app.readers.json_values import DECODER, Cells, Unfit, broken, check_count, not_an_object, parse
from app.readers.signatures import looks_like_json
from app.readers.source import Sample, Source
from app.readers.table import Flaw, Record, Table, check_column_count, check_columns, check_row_count, no_rows

EXTENSIONS = ("json",)
NAME = "a JSON list"
MAX_VALUE = 16 * 1024 * 1024
_SPACE = " \t\n\r"


def fits(sample: Sample) -> bool:
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
    if start.lstrip(_SPACE).startswith("{"):
        return _read_as_lines(source, start)
    keys: dict[str, None] = {}
    count = 0
    for _, value in _values(path, encoding):
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
    table.records = _records(path, encoding, table, list(keys))
    return table


def _read_as_lines(source: Source, start: str) -> Table:
    first, _, more = start.lstrip(_SPACE).partition("\n")
    try:
        DECODER.decode(first)
        several = more.lstrip(_SPACE).startswith("{")
    except (ValueError, RecursionError):
        several = False
    if not several:
        raise broken(1, 1, "the file begins with an object; a list of objects in [ ] is needed")
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


def _records(path: Path, encoding: Encoding, table: Table, keys: list[str]) -> Iterator[Record]:
    cells = Cells(keys, table.flaws)
    for number, value in _values(path, encoding):
        if not isinstance(value, dict):
            table.flaws.add(not_an_object(), number)
            continue
        row = cells.row(number, value)
        if row is not None:
            yield number, row


class _Window:
    """The part of the text that is being parsed, and how much of it has gone by."""

    def __init__(self, path: Path, encoding: Encoding) -> None:
        self._pieces = read_pieces(path, encoding)
        self.text = ""
        self.at = 0
        self._line, self._column = 1, 1

    def more(self) -> bool:
        """Read on; False at the end of the file."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._line, self._column = self.place(self.at)
        self.text, self.at = self.text[self.at :] + piece, 0
        return True

    def place(self, at: int) -> tuple[int, int]:
        """Line and character, from 1, of a position in the window."""
        before = self.text[:at]
        breaks = before.count("\n")
        return self._line + breaks, (at - before.rindex("\n") if breaks else self._column + at)

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _SPACE:
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self) -> Any:
        """Parse the value that begins here, reading on while it may be incomplete."""
        while True:
            try:
                if len(self.text) - self.at > 2 * PIECE:
                    check_count(self.text[self.at :])
                value, end = parse(lambda: DECODER.raw_decode(self.text, self.at))
                # A number at the very end of the window may go on in the next piece.
                if end < len(self.text) or not self.more():
                    self.at = end
                    return value
            except json.JSONDecodeError as error:
                if len(self.text) - self.at > MAX_VALUE or not self.more():
                    raise broken(*self.place(error.pos), error.msg[:1].lower() + error.msg[1:]) from None
            except Unfit as error:
                raise broken(*self.place(self.at), f"there is {error}") from None


def _values(path: Path, encoding: Encoding) -> Iterator[tuple[int, Any]]:
    window = _Window(path, encoding)
    _expect(window, "[")
    if window.peek() == "]":
        return
    number = 0
    while True:
        number += 1
        yield number, window.value()
        if window.peek() == "]":
            break
        _expect(window, ",")
        if window.peek() == "]":
            raise broken(*window.place(window.at), "there is a comma after the last item")
    window.at += 1
    if window.peek():
        raise broken(*window.place(window.at), "there is more text after the list")


def _expect(window: _Window, character: str) -> None:
    found = window.peek()
    if found != character:
        told = f"{found!r} stands where" if found else "the file ends where"
        raise broken(*window.place(window.at), f"{told} {character!r} is expected")
    window.at += 1
