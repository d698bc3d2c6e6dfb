"""Continued pretraining: running text, read on and on; every word is learned from."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types.base import Role
from app.catalog.task_types.generative import Example, GenerativeTask, UnusableRow, find_column
from app.catalog.task_types.text_patterns import visible

NAMES = ("text", "content", "document", "body", "passage", "story")


class ContinuedPretraining(GenerativeTask):
    """Learn a field's language from plain text."""

    kind = "continued-pretraining"
    title = "Learn a field's language"
    summary = "Read plain text such as manuals or stories, so that the model knows the words and the style of a field."
    example = "“Once upon a time there was a king …” → the model goes on in the same style"
    roles = (Role("text", "Text", "The column with the running text; in a plain text file every line is a row."),)
    words = {"empty_text": ("error", "The text in {text} is missing or empty.", "Fill it in; these rows are left out.")}

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """A known name, or the only column there is."""
        found = find_column(columns, NAMES) or (columns[0] if len(columns) == 1 else None)
        return {"text": found} if found else {}

    def read_example(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> Example:
        """See :meth:`GenerativeTask.read_example`."""
        text = row.get(columns["text"])
        if not isinstance(text, str) or not visible(text):
            raise UnusableRow("empty_text")
        return Example(text=text)
