"""Reads a ZIP file of brat's standoff annotations: ``1.txt`` with ``1.ann`` beside it; each line of a text is a row."""

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing

from app.languages import stated
from app.readers.decoding import decode_bytes
from app.readers.members import open_archive, open_member
from app.readers.source import Source
from app.readers.table import MAX_CELL, Flaw, Record, Table, text_too_long
from app.readers.unpacking import Allowance, pieces

COLUMNS = ["text", "spans", "file"]
# T1<tab>Person 0 9<tab>Anna Berg; a text in several pieces has their places between semicolons.
_ENTITY = re.compile(r"T\d+\t(\S+) (\d+) (?:\d+;\d+ )*(\d+)\t")
Span = tuple[int, int, str]


def fits(members: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether there are annotations, and each stands beside its text."""
    names = {member.filename for member in members}
    annotations = [name for name in names if name.endswith(".ann")]
    return bool(annotations) and all(f"{name[:-4]}.txt" in names for name in annotations)


def read(source: Source, members: Sequence[zipfile.ZipInfo], allowance: Allowance) -> Table:
    """One row for each line that is not blank, with the entities in it; numbered through all files.

    Raises:
        Rejected: while records are read: ``encoding``, ``bad_character``, ``cell_too_long``, ``archive_corrupt``,
            ``archive_limit``.
    """
    table = Table("brat", "utf-8", list(COLUMNS), iter(()))
    table.flaws.add(_told())
    table.records = _records(source, members, allowance)
    return table


def _records(source: Source, members: Sequence[zipfile.ZipInfo], allowance: Allowance) -> Iterator[Record]:
    by_name = {member.filename: member for member in members}
    number = 0
    with closing(open_archive(source.path)) as archive:
        for name in sorted(name[:-4] for name in by_name if name.endswith(".ann")):
            text, notes = (
                _content(archive, by_name[f"{name}.{ending}"], allowance, source) for ending in ("txt", "ann")
            )
            spans = [(int(start), int(end), label) for label, start, end in _ENTITY.findall(notes)]
            for line, marked in _lines(text, spans):
                number += 1
                yield number, [line, json.dumps(marked, ensure_ascii=False), f"{name}.txt"]


def _lines(text: str, spans: Sequence[Span]) -> Iterator[tuple[str, list[Span]]]:
    """The lines of a text with their entities, in places of the line; lines that an entity spans stay together."""
    start = 0
    for end in [at for at, character in enumerate(text) if character == "\n"] + [len(text)]:
        if any(first <= end < last for first, last, _ in spans):
            continue
        if text[start:end].strip():
            inside = [span for span in spans if start <= span[0] and span[1] <= end]
            yield text[start:end], [(first - start, last - start, label) for first, last, label in inside]
        start = end + 1


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, allowance: Allowance, source: Source) -> str:
    content = bytearray()
    with open_member(archive, member) as opened:
        for piece in pieces(opened, allowance):
            content += piece
            if len(content) > 4 * MAX_CELL:
                raise text_too_long(1, member.filename)
    return decode_bytes(bytes(content), source.choices.encoding)[0]


def _told() -> Flaw:
    return Flaw(
        "brat",
        "warning",
        stated("The archive holds texts with annotations of brat; each line became a row with the entities in it."),
        stated(
            "Relations, events and attributes are not read; of an entity in several pieces the words between "
            "count as well."
        ),
    )
