"""The refusals of files that are not the text that they seem to be: each names the byte and the row."""

from pathlib import Path

from app.errors import Rejected
from app.languages import stated

PIECE = 1024 * 1024


def undecodable(path: Path, offset: int, reason: str) -> Rejected:
    """The refusal of a file with a byte that does not fit its encoding; the reason is a clause."""
    row = row_at(path, offset)
    return Rejected(
        "encoding",
        stated(
            "{reason}: byte {offset} in row {row} does not fit.",
            reason=reason,
            offset=offset,
            row=row,
        ),
        stated("Save the file as UTF-8 and try again."),
        details={"byte": offset, "rows": [row]},
    )


def row_at(path: Path, offset: int) -> int:
    """The row in which a byte lies, from 1."""
    row = 1
    with path.open("rb") as source:
        while offset > 0 and (piece := source.read(min(PIECE, offset))):
            row += line_breaks(piece.decode("latin-1"))
            offset -= len(piece)
    return row


def line_breaks(text: str) -> int:
    """How many lines end in the text, whatever they end in."""
    if "\r" not in text:
        return text.count("\n")
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def nul(row: int) -> Rejected:
    """The refusal of a text with a zero byte."""
    return Rejected(
        "bad_character",
        stated("Row {row} holds a NUL character, which text files do not have.", row=row),
        stated("The file may be binary, damaged, or UTF-16 without its mark. Save it as UTF-8 and try again."),
        details={"rows": [row]},
    )


def half_a_pair(row: int) -> Rejected:
    """The refusal of a text with a character that UTF-8 forbids."""
    return Rejected(
        "bad_character",
        stated("Row {row} holds half of a character pair, which no text can have.", row=row),
        stated("Write the file again with a program that writes UTF-8."),
        details={"rows": [row]},
    )


def unfit(error: UnicodeDecodeError) -> Rejected:
    """The refusal of a short text that does not fit its encoding."""
    return Rejected(
        "encoding",
        stated("Byte {start} of the text does not fit {encoding}.", start=error.start, encoding=error.encoding),
        stated("Save the file as UTF-8."),
    )
