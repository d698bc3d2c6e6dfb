"""Warns of columns with texts that no role reads, judged from a sample of rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types.base import Problem, TaskType
from app.catalog.task_types.text_patterns import is_number
from app.languages import stated

# A column holds texts when they have several words and seldom repeat, unlike names, dates, ids and categories.
MIN_WORDS = 4.0
MIN_DISTINCT_SHARE = 0.5
MIN_FILLED_SHARE = 0.2
MAX_SHOWN = 4


def unread_texts(task: TaskType, columns: Mapping[str, str], sample: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """At most one problem, about all columns that hold texts but have no role."""
    unread = [name for name in _columns(sample) if name not in columns.values() and _holds_texts(sample, name)]
    if not unread:
        return []
    quoted = [repr(name[:60]) for name in unread[:MAX_SHOWN]]
    more = f" (+{len(unread) - MAX_SHOWN})" if len(unread) > MAX_SHOWN else ""
    message = stated(
        "Texts in {columns} are not read: no role of “{task}” uses them.",
        columns=", ".join(quoted) + more,
        task=stated(task.title),
    )
    hint = stated(
        "If the answer depends on them, put both texts into one column; choose another column below if it is the right one."
    )
    return [Problem("unread_text", "warning", message, hint)]


def _columns(sample: Sequence[Mapping[str, Any]]) -> list[str]:
    return [name for name in (sample[0] if sample else {}) if not name.startswith("_")]


def _holds_texts(sample: Sequence[Mapping[str, Any]], name: str) -> bool:
    values = [value for row in sample if isinstance(value := row.get(name), str) and value.strip()]
    if len(values) < max(1, MIN_FILLED_SHARE * len(sample)) or all(map(is_number, values)):
        return False
    words = sum(len(value.split()) for value in values) / len(values)
    return words >= MIN_WORDS and len(set(values)) >= MIN_DISTINCT_SHARE * len(values)
