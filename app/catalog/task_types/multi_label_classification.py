"""Multi-label classification: one text, any number of labels out of a fixed set. Words, roles, how a row is read, scores."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.catalog.task_types import label_sets as forms
from app.catalog.task_types import multi_label_columns as found
from app.catalog.task_types import text_classification_checks as checks
from app.catalog.task_types.base import Problem, Role, TaskType
from app.catalog.task_types.candidates import GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.scores import Score
from app.languages import stated

Row = Mapping[str, Any]
TEXT = Role("text", "Text", "The column with the text that the model reads.")
LABELS = Role(
    "labels",
    "Labels",
    'The column with all labels of a text: a list such as ["billing", "bug"], or names joined by ; or ,.',
    required=False,
)
OWN_COLUMN = Role(
    "label:", "Applies or not", "A column of 1 and 0 that says whether the label of its name applies.", required=False
)


class MultiLabelClassification(TaskType):
    """Give each text all of the labels that apply to it, of those that the data names."""

    kind = "multi-label-classification"
    title = "Give texts several labels"
    summary = (
        "Find every label that applies to a text: all topics of a message, all defects in a report, or none of them."
    )
    example = "“Your app charged me twice and then crashed” → billing, bug"
    roles = (TEXT, LABELS)
    column_roles = (OWN_COLUMN,)
    nested_roles = ("labels",)
    answer_roles = ("labels",)
    scores = (
        Score("micro_f1", "Micro-F1", counted=True),
        Score("macro_f1", "Macro-F1"),
        Score("average_precision", "Average precision"),
        Score("exact_set", "All labels right", counted=True),
    )
    answer_form = "labels"
    needed = 0.80

    def roles_of(self, columns: Iterable[str]) -> tuple[Role, ...]:
        """See :meth:`TaskType.roles_of`: also how labels are joined, and a role for each column of its own."""
        own = []
        for name in columns:
            if name.startswith(forms.JOINED):
                own.append(Role(name, LABELS.title, LABELS.help, required=False))
            elif name.startswith((forms.COLUMN, forms.VALUE)):
                own.append(Role(name, OWN_COLUMN.title, OWN_COLUMN.help, required=False))
        return (*self.roles, *own)

    def is_answer(self, role: str) -> bool:
        """See :meth:`TaskType.is_answer`."""
        return role != TEXT.name

    def missing_role(self, chosen: Mapping[str, str]) -> Role | None:
        """See :meth:`TaskType.missing_role`: the text, and labels in any form."""
        if "text" not in chosen:
            return TEXT
        return None if any(map(self.is_answer, chosen)) else LABELS

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Row]) -> dict[str, str]:
        """See :meth:`TaskType.guess_columns`."""
        guesses = self.candidates(TableFacts(tuple(columns), sample))
        return dict(guesses[0].columns) if guesses else {}

    def candidates(self, table: TableFacts) -> list[GoalCandidate]:
        """See :meth:`TaskType.candidates`."""
        return found.candidates(table)

    def label_set(self, row: Row, columns: Mapping[str, str]) -> tuple[str, ...]:
        """The labels of a row, sorted; empty where none applies.

        Raises:
            UnusableRow: they cannot be read.
        """
        return forms.read_set(row, columns)

    def as_read(self, row: Row, columns: Mapping[str, str]) -> list[tuple[str, str]]:
        """See :meth:`TaskType.as_read`."""
        shown = "; ".join(self.answers(row, columns)) or stated("(no label)")
        return [(TEXT.title, str(row.get(columns.get("text", "")) or "")), (LABELS.title, shown)]

    def answers(self, row: Row, columns: Mapping[str, str]) -> tuple[str, ...]:
        """See :meth:`TaskType.answers`."""
        try:
            return self.label_set(row, columns)
        except UnusableRow:
            return ()

    def rewritten(self, row: Row, columns: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
        """See :meth:`TaskType.rewritten`; the label of a column is the name of the column, which stays."""
        changed = {}
        for role, column in columns.items():
            if role.startswith(forms.LISTED):
                labels = {names.get(label, label) for label in self.answers(row, {role: column})}
                changed[column] = forms.written(labels, role)
        return changed

    def check(self, rows: Iterable[Row], columns: Mapping[str, str]) -> list[Problem]:
        """See :meth:`TaskType.check`."""
        named = ", ".join(found.role_columns(columns))
        return checks.survey(rows, columns["text"], named, lambda row: forms.read_set(row, columns))

    def labels(self, rows: Iterable[Row], columns: Mapping[str, str]) -> dict[str, int]:
        """See :meth:`TaskType.labels`."""
        counts = Counter(label for row in rows for label in self.answers(row, columns))
        return dict(sorted(counts.items()))
