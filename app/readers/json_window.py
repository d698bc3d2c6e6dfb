"""The part of a JSON text that is being parsed: lists and objects piece by piece, so that no file lies in memory."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.errors import Rejected
from app.languages import stated
from app.readers.decoding import Encoding, read_pieces
from app.readers.json_values import DECODER, RefusedValue, broken, check_count, fault_words, parse
from app.readers.undecodable import PIECE

MAX_VALUE = 16 * 1024 * 1024
SPACE = " \t\n\r"


class Window:
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
        self._line, self._column = self.position(self.at)
        self.text, self.at = self.text[self.at :] + piece, 0
        return True

    def position(self, at: int) -> tuple[int, int]:
        """Line and character, from 1, of a position in the window."""
        before = self.text[:at]
        breaks = before.count("\n")
        return self._line + breaks, (at - before.rindex("\n") if breaks else self._column + at)

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in SPACE:
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
                    raise broken(*self.position(error.pos), fault_words(error)) from None
            except RefusedValue as error:
                raise broken(*self.position(self.at), error.reason) from None

    def broken_here(self, reason: str) -> Rejected:
        """The refusal of the file because of what stands here."""
        return broken(*self.position(self.at), reason)


def items(window: Window) -> Iterator[Any]:
    """The values of the list that begins here; afterwards the window stands behind it.

    Raises:
        Rejected: ``json`` with line and character.
    """
    expect(window, "[")
    if window.peek() == "]":
        window.at += 1
        return
    while True:
        yield window.value()
        if window.peek() == "]":
            window.at += 1
            return
        expect(window, ",")
        if window.peek() == "]":
            raise window.broken_here(stated("there is a comma after the last item"))


def keys(window: Window) -> Iterator[str]:
    """The keys of the object that begins here; the caller takes each value before the next key.

    Raises:
        Rejected: ``json`` with line and character; also for a key that is there twice.
    """
    expect(window, "{")
    seen: set[str] = set()
    if window.peek() == "}":
        window.at += 1
        return
    while True:
        key = window.value() if window.peek() == '"' else None
        if key is None or key in seen:
            raise window.broken_here(
                stated("the key {key} is there twice", key=repr(key[:60]))
                if key
                else stated("a key in quotes is expected")
            )
        seen.add(key)
        expect(window, ":")
        window.peek()
        yield key
        if window.peek() == "}":
            window.at += 1
            return
        expect(window, ",")


def end(window: Window) -> None:
    """Refuse text after the last value."""
    if window.peek():
        raise window.broken_here(stated("there is more text after the list"))


def expect(window: Window, character: str) -> None:
    """Go past a character, or refuse what stands there instead."""
    found = window.peek()
    if found != character:
        wanted = repr(character)
        raise window.broken_here(
            stated("{found} stands where {wanted} is expected", found=repr(found), wanted=wanted)
            if found
            else stated("the file ends where {wanted} is expected", wanted=wanted)
        )
    window.at += 1
