"""Marks in place of personal data in a cell, which may hold lists or objects, such as a conversation, in JSON."""

import json
from typing import Any

from app.catalog.task_types.column_facts import parsed
from app.catalog.task_types.text_patterns import masked


def mask_cell(cell: str) -> str:
    """The cell as :func:`text_patterns.masked` changes a text; in JSON only its strings, keys and numbers stay as they are.

    A cell without personal data comes back as it was written.
    """
    value = parsed(cell)
    if value is None:
        return masked(cell)
    try:
        safe = _mask_strings(value)
        return cell if safe == value else _written(safe)
    except (TypeError, RecursionError):
        # A set or bytes as Python writes them, or thousands of lists in each other: no form that a task reads.
        return masked(cell)


def _mask_strings(value: Any) -> Any:
    if isinstance(value, str):
        # The arguments of a call are JSON in a string.
        return mask_cell(value)
    if isinstance(value, list | tuple):
        return type(value)(_mask_strings(item) for item in value)
    if isinstance(value, dict):
        return {key: _mask_strings(item) for key, item in value.items()}
    return value


def _written(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # Half of a surrogate pair can be stored only in its escaped form.
    return text if text.encode(errors="ignore").decode() == text else json.dumps(value)
