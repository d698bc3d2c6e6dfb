"""Answers of runs to the same held-out rows, ready for a paired test. Reads predictions; knows no page.

A label is right or wrong (McNemar); a number is as good as it is close, and marked words are counted in every sentence
(bootstrap over the rows).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.entity_scores import Counts, count
from app.catalog.task_types import task_type
from app.models import Prediction, Run
from app.services.evaluation import statistics
from app.services.evaluation.statistics import Paired

REGRESSION = "regression"


@dataclass
class Answers:
    """Score of each test row by row id: 1 or 0 for labels, minus the distance for numbers; higher is better.

    ``entities``: instead of a score each row has the counts of its marked words.
    """

    data: tuple[str, str]
    labels: bool = True
    tuned: dict[int, Any] = field(default_factory=dict)
    base: dict[int, Any] = field(default_factory=dict)
    entities: bool = False

    @property
    def decides(self) -> bool:
        """Whether the paired test on these answers is the verdict on the task's own score."""
        return self.labels or self.entities


def answers_of(session: Session, runs: Sequence[Run]) -> dict[str, Answers]:
    """Run id -> its answers to the test rows; runs without any, and tasks whose answers are free text, are left out."""
    testable = [run for run in runs if _testable(run)]
    found = {
        run.id: Answers(
            (run.dataset_version_id, str(sorted(run.spec["columns"].items()))),
            labels=not _marks(run) and run.task_type != REGRESSION,
            entities=_marks(run),
        )
        for run in testable
    }
    for labels in (True, False):
        wanted = [run_id for run_id, answers in found.items() if answers.labels == labels]
        _fill(session, found, wanted, labels)
    return {run_id: answers for run_id, answers in found.items() if answers.tuned}


def _fill(session: Session, found: Mapping[str, Answers], wanted: Sequence[str], labels: bool) -> None:
    # Labels are compared by the database: two numbers a row travel faster than three texts. The table rather than the
    # mapped class: nothing of so many rows needs mapping.
    of = Prediction.__table__.c
    own: Any = of.answer == of.expected if labels else of.answer
    base: Any = of.base_answer == of.expected if labels else of.base_answer
    columns = (of.row_id, own, base, *(() if labels else (of.expected,)))
    for run_id in wanted:
        query = select(*columns).where(of.run_id == run_id, of.split == "test")
        rows = session.execute(query).all()
        if labels:
            found[run_id].tuned = {row[0]: float(row[1]) for row in rows}
            found[run_id].base = {row[0]: float(row[2]) for row in rows if row[2] is not None}
        else:
            score = _entities if found[run_id].entities else _closeness
            found[run_id].tuned = {row[0]: score(row[1], row[3]) for row in rows}
            found[run_id].base = {row[0]: score(row[2], row[3]) for row in rows if row[2] is not None}


def against_base(answers: Answers) -> Paired | None:
    """The tuned model against its untouched base; None when the base did not answer the same rows."""
    return _compare(answers, answers.base)


def against(answers: Answers, other: Answers) -> Paired | None:
    """One run against another; None when they were not tested on the same rows of the same data."""
    if answers.data != other.data:
        return None
    return _compare(answers, other.tuned)


def corrected(found: Mapping[str, Paired]) -> dict[str, tuple[str, float]]:
    """Verdict and p value of each comparison, corrected (Holm) for making all of them."""
    p_values = statistics.holm([each.p_value for each in found.values()])
    return {
        name: (statistics.verdict_of(each, p_value), p_value)
        for (name, each), p_value in zip(found.items(), p_values, strict=True)
    }


def _compare(answers: Answers, second: Mapping[int, Any]) -> Paired | None:
    first = answers.tuned
    if not first or first.keys() != second.keys():
        return None
    rows = sorted(first)
    one, other = [first[row] for row in rows], [second[row] for row in rows]
    if answers.entities:
        return statistics.paired_f1(one, other)
    if answers.labels:
        return statistics.mcnemar([bool(each) for each in one], [bool(each) for each in other])
    return statistics.paired_bootstrap(one, other)


def _testable(run: Run) -> bool:
    return run.task_type == REGRESSION or _marks(run) or task_type(run.task_type).primary_metric == "accuracy"


def _marks(run: Run) -> bool:
    return run.task_type != REGRESSION and task_type(run.task_type).family == "tokens"


def _entities(answer: str, expected: str) -> Counts:
    return count(json.loads(expected), json.loads(answer))


def _closeness(answer: str, expected: str) -> float:
    try:
        return -abs(float(answer) - float(expected))
    except ValueError:
        return float("-inf")
