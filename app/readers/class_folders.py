"""Reads the texts of a ZIP file whose folders are labels: ``positive/1.txt`` becomes a row labelled ``positive``."""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing

from app.errors import Rejected
from app.languages import stated
from app.readers.decoding import decode_bytes
from app.readers.members import open_archive, open_member
from app.readers.source import Source
from app.readers.table import MAX_CELL, Flaw, Record, Table, text_too_long
from app.readers.unpacking import Allowance, pieces

COLUMNS = ["text", "label", "file"]
ENDINGS = ("txt", "text", "")
# The most bytes that a cell of the greatest length can take.
MAX_BYTES = 4 * MAX_CELL + 4


def fits(members: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether every file is a text in a folder, and there are several folders."""
    folders = {_label(info) for info in members}
    return "" not in folders and len(folders) > 1 and all(_is_text(member) for member in members)


def read(source: Source, members: Sequence[zipfile.ZipInfo], allowance: Allowance) -> Table:
    """One row per file, numbered in the order of the archive: its text, the name of its folder, its own name.

    One line break at the end of a file is not part of its text.

    Raises:
        Rejected: while records are read: ``encoding``, ``bad_character``, ``cell_too_long``, ``archive_corrupt``,
            ``archive_limit``.
    """
    table = Table("class folders", "utf-8", list(COLUMNS), iter(()))
    table.records = _records(source, members, table, allowance)
    return table


def _records(
    source: Source, members: Sequence[zipfile.ZipInfo], table: Table, allowance: Allowance
) -> Iterator[Record]:
    encoding = source.choices.encoding
    with closing(open_archive(source.path)) as archive:
        for number, member in enumerate(members, start=1):
            content = _content(archive, member, allowance, number)
            try:
                text, used = decode_bytes(content, encoding)
            except Rejected as error:
                table.flaws.add(_unreadable(error), number)
                continue
            if used.flaw:
                # One guess for the whole archive: its texts come from one place, and single short ones tell little.
                encoding = encoding or used.name
                table.encoding = used.name
                table.flaws.add(used.flaw, number)
            if len(text) > MAX_CELL:
                raise text_too_long(number, member.filename)
            yield number, [_without_last_break(text), _label(member), member.filename]


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, allowance: Allowance, number: int) -> bytes:
    content = bytearray()
    with open_member(archive, member) as opened:
        for piece in pieces(opened, allowance):
            content += piece
            if len(content) > MAX_BYTES:
                raise text_too_long(number, member.filename)
    return bytes(content)


def _label(member: zipfile.ZipInfo) -> str:
    folder = member.filename.rpartition("/")[0]
    return folder.rpartition("/")[2].strip()


def _is_text(member: zipfile.ZipInfo) -> bool:
    base = member.filename.rpartition("/")[2]
    return (base.rpartition(".")[2].lower() if "." in base else "") in ENDINGS


def _without_last_break(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.removesuffix("\n")


def _unreadable(error: Rejected) -> Flaw:
    return Flaw(
        error.code,
        "error",
        stated("These files of the archive (numbered in its order) are not text in UTF-8 or one other encoding."),
        error.hint,
        lost=True,
    )
