"""Columns of texts that no role reads, told so that nobody believes the model sees them. Looks at a sample; knows no door."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types.base import Problem, TaskType
from app.catalog.task_types.text_patterns import is_number

# A text has several words and hardly ever comes twice; names, dates, ids and categories have neither.
LEAST_WORDS = 4.0
DISTINCT_SHARE = 0.5
LEAST_FILLED = 0.2
SHOWN = 4


def unread_texts(task: TaskType, chosen: Mapping[str, str], sample: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """One warning about the columns that hold texts but have no role, or nothing."""
    unread = [name for name in _columns(sample) if name not in chosen.values() and _holds_texts(sample, name)]
    if not unread:
        return []
    quoted = [repr(name[:60]) for name in unread[:SHOWN]]
    more = f" and {len(unread) - SHOWN} more" if len(unread) > SHOWN else ""
    message = f"Texts in {', '.join(quoted)}{more} are not read: no role of “{task.title}” uses them."
    hint = "If the answer depends on them, put both texts into one column; choose another column below if it is the right one."
    return [Problem("unread_text", "warning", message, hint)]


def _columns(sample: Sequence[Mapping[str, Any]]) -> list[str]:
    return [name for name in (sample[0] if sample else {}) if not name.startswith("_")]


def _holds_texts(sample: Sequence[Mapping[str, Any]], name: str) -> bool:
    values = [each for row in sample if isinstance(each := row.get(name), str) and each.strip()]
    if len(values) < max(1, LEAST_FILLED * len(sample)) or all(map(is_number, values)):
        return False
    words = sum(len(each.split()) for each in values) / len(values)
    return words >= LEAST_WORDS and len(set(values)) >= DISTINCT_SHARE * len(values)
