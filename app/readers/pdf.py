"""Reads the text of a PDF document: a row for each paragraph, with the one column ``text``.

pypdf finds the lines of a page; they are put together to paragraphs here. Page numbers and lines that stand on most pages are
left out. Nothing in the document is run.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from app.errors import Rejected
from app.languages import stated, stated_list, stated_number
from app.readers.docx import document_text
from app.readers.source import FileHead, Source
from app.readers.table import MAX_CELL, Record, Table, cell_too_long
from app.readers.text import COLUMN

EXTENSIONS = ("pdf",)
NAME = stated("a PDF document")
MARK = b"%PDF-"
MAX_PAGES = 5_000
# A line that ends this far before the longest ones is the last one of a paragraph, if it also ends a sentence.
SHORT = 0.8
_PAGE_NUMBER = re.compile(
    r"\W*(page|seite|página|pagina|p\.|s\.)?\s*\d{1,4}(\s*(/|of|von|de|di)\s*\d{1,4})?\W*", re.IGNORECASE
)
_BULLET = re.compile(r"[-•*\u2013·▪]\s|\d{1,3}[.)]\s|\(\w\)\s")
_ENDS = (".", "!", "?", ":", "\u3002", "\uff01", "\uff1f", "\u201d", '"', "»")


def fits(sample: FileHead) -> bool:
    """Whether it is a PDF document under its own name."""
    return sample.extension in EXTENSIONS and sample.head.startswith(MARK)


def read(source: Source) -> Table:
    """Open the text; rows are numbered from 1.

    Raises:
        Rejected: ``document_encrypted``, ``document_corrupt``, ``document_scanned`` where pages hold pictures instead of text.
    """
    pages = list(_pages(source))
    if not any(pages):
        raise Rejected(
            "document_scanned",
            stated_number(
                "The PDF document has no text on its {number} page; it may be scanned.",
                "The PDF document has no text on its {number} pages; it may be scanned.",
                len(pages),
            ),
            stated("Let a program for text recognition (OCR) read it, and send the text that it writes."),
        )
    repeated = _repeated(pages)
    table = Table("pdf", "utf-8", [COLUMN], _records(pages, repeated))
    table.flaws.add(document_text(_sentences(pages, repeated)))
    return table


def _sentences(pages: Sequence[Sequence[str]], repeated: frozenset[str]) -> str:
    """What was read and what was left out."""
    sentences = [
        stated_number(
            "The text was read from {number} page of the PDF document, a row for each paragraph.",
            "The text was read from {number} pages of the PDF document, a row for each paragraph.",
            len(pages),
        )
    ]
    if empty := sum(not page for page in pages):
        sentences.append(stated_number("{number} page holds no text.", "{number} pages hold no text.", empty))
    if repeated:
        lines = ", ".join(repr(line[:40]) for line in sorted(repeated)[:3])
        sentences.append(stated("Left out, as it stands on most pages: {lines}.", lines=lines))
    return stated_list(sentences, " ")


def _pages(source: Source) -> Iterator[list[str]]:
    """The lines of each page."""
    # Imported here because hardly any file is one.
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        with source.path.open("rb") as opened:
            reader = PdfReader(opened, strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                raise Rejected(
                    "document_encrypted",
                    stated("The PDF document is protected with a password."),
                    stated("Remove the password, or save its text as .txt."),
                )
            if len(reader.pages) > MAX_PAGES:
                raise _corrupt(
                    stated(
                        "The PDF document has {pages} pages; at most {limit} are read.",
                        pages=len(reader.pages),
                        limit=MAX_PAGES,
                    )
                )
            for page in reader.pages:
                yield [line.strip() for line in page.extract_text().split("\n") if line.strip()]
    except (Rejected, MemoryError):
        raise
    except (
        PyPdfError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
        ArithmeticError,
        NotImplementedError,
    ):
        raise _corrupt(stated("The PDF document is damaged or of an unusual kind.")) from None


def _repeated(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """Lines at the top or the bottom of most pages."""
    edges = Counter(line for page in pages for line in {*page[:2], *page[-2:]})
    return frozenset(line for line, count in edges.items() if count >= 3 and 2 * count > len(pages))


def _records(pages: Sequence[Sequence[str]], repeated: frozenset[str]) -> Iterator[Record]:
    lines = [line for page in pages for line in page if line not in repeated and not _PAGE_NUMBER.fullmatch(line)]
    for number, text in enumerate(_paragraphs(lines), start=1):
        if len(text) > MAX_CELL:
            raise cell_too_long(number, COLUMN)
        yield number, [text]


def _paragraphs(lines: Sequence[str]) -> Iterator[str]:
    """Lines put together up to the end of a paragraph; a word that is parted at the end of a line is one again."""
    lengths = sorted(map(len, lines))
    usual = lengths[int(0.9 * (len(lengths) - 1))] if lengths else 0
    text = ""
    for line in lines:
        if text and _BULLET.match(line):
            yield text
            text = ""
        parted = text.endswith("-") and line[:1].islower()
        text = text[:-1] + line if parted else f"{text} {line}".strip()
        if line.endswith(_ENDS) and len(line) < SHORT * usual:
            yield text
            text = ""
    if text:
        yield text


def _corrupt(message: str) -> Rejected:
    return Rejected(
        "document_corrupt",
        message,
        stated("Save its text as .txt in a program that shows it."),
    )
