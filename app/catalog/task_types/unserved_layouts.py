"""Recognises data that tasks serve, written in a layout that cannot be read row by row.

Each function gives None where a table is not laid out so, else an empty list.
"""

import re
from typing import Any

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types.candidates import GoalCandidate
from app.catalog.task_types.column_facts import TableFacts, parsed
from app.catalog.task_types.text_classification_columns import best_text
from app.speakers import ROLES

LIST_SHARE, OUTSIDE_SHARE, MARKED_SHARE = 0.9, 0.5, 0.5
# Columns of exported chats.
SPEAKERS, MAX_SPEAKERS = ("speaker", "sender"), 20
_BRACKETED = re.compile(r"\[[^\[\]\n]{1,80}\]\([^\W\d][\w -]{1,30}\)")
_TAGGED = re.compile(r"<([^\W\d]\w{1,20})>[^<>\n]{1,80}</\1>")
# Tags that shape a text and mark nothing in it.
HTML = frozenset(
    "b i u p em br tt code pre div span strong small sub sup del ins mark li ul ol td th tr h1 h2 h3 h4 think".split()
)


def turn_rows(table: TableFacts) -> list[GoalCandidate] | None:
    """One row for each message of a conversation."""
    for name, column in table.columns.items():
        speakers = {value.casefold().strip() for value in column.values}
        sides = {ROLES.get(speaker) for speaker in speakers}
        if 2 <= column.distinct <= 4 and None not in sides and len(sides - {"system"}) == 2:
            text = best_text(table, [item for item in table.names if item != name])
            if text and not names.is_called(name, names.LABELS):
                return []
        is_log = name.casefold() in SPEAKERS and 2 <= column.distinct <= MAX_SPEAKERS and table.of_kind(facts.TIMES)
        if is_log and best_text(table, [item for item in table.names if item != name]):
            return []
    return None


def inline_marks(table: TableFacts) -> list[GoalCandidate] | None:
    """Words marked inside of the text, as ``[Anna](person)`` or ``<person>Anna</person>``."""
    for name in table.of_kind(facts.TEXTS, facts.WORDS):
        if table.share(name, _has_mark) >= MARKED_SHARE:
            return []
    return None


def _has_mark(cell: Any) -> bool:
    text = str(cell)
    return bool(_BRACKETED.search(text)) or any(kind.casefold() not in HTML for kind in _TAGGED.findall(text))


def word_rows(table: TableFacts) -> list[GoalCandidate] | None:
    """One row for each word of a sentence."""
    tags = [name for name, column in table.columns.items() if column.kind in (facts.VALUES, facts.WORDS)]
    for name in tags:
        if table.share(name, _is_tag, rows=400) >= 0.98 and _marks(table, name):
            return []
        is_tag = _has_single_words(table, name) and table.columns[name].distinct > 1
        if is_tag and table.share(name, _is_outside, rows=400) >= OUTSIDE_SHARE:
            return []
    return None


def _has_single_words(table: TableFacts, tags: str) -> bool:
    """Whether another column holds one word in nearly every row, and hardly any column more."""
    rest = [name for name in table.names if name != tags and table.columns[name].kind in (facts.VALUES, facts.WORDS)]
    return not table.of_kind(facts.TEXTS) and any(0 < table.columns[name].words <= 1.05 for name in rest)


def _is_outside(cell: Any) -> bool:
    return str(cell).strip() in ("O", "o", "OUT", "_", "-", "none", "None")


def _is_tag(cell: Any) -> bool:
    plain = str(cell).strip()
    return plain == "O" or (" " not in plain and len(plain) > 2 and plain[0] in "BIESLU" and plain[1] in "-_")


def _marks(table: TableFacts, name: str) -> bool:
    return any(value != "O" for value in table.columns[name].values)


def numbered_spans(table: TableFacts) -> list[GoalCandidate] | None:
    """Marked spans whose labels are numbers."""

    def numbered(cell: Any) -> bool:
        value = parsed(cell)
        spans = value if isinstance(value, list) and value and all(isinstance(item, dict) for item in value) else []
        return bool(spans) and all(
            isinstance(item.get("label"), int) and ("start" in item or "start_offset" in item) for item in spans
        )

    return [] if any(table.share(name, numbered) >= LIST_SHARE for name in table.of_kind(facts.OBJECTS)) else None


def label_studio_choices(table: TableFacts) -> list[GoalCandidate] | None:
    """Answers within the nested results of Label Studio's full export."""

    def chosen(cell: Any) -> bool:
        value = parsed(cell)
        first = value[0] if isinstance(value, list) and value else None
        results = first.get("result") if isinstance(first, dict) else None
        values = [item.get("value") for item in results if isinstance(item, dict)] if isinstance(results, list) else []
        return any(isinstance(value, dict) and "choices" in value for value in values)

    return [] if any(table.share(name, chosen) >= LIST_SHARE for name in table.of_kind(facts.OBJECTS)) else None


def argilla_responses(table: TableFacts) -> list[GoalCandidate] | None:
    """Answers within the nested ``responses`` of Argilla's export, where no other column is called a label."""

    def answered(cell: Any) -> bool:
        value = parsed(cell)
        responses = value if isinstance(value, list) else []
        values = [item.get("values") for item in responses if isinstance(item, dict)]
        return any(isinstance(item, dict) and any(map(_is_answer, item.values())) for item in values)

    if names.find_column(table.names, names.LABELS):
        return None
    name = names.find_column(table.of_kind(facts.OBJECTS), ("responses",))
    return [] if name and table.share(name, answered) >= LIST_SHARE else None


def _is_answer(value: Any) -> bool:
    return isinstance(value, dict) and "value" in value
