"""Reads texts whose lines begin with who speaks: ``Q:`` and ``A:`` as questions and answers, others as conversations."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from app.languages import stated
from app.readers.decoding import Encoding, find_encoding, read_lines
from app.readers.repairs import is_wanted, note_repair
from app.readers.source import FileHead, Source
from app.readers.table import MAX_CELL, Flaw, Record, Table, cell_too_long, no_rows
from app.speakers import ANSWERING, ASKING, ASSISTANT, ROLES, USER

EXTENSIONS = ("qa",)
ALSO_IN = ("txt", "text", "md")
NAME = stated("a text of questions and answers")
# Single letters that stand for these words in some languages.
ASKS, ANSWERS = (*ASKING, "p", "d", "v", "u"), (*ANSWERING, "r")
_SIDES = {**ROLES, **dict.fromkeys(ASKS, USER), **dict.fromkeys(ANSWERS, ASSISTANT)}
_LINE = re.compile(r"(?:#{1,4}\s*|\*\*)?([^\W\d_]{1,14})\s*(?:\*\*)?[:\uff1a](?:\*\*)?\s*(.*)$")
# A question of a numbered list, where answers are named and questions are not, or neither.
_NUMBERED = re.compile(r"(?:\*\*)?\d{1,4}[.)]\s+(\S.*[?\uff1f])\**$")
# A question that stands out by itself: a heading, or a line in bold type.
_STANDING_OUT = re.compile(r"(?:#{1,6}\s+(?:\d{1,4}[.)]\s+)?|\*\*)(\S.*[?\uff1f])\**$")
FEWEST = 4
LOOKED_AT = 200


class _Marks(StrEnum):
    """What marks the two sides."""

    WORDS = "words before both"
    NUMBERS = "numbers before questions, words before answers"
    QUESTIONS = "questions with numbers or as headings, answers below them"


class _Spoken(NamedTuple):
    """What a line says and whose it is; ``asks`` where it begins with a word for a question."""

    side: str
    words: str
    asks: bool


def fits(sample: FileHead) -> bool:
    """Whether nearly all lines begin with one side or the other, in turns."""
    if sample.extension not in (*EXTENSIONS, *ALSO_IN, "") or not is_wanted(
        sample.source.choices.repairs, "speaker_lines"
    ):
        return False
    lines = [line for line in sample.text.split("\n")[:LOOKED_AT] if line.strip()]
    marks = _marks_of(lines)
    if marks is _Marks.QUESTIONS:
        return True
    parsed = [_parse(line, marks) for line in lines]
    spoken = [found.side for found in parsed if found]
    return (
        len(spoken) >= FEWEST
        and 2 * len(spoken) > len(lines)
        and {"user", "assistant"} <= set(spoken)
        and parsed[0] is not None
    )


def read(source: Source) -> Table:
    """Open the text: a row for each question and its answer, or for each conversation; numbered by its first line.

    A conversation ends at a blank line before the asking side, or where a system text begins.

    Raises:
        Rejected: ``no_rows``, ``cell_too_long``, ``encoding``, ``bad_character``; also while records are read.
    """
    encoding = find_encoding(source.path, source.choices.encoding)
    are_pairs = all(len(turns) == 2 for _, turns in _conversations(source, encoding))
    table = Table("text", encoding.name, ["question", "answer"] if are_pairs else ["messages"], iter(()))
    encoding.note(table)
    note_repair(table.found, "speaker_lines", True)
    table.flaws.add(_note(are_pairs))
    table.records = _records(source, encoding, table, are_pairs)
    return table


def _records(source: Source, encoding: Encoding, table: Table, are_pairs: bool) -> Iterator[Record]:
    found = False
    for number, turns in _conversations(source, encoding):
        found = True
        if are_pairs:
            yield number, [turns[0][1], turns[1][1]]
            continue
        cell = json.dumps([{"role": side, "content": text} for side, text in turns], ensure_ascii=False)
        if len(cell) > MAX_CELL:
            raise cell_too_long(number, "messages")
        yield number, [cell]
    if not found:
        raise no_rows(table.columns)


def _conversations(source: Source, encoding: Encoding) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    first = itertools.islice(read_lines(source.path, encoding, MAX_CELL), LOOKED_AT)
    marks = _marks_of([line for line in first if line.strip()])
    turns: list[tuple[str, list[str]]] = []
    start, blank, size = 1, False, 0
    for number, line in enumerate(read_lines(source.path, encoding, MAX_CELL), start=1):
        if len(line) > MAX_CELL:
            raise cell_too_long(number, "text")
        text = line.strip()
        spoken = _parse(text, marks)
        if marks is _Marks.QUESTIONS and not spoken and text and turns and turns[-1][0] == USER:
            spoken = _Spoken(ASSISTANT, text, False)
        if spoken:
            begins = spoken.side == "system" or (spoken.side == "user" and (blank or spoken.asks))
            if begins and turns and turns[-1][0] == "assistant":
                yield start, _joined(turns)
                turns = []
            start = start if turns else number
            turns.append((spoken.side, [spoken.words]))
            size = len(spoken.words)
        elif text and turns:
            turns[-1][1].append(text)
            size += bool(size) + len(text)
        if size > MAX_CELL:
            raise cell_too_long(start, "text")
        blank = not text
    if turns:
        yield start, _joined(turns)


def _joined(turns: list[tuple[str, list[str]]]) -> list[tuple[str, str]]:
    return [(side, "\n".join(lines).strip()) for side, lines in turns]


def _marks_of(lines: Sequence[str]) -> _Marks:
    """By what the lines tell the sides apart."""
    sides = [found.side if (found := _parse(line, _Marks.WORDS)) else "" for line in lines]
    asked = [at for at, line in enumerate(lines) if _question(line)]
    if len(asked) > 1 and set(sides) - {""} == {ASSISTANT}:
        follow = (*sides[1:], "")
        return _Marks.NUMBERS if all(follow[at] == ASSISTANT for at in asked[:-1]) else _Marks.WORDS
    if len(asked) < FEWEST or any(sides) or asked[0] > 1:
        return _Marks.WORDS
    # Each has something below it before the next one comes.
    return _Marks.QUESTIONS if all(after - at > 1 for at, after in itertools.pairwise(asked)) else _Marks.WORDS


def _question(line: str) -> str:
    """The question of a line that has a number or stands out; empty for others."""
    text = line.strip()
    found = _NUMBERED.match(text) or _STANDING_OUT.match(text)
    return found[1].strip("* ") if found else ""


def _parse(line: str, marks: _Marks) -> _Spoken | None:
    """Who speaks in a line; None where it begins with nobody."""
    if marks is not _Marks.WORDS and (question := _question(line)):
        return _Spoken(USER, question, True)
    if marks is _Marks.QUESTIONS:
        return None
    found = _LINE.match(line.strip())
    name = found[1].casefold() if found else ""
    return _Spoken(_SIDES[name], found[2], name in ASKS) if found and name in _SIDES else None


def _note(are_pairs: bool) -> Flaw:
    return Flaw(
        "speaker_lines",
        "warning",
        stated("The lines begin with who speaks, so each question and its answer became a row.")
        if are_pairs
        else stated("The lines begin with who speaks, so each conversation became a row."),
        stated("If it is running text, say so where the file can be read in another way."),
    )
