"""Answers of runs to the same held-out rows, read from the stored predictions for paired significance tests.

Labels are right or wrong (McNemar's test); entities are counted in every sentence, and numbers correlated over all rows (bootstrap
over the rows). Texts are held against all references of their source.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog import reference_scores
from app.catalog.entity_scores import Counts, count
from app.catalog.number_scores import paired_pearson
from app.catalog.reference_scores import ReferenceCounts
from app.catalog.task_types import task_type
from app.catalog.task_types.number_forms import of_text
from app.catalog.task_types.scores import AnswerForm
from app.models import Prediction, Run
from app.services.evaluation import statistics, tested_rows
from app.services.evaluation.statistics import Outcome, PairedTest

# Forms of answers of which one row says how good it is.
PAIRED_FORMS = ("label", "labels", "number", "entities", "target", "preference")
# Of these an answer is right where it is the expected one.
EXACT = ("label", "preference")


@dataclass(frozen=True)
class WrittenAnswer:
    """A text and all references of its source."""

    text: str
    references: list[str]


@dataclass
class RunAnswers:
    """Score of each test row, by row id, of the tuned and of the base model.

    1 or 0 for a ``label`` and a ``preference``, the answered and the expected numbers for a ``number``, the counts of the row for ``labels`` and
    ``entities``; for a ``target`` the text and its references, for the first row of each source.

    Attributes:
        data: dataset version and columns; runs with other data were not tested on the same rows.
        factor: by which the variance of a share exceeds that of independent rows; more than 1 after a cross-validation.
    """

    data: tuple[str, str]
    form: AnswerForm = "label"
    tuned: dict[int, Any] = field(default_factory=dict)
    base: dict[int, Any] = field(default_factory=dict)
    factor: float = 1.0

    @property
    def is_cross_validated(self) -> bool:
        """Whether every row was answered by a model that did not see it, instead of the rows of the test split."""
        return self.factor > 1


def answers_of(session: Session, runs: Sequence[Run]) -> dict[str, RunAnswers]:
    """Run id -> its answers to the test rows; runs without any, and tasks whose answers are free text, are left out."""
    found = {}
    for run in runs:
        if (form := task_type(run.task_type).answer_form) in PAIRED_FORMS:
            data = (run.dataset_version_id, str(sorted(run.spec["columns"].items())))
            answers = RunAnswers(data, form, factor=tested_rows.variance_factor(run.results or {}))
            _fill(session, run.id, answers)
            if answers.tuned:
                found[run.id] = answers
    return found


def _fill(session: Session, run_id: str, answers: RunAnswers) -> None:
    # Labels are compared by the database: two numbers a row travel faster than three texts. The table instead of the
    # mapped class, because mapping so many rows takes longer than reading them.
    table = Prediction.__table__.c
    if answers.form == "target":
        _fill_targets(session, run_id, answers)
        return
    if answers.form in EXACT:
        query = select(table.row_id, table.answer == table.expected, table.base_answer == table.expected)
    else:
        query = select(table.row_id, table.answer, table.base_answer, table.expected)
    for row_id, answer, base_answer, *expected in session.execute(
        query.where(table.run_id == run_id, table.split == "test")
    ):
        answers.tuned[row_id] = _score(answers.form, answer, *expected)
        if base_answer is not None:
            answers.base[row_id] = _score(answers.form, base_answer, *expected)


def _fill_targets(session: Session, run_id: str, answers: RunAnswers) -> None:
    table = Prediction.__table__.c
    query = select(table.row_id, table.input, table.answer, table.base_answer, table.expected)
    first: dict[str, int] = {}
    for row_id, source, answer, base_answer, expected in session.execute(
        query.where(table.run_id == run_id, table.split == "test").order_by(table.row_id)
    ):
        row = first.setdefault(source, row_id)
        answers.tuned.setdefault(row, WrittenAnswer(answer, [])).references.append(expected)
        if base_answer is not None:
            answers.base.setdefault(row, WrittenAnswer(base_answer, [])).references.append(expected)


def _score(form: AnswerForm, answer: Any, expected: str = "") -> Any:
    if form in EXACT:
        return float(answer)
    if form == "labels":
        return _label_counts(answer, expected)
    if form == "entities":
        return _entity_counts(answer, expected)
    return list(of_text(answer).values()), list(of_text(expected).values())


def against_base(answers: RunAnswers) -> PairedTest | None:
    """The tuned model against its base model; None when the base model did not answer the same rows."""
    return _compare(answers.form, answers.tuned, answers.base, answers.factor)


def against(answers: RunAnswers, other: RunAnswers) -> PairedTest | None:
    """One run against another on the same rows; None where there are none.

    Of a cross-validated run and one that was tested on the test split those are the test rows: neither model that answered such a row
    has learned from it.
    """
    if answers.data != other.data:
        return None
    first, second = answers.tuned, other.tuned
    if first.keys() != second.keys() and answers.is_cross_validated != other.is_cross_validated:
        common = first.keys() & second.keys()
        first, second = ({row: scores[row] for row in common} for scores in (first, second))
    return _compare(answers.form, first, second, max(answers.factor, other.factor))


def corrected(tests: Mapping[str, PairedTest]) -> dict[str, tuple[Outcome, float]]:
    """Outcome and p value of each test, corrected for multiple comparisons (Holm)."""
    p_values = statistics.holm([test.p_value for test in tests.values()])
    return {
        name: (statistics.outcome_of(test, p_value), p_value)
        for (name, test), p_value in zip(tests.items(), p_values, strict=True)
    }


def _compare(form: AnswerForm, first: Mapping[int, Any], second: Mapping[int, Any], factor: float) -> PairedTest | None:
    if not first or first.keys() != second.keys():
        return None
    rows = sorted(first)
    first_scores, second_scores = [first[row] for row in rows], [second[row] for row in rows]
    if form == "target":
        return reference_scores.paired(_reference_counts(first_scores), _reference_counts(second_scores), factor=factor)
    if form in ("entities", "labels"):
        return statistics.paired_f1(first_scores, second_scores, factor=factor)
    if form in EXACT:
        return statistics.mcnemar(
            [bool(score) for score in first_scores], [bool(score) for score in second_scores], factor
        )
    one, other = (np.array([answer for answer, _ in scores], dtype=float) for scores in (first_scores, second_scores))
    expected = np.array([wanted for _, wanted in first_scores], dtype=float)
    return paired_pearson(one, other, expected, factor=factor)


def _reference_counts(answers: Sequence[WrittenAnswer]) -> ReferenceCounts:
    return reference_scores.count([answer.text for answer in answers], [answer.references for answer in answers])


def _entity_counts(answer: str, expected: str) -> Counts:
    return count(json.loads(expected), json.loads(answer))


def _label_counts(answer: str, expected: str) -> Counts:
    given, wanted = set(json.loads(answer)), set(json.loads(expected))
    return Counts(len(given & wanted), len(given), len(wanted))
