"""Reads CoNLL: one token per line with its tags, a blank line after each sentence; every sentence becomes a row.

A cell holds the tokens or tags of its sentence as a JSON list of texts.
"""

import io
import json
import re
from collections.abc import Iterator

from app.languages import stated
from app.readers.decoding import Encoding, find_encoding, read_lines
from app.readers.source import FileHead, Source
from app.readers.table import MAX_CELL, Flaw, Record, Table, cell_too_long, check_column_count, no_rows

EXTENSIONS = ("conll", "conllu", "bio", "iob", "iob2", "bioes")
NAME = "CoNLL"
TOKENS, TAGS = "tokens", "tags"
MAX_LINE = 64 * 1024
MAX_TOKENS = 100_000
_TAG = re.compile(r"(O|[BIESLU]-\S+)$")
_UNIVERSAL = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")


def fits(sample: FileHead) -> bool:
    """Whether the name says so, or every line is a token with a tag such as ``B-PER`` or ``O`` at its end."""
    if sample.extension in EXTENSIONS:
        return sample.is_text()
    lines = [line for line in io.StringIO(sample.text, newline=None) if not _is_aside(line)]
    if len(sample.text) > MAX_LINE // 8:
        lines = lines[:-1]
    rows = [_split(line) for line in lines[:200] if line.strip()]
    return (
        len(rows) > 1
        and len({len(row) for row in rows}) == 1
        and len(rows[0]) > 1
        and all(_TAG.match(row[-1]) for row in rows)
        and any(row[-1] != "O" for row in rows)
    )


def read(source: Source) -> Table:
    """Open a CoNLL file; rows are numbered by the line of their first token.

    The first column of the file becomes ``tokens``, the last ``tags``, others ``column_2`` and so on; the ten columns of
    CoNLL-U keep their own names, with its forms as ``tokens``.

    Raises:
        Rejected: ``no_rows``, ``columns``, ``conll``, ``encoding``, ``bad_character``; also while records are read.
    """
    encoding = find_encoding(source.path, source.choices.encoding)
    width = next((len(_split(line)) for _, line in _token_lines(source, encoding) if line), 0)
    if not width:
        raise no_rows([])
    check_column_count(width)
    table = Table("conll", encoding.name, _names(width, source.extension), iter(()))
    encoding.note(table)
    table.records = _records(source, encoding, table)
    return table


def _names(width: int, extension: str) -> list[str]:
    if extension == "conllu" and width == len(_UNIVERSAL):
        return [TOKENS if name == "form" else name for name in _UNIVERSAL]
    if width == 1:
        return [TOKENS]
    return [TOKENS, *(f"column_{number}" for number in range(2, width)), TAGS]


def _records(source: Source, encoding: Encoding, table: Table) -> Iterator[Record]:
    width = len(table.columns)
    start, wrong, found = 0, False, False
    sentence: list[list[str]] = []
    for number, line in _token_lines(source, encoding):
        if line:
            fields = _split(line)
            start = start or number
            wrong = wrong or len(fields) != width
            sentence.append(fields)
            if len(sentence) > MAX_TOKENS:
                raise cell_too_long(start, TOKENS)
            continue
        if sentence:
            found = True
            if wrong:
                table.flaws.add(_ragged(width), start)
            else:
                yield start, _cells(start, sentence)
        start, wrong, sentence = 0, False, []
    if not found:
        raise no_rows(table.columns)


def _cells(line: int, sentence: list[list[str]]) -> list[str | None]:
    cells = [json.dumps(values, ensure_ascii=False) for values in zip(*sentence, strict=True)]
    if max(map(len, cells)) > MAX_CELL:
        raise cell_too_long(line, TOKENS)
    return list(cells)


def _token_lines(source: Source, encoding: Encoding) -> Iterator[tuple[int, str]]:
    """(line number, line), with an empty line after every sentence, the last one included."""
    number = 0
    for number, line in enumerate(read_lines(source.path, encoding, MAX_LINE), start=1):
        if len(line) > MAX_LINE:
            raise cell_too_long(number, TOKENS)
        if not _is_aside(line):
            yield number, line.strip("\n") if line.strip() else ""
    yield number + 1, ""


def _is_aside(line: str) -> bool:
    """Comments of CoNLL-U and the marks between documents."""
    return line.startswith(("# ", "-DOCSTART-"))


def _split(line: str) -> list[str]:
    # Tokens may hold spaces where tabs separate.
    return line.strip("\n").split("\t") if "\t" in line else line.split()


def _ragged(width: int) -> Flaw:
    return Flaw(
        "conll",
        "error",
        stated("The sentences that begin in these lines have a token without exactly {width} fields.", width=width),
        stated("Give every token its tags, separated by one tab or space, and leave one blank line between sentences."),
        lost=True,
    )
