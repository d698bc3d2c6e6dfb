"""Reads sentences with marked words out of cells: words with tags, text with spans, text with tags in it. Pure.

Every form becomes a :class:`Sentence`: words with their places in a text, and entities as ranges of words. Knows no
columns and no report.
"""

import ast
import json
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.text_patterns import visible

# Scripts written without spaces count by character; marks that stand above or below letters belong to their word.
_SINGLE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u0900-\u0963"
    "\u0966-\u0dff\u0e31-\u0e4e\u0eb1-\u0ece\u1000-\u109f\u1780-\u17d3\u200c\u200d"
)
WORD_PATTERN = rf"[{_SINGLE}]|(?:[^\W{_SINGLE}]|[{_MARKS}])+|[^\w\s]"
_WORD = re.compile(WORD_PATTERN)
_TAG = re.compile(r"O|([BIESLU])[-_](\S(?:.*\S)?)")
# A type without B- or I- before it, as word classes and some exports write it; a number says nothing.
_PLAIN_TAG = re.compile(r"[^\W\d_][\w:./$&+-]*|[.,:;()$#'`\"-]+")
# No type; CoNLL-U writes a line where two words are written as one.
UNMARKED = ("O", "", "_")
_INLINE = re.compile(r"(\S+)[/|](O|[BIESLU][-_]\S+)$")
# IOBES and BILOU say the same with other letters.
_SAME = {"L": "E", "U": "S"}


class Entity(NamedTuple):
    """Words ``start`` to ``end`` (exclusive, counted from 0) and what they are."""

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Sentence:
    """A text, the places (start, end) of its words in it, and the entities among them, in order, never overlapping.

    ``orphans`` counts entities that begin with ``I-``, ``begun`` those that begin otherwise, ``needless`` those of the
    latter where the older IOB1 scheme would write ``I-``. ``snapped`` counts spans that began or ended within a word.
    ``types_alone`` says that the tags were types without letters before them.
    """

    text: str
    places: tuple[tuple[int, int], ...]
    entities: tuple[Entity, ...]
    orphans: int = 0
    begun: int = 0
    needless: int = 0
    snapped: int = 0
    types_alone: bool = False

    @property
    def words(self) -> list[str]:
        """The words, as they stand in the text."""
        return [self.text[start:end] for start, end in self.places]

    @property
    def tags(self) -> list[str]:
        """One BIO tag for each word."""
        tags = ["O"] * len(self.places)
        for start, end, label in self.entities:
            tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
        return tags

    @property
    def spans(self) -> list[list[Any]]:
        """``[[start, end, label]]`` in characters of the text."""
        return [
            [self.places[entity.start][0], self.places[entity.end - 1][1], entity.label] for entity in self.entities
        ]


def word_places(text: str) -> tuple[tuple[int, int], ...]:
    """Where the words of a running text begin and end; punctuation marks are words of their own."""
    return tuple(found.span() for found in _WORD.finditer(text))


def from_tags(words: Sequence[str], tags: Sequence[str]) -> Sentence:
    """A sentence from words and their tags in BIO, IOB1, IOBES or BILOU, or with types alone.

    Types alone (``FIRM``) mark neighbours with the same type as one entity where other words are marked ``O``, and every word
    by itself where none is, as for word classes.

    Raises:
        UnusableRow: ``length_mismatch``, ``unknown_tag`` or ``empty_text``.
    """
    if len(words) != len(tags):
        raise UnusableRow("length_mismatch", words=len(words), tags=len(tags))
    if not any(visible(word) for word in words):
        raise UnusableRow("empty_text")
    places, at = [], 0
    for word in words:
        places.append((at, at + len(word)))
        at += len(word) + 1
    lettered = _with_letters(tags)
    return Sentence(" ".join(words), tuple(places), *_decode(words, lettered), types_alone=lettered is not tags)


def from_spans(text: str, spans: Sequence[tuple[int, int, str]]) -> Sentence:
    """A sentence from a running text and spans in characters; a span within a word means the whole word.

    Raises:
        UnusableRow: ``empty_text``, ``span_outside`` or ``overlapping_spans``.
    """
    places = word_places(text)
    if not visible(text) or not places:
        raise UnusableRow("empty_text")
    starts, ends = [start for start, _ in places], [end for _, end in places]
    entities: list[Entity] = []
    snapped = 0
    for start, end, label in sorted(spans):
        if not 0 <= start < end <= len(text):
            raise UnusableRow("span_outside", span=[start, end, label], characters=len(text))
        # The first word that ends after the start, and the last one that starts before the end.
        first, last = bisect_right(ends, start), bisect_right(starts, end - 1)
        if first >= last:
            raise UnusableRow("span_outside", span=[start, end, label], text=text[start:end])
        if entities and first < entities[-1].end:
            raise UnusableRow("overlapping_spans", span=[start, end, label], before=entities[-1].label)
        marked = text[start:end]
        begin, stop = end - len(marked.lstrip()), start + len(marked.rstrip())
        snapped += places[first][0] < begin or places[last - 1][1] > stop
        entities.append(Entity(first, last, label))
    return Sentence(text, places, tuple(entities), snapped=snapped)


