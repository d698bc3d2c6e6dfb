"""Pair classification: two texts, one label that says how they belong together. Words, roles and how rows are read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.catalog.task_types import pair_checks, pair_columns
from app.catalog.task_types.base import Problem, Role
from app.catalog.task_types.candidates import GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.scores import Score
from app.catalog.task_types.text_classification import TextClassification
from app.catalog.task_types.text_pairs import FIRST, SECOND, TEXTS_JOINT


class PairClassification(TextClassification):
    """Say of two texts how they belong together, by one of the labels that the data names."""

    kind = "pair-classification"
    title = "Compare two texts"
    summary = "Give two texts one label: whether one follows from the other, whether both ask the same, whether a passage answers a query."
    example = "“How do I reset my password?” and “I forgot my password” → duplicate"
    roles = (FIRST, SECOND, Role("label", "Label", "The column that says how the two texts belong together."))
    text_roles = (FIRST.name, SECOND.name)
    scores = (Score("accuracy", "Accuracy", counted=True), Score("macro_f1", "Macro-F1"), Score("auc", "ROC AUC"))

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """See :meth:`TaskType.guess_columns`."""
        guesses = self.candidates(TableFacts(tuple(columns), sample))
        return dict(guesses[0].columns) if guesses else {}

    def candidates(self, table: TableFacts) -> list[GoalCandidate]:
        """See :meth:`TaskType.candidates`."""
        return pair_columns.candidates(table)

    def readable(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> str:
        """See :meth:`TaskType.readable`; what stands between the texts is about as long as what a tokenizer writes there."""
        return TEXTS_JOINT.join(str(row[columns[role]] or "") for role in self.text_roles if role in columns)

    def check(self, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[Problem]:
        """See :meth:`TaskType.check`."""
        return pair_checks.check(rows, columns)
