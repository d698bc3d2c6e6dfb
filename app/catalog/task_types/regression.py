"""Regression: one text or two, one number or several. Words, roles, how a row is read, scores."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.catalog.task_types import number_forms as forms
from app.catalog.task_types import regression_checks as checks
from app.catalog.task_types import regression_columns as found
from app.catalog.task_types import text_pairs
from app.catalog.task_types.base import Problem, Role, TaskType
from app.catalog.task_types.candidates import GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.scores import Score

Row = Mapping[str, Any]
TEXT = Role("text", "Text", "The column with the text that the model reads.")
SECOND = Role(
    text_pairs.SECOND.name,
    "Second text",
    "A column with another text that is read together with the first one, if the number is about both.",
    required=False,
)
SCORE = Role(
    "score", "Number", "The column with the number that the model should give, such as a score.", required=False
)
OWN_COLUMN = Role("score:", "One of several numbers", "A column with one of several numbers.", required=False)


class Regression(TaskType):
    """Give each text, or each pair of texts, a number, or one number of each of several kinds."""

    kind = "regression"
    title = "Give texts a score"
    summary = "Give every text a number that is learned in its order: how hard, how good, how urgent, how similar."
    example = "“Arrived late and broken” → 1.4"
    roles = (TEXT, SECOND, SCORE)
    text_roles = (TEXT.name, SECOND.name)
    column_roles = (OWN_COLUMN,)
    answer_roles = ("score",)
    scores = (
        Score("pearson", "Pearson correlation", unit="number"),
        Score("spearman", "Spearman correlation", unit="number"),
        # In the unit of the number, beside which the curves of the others would be flat.
        Score("mae", "Mean absolute error", unit="number", higher_is_better=False, drawn=False),
        Score("r2", "R²", unit="number"),
    )
    answer_form = "number"
    needed = 0.80

    def roles_of(self, columns: Iterable[str]) -> tuple[Role, ...]:
        """See :meth:`TaskType.roles_of`: also what a comma means, and a role for each of several numbers."""
        own = []
        for name in columns:
            if forms.is_score_role(name) and name != SCORE.name:
                known = OWN_COLUMN if forms.OWN_COLUMN in name else SCORE
                own.append(Role(name, known.title, known.help, required=False))
        return (*self.roles, *own)

    def is_answer(self, role: str) -> bool:
        """See :meth:`TaskType.is_answer`."""
        return forms.is_score_role(role)

    def missing_role(self, chosen: Mapping[str, str]) -> Role | None:
        """See :meth:`TaskType.missing_role`: the text, and a number in any form."""
        if TEXT.name not in chosen:
            return TEXT
        return None if any(map(self.is_answer, chosen)) else SCORE

    def output_names(self, labels: Iterable[str], columns: Mapping[str, str]) -> list[str]:
        """See :meth:`TaskType.output_names`: the columns of the numbers."""
        return forms.score_columns(columns)

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Row]) -> dict[str, str]:
        """See :meth:`TaskType.guess_columns`."""
        guesses = self.candidates(TableFacts(tuple(columns), sample))
        return dict(guesses[0].columns) if guesses else {}

    def candidates(self, table: TableFacts) -> list[GoalCandidate]:
        """See :meth:`TaskType.candidates`."""
        return found.candidates(table)

    def as_read(self, row: Row, columns: Mapping[str, str]) -> list[tuple[str, str]]:
        """See :meth:`TaskType.as_read`."""
        texts = [role for role in (TEXT, SECOND) if role.name in columns]
        shown = [(role.title, str(row.get(columns[role.name]) or "")) for role in texts]
        for role, column in columns.items():
            if self.is_answer(role):
                shown.append((f"{SCORE.title}: {column}", _shown(row.get(column), role)))
        return shown

    def answers(self, row: Row, columns: Mapping[str, str]) -> tuple[str, ...]:
        """See :meth:`TaskType.answers`: no labels."""
        return ()

    def numbers(self, row: Row, columns: Mapping[str, str]) -> tuple[float, ...]:
        """See :meth:`TaskType.numbers`."""
        return tuple(
            forms.read_number(row.get(column), role).value for role, column in columns.items() if self.is_answer(role)
        )

    def check(self, rows: Iterable[Row], columns: Mapping[str, str]) -> list[Problem]:
        """See :meth:`TaskType.check`."""
        return checks.check(rows, columns)

    def labels(self, rows: Iterable[Row], columns: Mapping[str, str]) -> dict[str, int]:
        """See :meth:`TaskType.labels`: none."""
        return {}


def _shown(cell: Any, role: str) -> str:
    """A cell as it is read, or as it stands where it is no number."""
    try:
        number = forms.read_number(cell, role)
    except UnusableRow:
        return "" if cell is None else str(cell)
    return f"{number.value:g}{number.unit}"
