"""Reads plain text: every line that is not blank is a row with the one column ``text``."""

from collections.abc import Iterator

from app.languages import stated
from app.readers.decoding import Encoding, find_encoding, read_lines
from app.readers.source import FileHead, Source
from app.readers.table import MAX_CELL, Record, Table, cell_too_long, no_rows

EXTENSIONS = ("txt", "text", "md")
NAME = stated("plain text")
COLUMN = "text"


def fits(sample: FileHead) -> bool:
    """Whether it is text at all; the last format to be asked."""
    return sample.is_text()


def read(source: Source) -> Table:
    """Open a text; rows are numbered by their lines.

    Raises:
        Rejected: ``no_rows``, ``cell_too_long``, ``encoding`` and ``bad_character``; also while records are read.
    """
    encoding = find_encoding(source.path, source.choices.encoding)
    table = Table("text", encoding.name, [COLUMN], _records(source, encoding))
    encoding.note(table)
    return table


def _records(source: Source, encoding: Encoding) -> Iterator[Record]:
    found = False
    for number, line in enumerate(read_lines(source.path, encoding, MAX_CELL), start=1):
        text = line.removesuffix("\n")
        if len(text) > MAX_CELL:
            raise cell_too_long(number, COLUMN)
        if text.strip():
            found = True
            yield number, [text]
    if not found:
        raise no_rows([])
