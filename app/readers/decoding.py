"""Finds the encoding of a text file and opens it; refuses binary files and mixed encodings.

Reads in pieces, so that a large file never lies in memory as a whole.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from app.errors import Rejected
from app.readers.table import Flaw

PIECE = 1024 * 1024
SAMPLE = 64 * 1024
# Longest first: the mark of UTF-16 is the beginning of that of UTF-32.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Here two bytes make a character, so accidental UTF-8 sequences inside them are no sign of a mixed file.
WIDE = ("big5", "gb18030", "gb2312", "gbk", "shift_jis", "cp932", "euc_jp", "euc_kr", "johab", "cp949", "iso2022_jp")


@dataclass(frozen=True)
class Encoding:
    """A codec's name, the bytes to skip before the text, and whether it was only guessed."""

    name: str
    skip: int = 0
    guessed: bool = False

    @property
    def flaw(self) -> Flaw | None:
        """What to tell when the encoding was guessed."""
        if not self.guessed:
            return None
        return Flaw(
            "encoding",
            "warning",
            f"The file is not UTF-8; it was read as {self.name}.",
            "Look at letters with accents in the preview; if they are wrong, save the file as UTF-8.",
        )


def find_encoding(path: Path) -> Encoding:
    """UTF-8 unless a byte-order mark or the bytes say otherwise.

    Raises:
        Rejected: ``bad_character`` for NUL characters, ``encoding`` with the byte offset when no encoding fits.
    """
    with path.open("rb") as source:
        head = source.read(4)
    for mark, name in MARKS:
        if head.startswith(mark):
            encoding = Encoding(name, len(mark))
            fault = _first_fault(path, encoding)
            if fault is not None:
                raise _undecodable(path, fault, f"is marked as {name}, but is not")
            return encoding
    fault = _first_fault(path, Encoding("utf-8"))
    return Encoding("utf-8") if fault is None else _guess(path, fault)


def read_pieces(path: Path, encoding: Encoding) -> Iterator[str]:
    """The text in pieces of about a mebibyte; line ends stay as they are."""
    decoder = codecs.getincrementaldecoder(encoding.name)()
    with path.open("rb") as source:
        source.seek(encoding.skip)
        while piece := source.read(PIECE):
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)


def read_lines(path: Path, encoding: Encoding, longest: int) -> Iterator[str]:
    r"""Lines that end in ``\n`` whatever the file uses; nothing is read beyond a line longer than ``longest``.

    Such a line is handed out cut at ``longest + 1`` characters, as the last one.
    """
    rest = ""
    for piece in read_pieces(path, encoding):
        text = rest + piece
        # A line feed may still follow this carriage return.
        pending = "\r" if text.endswith("\r") else ""
        *lines, rest = _one_line_end(text.removesuffix(pending)).split("\n")
        for line in lines:
            if len(line) > longest:
                break
            yield line + "\n"
        else:
            line = rest
        if len(line) > longest:
            yield line[: longest + 1]
            return
        rest += pending
    if rest:
        yield rest.removesuffix("\r")


def _one_line_end(text: str) -> str:
    # str.splitlines would also break at characters such as U+2028, which belong to the text.
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _first_fault(path: Path, encoding: Encoding) -> int | None:
    """Byte offset of the first byte that does not fit the encoding; NUL characters are refused at once."""
    decoder = codecs.getincrementaldecoder(encoding.name)()
    offset, lines = encoding.skip, 1
    with path.open("rb") as source:
        source.seek(offset)
        while True:
            piece = source.read(PIECE)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                return offset - pending + error.start
            if "\0" in text:
                raise _nul(lines + text[: text.index("\0")].count("\n"))
            if not piece:
                return None
            offset += len(piece)
            lines += text.count("\n")


def _guess(path: Path, fault: int) -> Encoding:
    with path.open("rb") as source:
        source.seek(max(0, fault - SAMPLE // 2))
        sample = source.read(SAMPLE)
    name = _likely(sample)
    mixed = any(ord(c) > 127 for c in sample.decode("utf-8", errors="ignore"))
    if not name or name in ("ascii", "utf_8") or (mixed and name not in WIDE):
        raise _undecodable(path, fault, "is neither UTF-8 nor in any one other encoding")
    encoding = Encoding(name, guessed=True)
    later = _first_fault(path, encoding)
    if later is not None:
        raise _undecodable(path, later, f"looks like {name}, but is not throughout")
    return encoding


def _likely(sample: bytes) -> str:
    """The encoding that makes the most of the sample; empty for none."""
    matches = from_bytes(sample)
    best = matches.best()
    if best is None:
        return ""
    # On short texts several Western encodings fit equally; cp1252 is the one that desktop programs write.
    equal = [each for each in matches if (each.chaos, each.coherence) == (best.chaos, best.coherence)]
    return "cp1252" if any("cp1252" in each.could_be_from_charset for each in equal) else best.encoding


def _undecodable(path: Path, offset: int, complaint: str) -> Rejected:
    row = _row_at(path, offset)
    return Rejected(
        "encoding",
        f"The text {complaint}: byte {offset:,} in row {row:,} does not fit.",
        "Save the file as UTF-8 and try again.",
        details={"byte": offset, "rows": [row]},
    )


def _row_at(path: Path, offset: int) -> int:
    row = 1
    with path.open("rb") as source:
        while offset > 0 and (piece := source.read(min(PIECE, offset))):
            row += piece.count(b"\n")
            offset -= len(piece)
    return row


def _nul(row: int) -> Rejected:
    return Rejected(
        "bad_character",
        f"Row {row:,} holds a NUL character, which text files do not have.",
        "The file may be binary, damaged, or UTF-16 without its mark. Save it as UTF-8 and try again.",
        details={"rows": [row]},
    )
