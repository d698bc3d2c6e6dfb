"""Two texts that a model reads together: the roles of their columns, and both as one input.

An input of one text is the text; one of two texts is written as a JSON list of both, in their order.
"""

import json
from collections.abc import Mapping
from typing import Any

from app.catalog.task_types import text_patterns
from app.catalog.task_types.base import Role

FIRST = Role("text", "First text", "The column with the first text, such as a premise, a question or a query.")
SECOND = Role(
    "text_pair",
    "Second text",
    "The column with the text that is held against the first one, such as a hypothesis, an answer or a passage.",
)
# Between two texts where they stand in one line, as long as what a tokenizer writes there.
TEXTS_JOINT = " | "
# What a model answers: a text, or two that belong together.
TextInput = str | tuple[str, str]


def input_of(row: Mapping[str, Any], columns: Mapping[str, str]) -> TextInput:
    """The texts of a row: both of them if the second one has a column."""
    first = str(row.get(columns[FIRST.name]) or "")
    return (first, str(row.get(columns[SECOND.name]) or "")) if SECOND.name in columns else first


def written(texts: TextInput) -> str:
    """An input as it is stored beside its answers."""
    return texts if isinstance(texts, str) else json.dumps(texts, ensure_ascii=False)


def in_any_order(row: Mapping[str, Any], columns: Mapping[str, str]) -> str:
    """The same for two texts in either order, apart from case and spaces."""
    return text_patterns.in_any_order(
        str(row.get(columns[role.name]) or "") for role in (FIRST, SECOND) if role.name in columns
    )
