"""Text classification: one text, one label out of a fixed set. Words, roles and scores; the checks are beside this file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.catalog.task_types import text_classification_checks as checks
from app.catalog.task_types import text_classification_columns as found
from app.catalog.task_types.base import Problem, Role, TaskType
from app.catalog.task_types.candidates import GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.scores import Score


class TextClassification(TaskType):
    """Sort each text into one of the labels that the data names."""

    kind = "text-classification"
    title = "Sort texts into categories"
    summary = "Give every text one label, for example the topic of a customer's question or the tone of a review."
    example = "“My card has not arrived yet” → card_arrival"
    roles: tuple[Role, ...] = (
        Role("text", "Text", "The column with the text that the model reads."),
        Role("label", "Label", "The column with the answer that the model should give."),
    )
    scores: tuple[Score, ...] = (Score("accuracy", "Accuracy", counted=True), Score("macro_f1", "Macro-F1"))
    needed = 0.90

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """See :meth:`TaskType.guess_columns`."""
        return found.guess_columns(TableFacts(tuple(columns), sample))

    def candidates(self, table: TableFacts) -> list[GoalCandidate]:
        """See :meth:`TaskType.candidates`."""
        return found.candidates(table)

    def check(self, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[Problem]:
        """See :meth:`TaskType.check`."""
        return checks.check(rows, columns)

    def labels(self, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> dict[str, int]:
        """See :meth:`TaskType.labels`."""
        return checks.labels(rows, columns)

    def metrics(self, expected: Sequence[int], answered: Sequence[int], label_count: int) -> dict[str, float]:
        """Accuracy, and F1 averaged over the labels that occur in either list (absent labels say nothing)."""
        right = sum(a == b for a, b in zip(expected, answered, strict=True))
        return {"accuracy": right / max(1, len(expected)), "macro_f1": _macro_f1(expected, answered)}

    def per_class(
        self, expected: Sequence[int], answered: Sequence[int], labels: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Precision, recall, F1 and row count for each label."""
        reported_rows = []
        for number, label in enumerate(labels):
            hit, given, wanted = _counts(expected, answered, number)
            reported_rows.append(
                {
                    "label": label,
                    "precision": hit / given if given else 0.0,
                    "recall": hit / wanted if wanted else 0.0,
                    "f1": 2 * hit / (given + wanted) if given + wanted else 0.0,
                    "count": wanted,
                }
            )
        return reported_rows

    def confusion(self, expected: Sequence[int], answered: Sequence[int], label_count: int) -> list[list[int]]:
        """Counts by expected label (row) and given answer (column)."""
        table = [[0] * label_count for _ in range(label_count)]
        for wanted, given in zip(expected, answered, strict=True):
            table[wanted][given] += 1
        return table


def _counts(expected: Sequence[int], answered: Sequence[int], number: int) -> tuple[int, int, int]:
    pairs = list(zip(expected, answered, strict=True))
    hit = sum(wanted == given == number for wanted, given in pairs)
    return hit, sum(given == number for _, given in pairs), sum(wanted == number for wanted, _ in pairs)


def _macro_f1(expected: Sequence[int], answered: Sequence[int]) -> float:
    present = sorted(set(expected) | set(answered))
    scores = []
    for number in present:
        hit, given, wanted = _counts(expected, answered, number)
        scores.append(2 * hit / (given + wanted))
    return sum(scores) / max(1, len(scores))
