"""Continued pretraining: running text, read on and on; every word is learned from."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types.base import Role
from app.catalog.task_types.candidates import PARTLY, GoalCandidate
from app.catalog.task_types.column_facts import ColumnFacts, TableFacts
from app.catalog.task_types.column_names import TITLES, find_column, is_called
from app.catalog.task_types.generative import Example, GenerativeTask, UnusableRow
from app.catalog.task_types.text_patterns import visible
from app.languages import stated

NAMES = ("text", "content", "document", "body", "passage", "story")

BESIDE_OTHERS = 25


def _means(column: ColumnFacts) -> bool:
    """Whether a column says more about a text than where it comes from."""
    filled = column.kind in (facts.OBJECTS, facts.VALUES, facts.TEXTS) and column.distinct > 1
    about = column.is_metadata or column.is_person or is_called(column.name, TITLES)
    return filled and not (about or column.numeric > facts.SHARE)


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

    def candidates(self, table: TableFacts) -> list[GoalCandidate]:
        """The only column there is; beside other columns the text is probably meant for something else."""
        guess = self.guess_columns(table.names, table.sample)
        if not guess or table.columns[guess["text"]].kind == facts.OBJECTS:
            return []
        if len(table.names) == 1:
            return [GoalCandidate(self.kind, guess, PARTLY, stated("running text"))]
        meant = [name for name, column in table.columns.items() if name not in guess.values() and _means(column)]
        doubt = (
            stated(
                "beside the texts, {columns} holds something that would not be read.",
                columns=", ".join(map(repr, meant[:3])),
            )
            if meant
            else ""
        )
        return [GoalCandidate(self.kind, guess, BESIDE_OTHERS, stated("running text"), doubt)]

    def read_example(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> Example:
        """See :meth:`GenerativeTask.read_example`."""
        text = row.get(columns["text"])
        if not isinstance(text, str) or not visible(text):
            raise UnusableRow("empty_text")
        return Example(text=text)
