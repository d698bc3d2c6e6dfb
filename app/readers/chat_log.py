"""Reads chats as messengers export them: each message begins with its time and who wrote it, and may go on over several lines."""

import re
from collections.abc import Iterator

from app.languages import stated
from app.readers.decoding import Encoding, find_encoding, read_lines
from app.readers.repairs import is_wanted, note_repair
from app.readers.source import FileHead, Source
from app.readers.table import MAX_CELL, Flaw, Record, Table, cell_too_long, no_rows

EXTENSIONS = ("chat",)
ALSO_IN = ("txt", "text", "log")
NAME = stated("an exported chat")
COLUMNS = ["time", "speaker", "message"]
_DATE = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"
_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[ \u202f]?[AaPp]\.?[Mm]\.?)?"
# "12.03.24, 10:05 - Ann: text", "[2024-03-12 10:05:11] Ann: text"; invisible marks of direction may stand before it.
_MESSAGE = re.compile(
    rf"[\u200e\u200f\ufeff]*\[?({_DATE},?[ T]{_CLOCK})\]?(?:\s+-)?\s+(?:<?([^:<>]{{1,60}})>?:\s(.*)|(.*))$", re.DOTALL
)
FEWEST, LOOKED_AT, SHARE = 4, 200, 0.25


def fits(sample: FileHead) -> bool:
    """Whether many lines are messages, of at least two people; the others go on from them."""
    if sample.extension not in (*EXTENSIONS, *ALSO_IN, "") or not is_wanted(sample.source.choices.repairs, "chat_log"):
        return False
    lines = [line for line in sample.text.split("\n")[:LOOKED_AT] if line.strip()]
    found = [match for line in lines if (match := _MESSAGE.match(line)) and match[2]]
    speakers = {match[2].strip() for match in found}
    return len(found) >= FEWEST and len(found) > SHARE * len(lines) and 2 <= len(speakers) <= len(found) / 2


def read(source: Source) -> Table:
    """Open the chat: a row for each message, numbered by its first line; notices of the program itself have no speaker.

    Raises:
        Rejected: ``no_rows``, ``cell_too_long``, ``encoding``, ``bad_character``; also while records are read.
    """
    encoding = find_encoding(source.path, source.choices.encoding)
    table = Table("text", encoding.name, COLUMNS, iter(()))
    encoding.note(table)
    note_repair(table.found, "chat_log", True)
    table.flaws.add(_note())
    table.records = _records(source, encoding)
    return table


def _records(source: Source, encoding: Encoding) -> Iterator[Record]:
    start, row, found = 0, ["", "", ""], False
    for number, line in enumerate(read_lines(source.path, encoding, MAX_CELL), start=1):
        text = line.rstrip()
        begun = _MESSAGE.match(text)
        if begun is None:
            row[2] = f"{row[2]}\n{text}" if row[2] and text else row[2] or text
        else:
            if row[1]:
                found = True
                yield start, list(row)
            start, row = number, [begun[1], (begun[2] or "").strip(), begun[3] or ""]
        if len(row[2]) > MAX_CELL:
            raise cell_too_long(start, COLUMNS[2])
    if row[1]:
        found = True
        yield start, list(row)
    if not found:
        raise no_rows(COLUMNS)


def _note() -> Flaw:
    return Flaw(
        "chat_log",
        "warning",
        stated(
            "The lines begin with a time and a name, so each message became a row with its time, its speaker "
            "and its text; notices without a speaker were left out."
        ),
        stated("If it is running text, say so where the file can be read in another way."),
    )
