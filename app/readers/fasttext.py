"""Reads fastText's files: each line is ``__label__pests`` and a text; a row has the text and its label."""

import re
from collections.abc import Iterator

from app.languages import stated
from app.readers.decoding import Encoding, find_encoding, read_lines
from app.readers.source import FileHead, Source
from app.readers.table import MAX_CELL, Flaw, Record, Table, cell_too_long, no_rows

EXTENSIONS = ("ft",)
ALSO_IN = ("txt", "text", "csv")
NAME = stated("fastText's labelled lines")
_LABELS = re.compile(r"((?:__label__\S+\s+)+)(.*)$")
_PREFIX = "__label__"


def fits(sample: FileHead) -> bool:
    """Whether the first line and most others begin with a label."""
    if not sample.text.lstrip().startswith(_PREFIX):
        return False
    lines = [line for line in sample.text.split("\n")[:100] if line.strip()]
    return len(lines) > 1 and 2 * sum(line.startswith(_PREFIX) for line in lines) > len(lines)


def read(source: Source) -> Table:
    """Open the file; rows are numbered by their lines, several labels of a row stand side by side.

    Raises:
        Rejected: ``no_rows``, ``cell_too_long``, ``encoding``, ``bad_character``; also while records are read.
    """
    encoding = find_encoding(source.path, source.choices.encoding)
    table = Table("fasttext", encoding.name, ["text", "label"], iter(()))
    encoding.note(table)
    table.records = _records(source, encoding, table)
    return table


def _records(source: Source, encoding: Encoding, table: Table) -> Iterator[Record]:
    found = False
    for number, line in enumerate(read_lines(source.path, encoding, MAX_CELL), start=1):
        if len(line) > MAX_CELL:
            raise cell_too_long(number, "text")
        if not line.strip():
            continue
        found = True
        labelled = _LABELS.match(line.strip())
        if labelled is None:
            table.flaws.add(_unlabelled(), number)
            continue
        labels = [label.removeprefix(_PREFIX) for label in labelled[1].split()]
        yield number, [labelled[2], ", ".join(labels)]
    if not found:
        raise no_rows(table.columns)


def _unlabelled() -> Flaw:
    return Flaw(
        "fasttext",
        "error",
        stated("These lines have no label before a text."),
        stated("Begin each line with __label__ and the label, then a space and the text."),
        lost=True,
    )
