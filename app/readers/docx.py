"""Reads the text of a Word document: a row for each paragraph, with the one column ``text``.

DOCX is a ZIP file of XML, read as a stream with document types refused, like a workbook. Headers, footers, notes, comments and
deleted text are other parts or elements, and are left out.
"""

import zipfile
from collections.abc import Iterator
from contextlib import closing

from app.errors import Rejected
from app.languages import stated, stated_list, stated_number
from app.readers.members import open_archive
from app.readers.signatures import type_mismatch
from app.readers.source import FileHead, Source
from app.readers.table import MAX_CELL, Flaw, Record, Table, cell_too_long, no_rows
from app.readers.text import COLUMN
from app.readers.workbook import FREE_BYTES, MAX_MEMBERS, MAX_RATIO, Attributes, parse_part

EXTENSIONS = ("docx",)
NAME = stated("a Word document")
PART = "word/document.xml"
ZIP_MARK = b"PK\x03\x04"


def fits(sample: FileHead) -> bool:
    """Whether it is a ZIP file under the name of a Word document."""
    return sample.extension in EXTENSIONS and sample.head.startswith(ZIP_MARK)


def read(source: Source) -> Table:
    """Open the text; rows are numbered by the paragraphs that hold any.

    Raises:
        Rejected: ``document_corrupt``, ``document_table`` where most of it stands in tables, ``no_rows``; also while records
            are read.
    """
    survey = _Paragraphs(source)
    for _ in survey:
        pass
    if not survey.is_document:
        raise type_mismatch(NAME, "")
    if 2 * survey.in_tables > survey.count:
        raise Rejected(
            "document_table",
            stated("Most of the Word document stands in tables, which are not read as examples."),
            stated("Copy the table into a spreadsheet and save it as .xlsx or CSV."),
        )
    table = Table("docx", "utf-8", [COLUMN], _records(source))
    sentences = [
        stated_number(
            "The text was read from the Word document: {number} paragraph, which became a row.",
            "The text was read from the Word document: {number} paragraphs, each of which became a row.",
            survey.count,
        )
    ]
    if survey.in_tables:
        sentences.append(
            stated_number("{number} of them stands in a table.", "{number} of them stand in tables.", survey.in_tables)
        )
    table.flaws.add(document_text(stated_list(sentences, " ")))
    return table


def document_text(message: str) -> Flaw:
    """Says what of a document was read."""
    return Flaw(
        "document_text",
        "info",
        message,
        stated("Pictures, headers, footers, notes and comments are left out. Look through the rows."),
    )


def _records(source: Source) -> Iterator[Record]:
    found = False
    for number, text in _Paragraphs(source):
        if len(text) > MAX_CELL:
            raise cell_too_long(number, COLUMN)
        found = True
        yield number, [text]
    if not found:
        raise no_rows([])


class _Paragraphs:
    """Iterates over (number, text) of the paragraphs that hold text, and counts them.

    Attributes:
        is_document: whether the part begins as a document does.
        in_tables: how many of the ``count`` paragraphs stand in tables.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.is_document = False
        self.count = self.in_tables = 0
        self._depth = 0
        self._inside = False
        # Paragraphs of text boxes stand within other paragraphs.
        self._open: list[list[str]] = []
        self._ready: list[str] = []

    def __iter__(self) -> Iterator[tuple[int, str]]:
        with closing(open_archive(self._source.path)) as archive:
            _check(archive, self._source)
            try:
                for _ in parse_part(archive, PART, self._start, self._end, self._text):
                    for text in self._ready:
                        self.count += 1
                        yield self.count, text
                    self._ready.clear()
            except Rejected as error:
                if error.code.startswith("xlsx"):
                    raise _corrupt(stated("The Word document is damaged in {part}.", part=PART)) from None
                raise

    def _start(self, name: str, given: Attributes) -> None:
        if name == "body":
            self.is_document = True
        elif name == "tbl":
            self._depth += 1
        elif name == "p":
            self._open.append([])
        elif name == "t":
            self._inside = True
        elif name in ("tab", "br", "cr") and self._open:
            self._open[-1].append(" ")

    def _end(self, name: str) -> None:
        if name == "tbl":
            self._depth -= 1
        elif name == "t":
            self._inside = False
        elif name == "p" and self._open and (text := " ".join("".join(self._open.pop()).split())):
            self._ready.append(text)
            self.in_tables += self._depth > 0

    def _text(self, text: str) -> None:
        if self._inside and self._open:
            self._open[-1].append(text)


def _check(archive: zipfile.ZipFile, source: Source) -> None:
    members = archive.infolist()
    if PART not in {member.filename for member in members}:
        raise _corrupt(stated("The Word document has no part {part}.", part=PART))
    if (
        len(members) > MAX_MEMBERS
        or sum(item.file_size for item in members) > FREE_BYTES + MAX_RATIO * source.path.stat().st_size
    ):
        raise _corrupt(stated("The Word document unpacks to more than any honest document."))


def _corrupt(message: str) -> Rejected:
    return Rejected(
        "document_corrupt",
        message,
        stated("Open it in a word processor and save it again, or save its text as .txt."),
    )