def from_inline(cell: str) -> Sentence:
    """A sentence from ``Anna/B-PER went/O`` or from a word and its tag on each line.

    Raises:
        UnusableRow: ``inline_tags``, or as :func:`from_tags`.
    """
    lines = [line.rsplit(None, 1) for line in cell.splitlines() if line.strip()]
    if len(lines) > 1 and all(len(line) == 2 and _TAG.fullmatch(line[1]) for line in lines):
        return from_tags([word for word, _ in lines], [tag for _, tag in lines])
    pieces = cell.split()
    if not pieces:
        raise UnusableRow("empty_text")
    found = [_INLINE.match(piece) for piece in pieces]
    without = next((piece for piece, match in zip(pieces, found, strict=True) if match is None), None)
    if without is not None:
        raise UnusableRow("inline_tags", word=without)
    pairs = [match.groups() for match in found if match]
    return from_tags([word for word, _ in pairs], [tag for _, tag in pairs])


def read_list(cell: Any) -> list[str] | None:
    """A cell with a list of texts: JSON, Python's way of writing it, or words with spaces between; None for others."""
    if not isinstance(cell, str):
        return None
    plain = cell.strip()
    if not plain.startswith("["):
        return plain.split()
    value = _value(plain)
    if not isinstance(value, list) or any(isinstance(item, list | dict) or item is None for item in value):
        return None
    return [str(item) for item in value]


def read_spans(cell: Any) -> list[tuple[int, int, str]]:
    """A cell with ``[[0, 4, "PER"]]`` or ``[{"start": 0, "end": 4, "label": "PER"}]``; an empty cell has none.

    Raises:
        UnusableRow: ``not_spans``.
    """
    if cell is None or not str(cell).strip():
        return []
    value = _value(str(cell))
    if isinstance(value, Mapping):
        value = value.get("entities", value.get("spans", value.get("label")))
    if not isinstance(value, list):
        raise UnusableRow("not_spans", found=cell)
    return [_span(item, cell) for item in _results(value)]


def _results(value: list[Any]) -> list[Any]:
    """The spans under ``[{"result": [{"value": {...}}]}]``, as Label Studio nests them; any other list as it is.

    Of several annotations of one text the first counts.
    """
    first = value[0] if value else None
    if not isinstance(first, Mapping) or not isinstance(first.get("result"), list):
        return value
    return [
        item.get("value") for item in first["result"] if isinstance(item, Mapping) and item.get("type") != "relation"
    ]


def _span(value: Any, cell: Any) -> tuple[int, int, str]:
    if isinstance(value, Mapping):
        label = value.get("label", value.get("type", value.get("tag", value.get("entity_group"))))
        labels = value.get("labels")
        if label is None and isinstance(labels, list) and len(labels) == 1:
            label = labels[0]
        value = [value.get("start", value.get("start_offset")), value.get("end", value.get("end_offset")), label]
    if not isinstance(value, list) or len(value) != 3:
        raise UnusableRow("not_spans", found=cell)
    start, end, label = value
    whole = all(isinstance(bound, int) and not isinstance(bound, bool) for bound in (start, end))
    if not whole or not isinstance(label, str) or not visible(label):
        raise UnusableRow("not_spans", found=cell)
    return start, end, label.strip()


def _with_letters(tags: Sequence[str]) -> Sequence[str]:
    """Tags with the letters of BIO, where the row's tags are types alone."""
    plain = [tag.strip() for tag in tags]
    marked = [tag for tag in plain if tag not in UNMARKED]
    if not marked or any(_parse(tag) is not None for tag in marked) or not all(map(_PLAIN_TAG.fullmatch, marked)):
        return tags
    by_itself = "O" not in plain
    return [
        "O" if tag in UNMARKED else f"{'B' if by_itself or tag != last else 'I'}-{tag}"
        for last, tag in zip(["O", *plain], plain, strict=False)
    ]


def _decode(words: Sequence[str], tags: Sequence[str]) -> tuple[tuple[Entity, ...], int, int, int]:
    """Entities, and how many begin with ``I-``, otherwise, and otherwise without need; one rule reads every scheme."""
    entities: list[Entity] = []
    orphans = begun = needless = 0
    inside, closed = "", True
    for at, (word, tag) in enumerate(zip(words, tags, strict=True)):
        found = _parse(tag)
        if found is None:
            raise UnusableRow("unknown_tag", word=word, tag=tag)
        letter, label = found
        if not letter:
            inside = ""
            continue
        adjoins = inside == label
        if letter in "IE" and adjoins and not closed:
            entities[-1] = entities[-1]._replace(end=at + 1)
        else:
            entities.append(Entity(at, at + 1, label))
            orphans += letter in "IE"
            begun += letter in "BS"
            needless += letter in "BS" and not adjoins
        inside, closed = label, letter in "ES"
    return tuple(entities), orphans, begun, needless


@lru_cache(maxsize=4096)
def _parse(tag: str) -> tuple[str, str] | None:
    """Letter and type of a tag, both empty for O; None for something else."""
    found = _TAG.fullmatch(tag.strip())
    return (_SAME.get(found[1], found[1]) or "", found[2] or "") if found else None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
