"""The same held-out rows answered by several runs, those that the runs disagree about first."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from sqlalchemy import select

from app.catalog.task_types import task_type
from app.catalog.task_types.number_forms import of_text
from app.db import snapshot
from app.errors import Rejected
from app.languages import gettext as _
from app.models import Prediction, Run
from app.services.runs import runs

ORDERS = ("disagreement", "wrong", "file")
MAX_RUNS = 10
MAX_ROWS = 200


@dataclass(frozen=True)
class ScoredAnswer:
    """What a run answered, and its score."""

    answer: str
    score: float


@dataclass(frozen=True)
class ExampleRow:
    """One test row with the answers by run id.

    Attributes:
        parts: title and text of each text of the input; no title where there is only one.
        different: whether not all answers are the same.
    """

    row_id: int
    input: str
    expected: str
    base_answer: str | None
    answers: dict[str, ScoredAnswer]
    different: bool
    parts: list[tuple[str, str]]


@dataclass(frozen=True)
class ExamplePage:
    """Rows that all runs answered.

    Attributes:
        after: where the next page begins.
        total: rows that all runs answered.
        disagreeing: how many of them were answered differently.
        comparable: False when the runs were tested on different data; then there are no rows.
    """

    rows: list[ExampleRow] = field(default_factory=list)
    after: int = 0
    total: int = 0
    disagreeing: int = 0
    comparable: bool = True

    def as_dict(self) -> dict[str, Any]:
        """The page as JSON."""
        return asdict(self)


def page(
    user_id: str, run_ids: Sequence[str], *, order: str = "disagreement", limit: int = 25, after: int = 0
) -> ExamplePage:
    """Rows that all of the runs answered, from number ``after`` of the chosen order on.

    Args:
        order: ``disagreement`` (most different answers first), ``wrong`` (most runs wrong first, of numbers the farthest) or ``file``. Generated
            answers are as different as the share of words that two of them do not have in common.

    Raises:
        Rejected: an unknown order, or none or too many runs.
        NotFound: a run that is not theirs.
    """
    wanted = list(dict.fromkeys(run_ids))
    if order not in ORDERS:
        raise Rejected(
            "unknown_order", _("Unknown order {order}.", order=repr(order)), _("Use one of: ") + ", ".join(ORDERS) + "."
        )
    if not 1 <= len(wanted) <= MAX_RUNS:
        raise Rejected(
            "wrong_number_of_runs",
            _("{wanted} runs were asked for.", wanted=len(wanted)),
            _("Ask for 1 to {MAX_RUNS} runs.", MAX_RUNS=MAX_RUNS),
        )
    found = [runs.get_run(user_id, run_id) for run_id in wanted]
    data = {(run.dataset_version_id, str(sorted(run.spec["columns"].items()))) for run in found}
    if len(data) > 1:
        return ExamplePage(comparable=False)
    shared = _shared_answers(wanted)
    sort_key = _SORT_KEYS.get(task_type(found[0].task_type).answer_form, _label_sort_key)
    keys = {row_id: sort_key(answers, order) for row_id, answers in shared.items()}
    ordered = sorted(shared, key=lambda row_id: (*keys[row_id], row_id))
    chosen = ordered[after : after + max(1, min(limit, MAX_ROWS))]
    return ExamplePage(
        rows=_rows(found[0], wanted, chosen),
        after=after + len(chosen),
        total=len(shared),
        disagreeing=sum(len({answer for answer, _ in answers}) > 1 for answers in shared.values()),
    )


def _shared_answers(run_ids: Sequence[str]) -> dict[int, list[tuple[str, str]]]:
    """Row id -> (answer, expected) of each run, for rows that all of them answered."""
    # The table instead of the mapped class, because mapping so many rows takes longer than reading them.
    table = Prediction.__table__.c
    query = select(table.row_id, table.answer, table.expected).where(table.run_id.in_(run_ids), table.split == "test")
    answers: dict[int, list[tuple[str, str]]] = {}
    with snapshot() as session:
        for row_id, answer, expected in session.execute(query):
            answers.setdefault(row_id, []).append((answer, expected))
    return {row_id: found for row_id, found in answers.items() if len(found) == len(run_ids)}


def _label_sort_key(answers: Sequence[tuple[str, str]], order: str) -> tuple[int, int]:
    different = len({answer for answer, _ in answers})
    wrong = sum(answer != expected for answer, expected in answers)
    return {"disagreement": (-different, -wrong), "wrong": (-wrong, -different), "file": (0, 0)}[order]


def _generated_sort_key(answers: Sequence[tuple[str, str]], order: str) -> tuple[float, float]:
    pairs = list(combinations([answer for answer, _ in answers], 2))
    different = sum(word_distance(*pair) for pair in pairs) / len(pairs) if pairs else 0.0
    wrong = sum(word_distance(answer, expected) for answer, expected in answers) / len(answers)
    return {"disagreement": (-different, -wrong), "wrong": (-wrong, -different), "file": (0.0, 0.0)}[order]


def _number_sort_key(answers: Sequence[tuple[str, str]], order: str) -> tuple[float, float]:
    """By the spread of the answers, and by their mean distance from what was expected."""
    given = np.array([list(of_text(answer).values()) for answer, _ in answers])
    wanted = np.array(list(of_text(answers[0][1]).values()))
    different, wrong = float(np.ptp(given, axis=0).mean()), float(np.abs(given - wanted).mean())
    return {"disagreement": (-different, -wrong), "wrong": (-wrong, -different), "file": (0.0, 0.0)}[order]


_SORT_KEYS = {"text": _generated_sort_key, "target": _generated_sort_key, "number": _number_sort_key}


def word_distance(first: str, second: str) -> float:
    """Share of words that two texts do not have in common, in any order: 0 the same words, 1 none shared."""
    first_words, second_words = Counter(first.split()), Counter(second.split())
    total = first_words.total() + second_words.total()
    return 1 - 2 * (first_words & second_words).total() / total if total else 0.0


def _rows(run: Run, run_ids: Sequence[str], row_ids: Sequence[int]) -> list[ExampleRow]:
    query = select(Prediction).where(
        Prediction.run_id.in_(run_ids), Prediction.split == "test", Prediction.row_id.in_(row_ids)
    )
    by_row: dict[int, list[Prediction]] = {}
    with snapshot() as session:
        for prediction in session.scalars(query):
            by_row.setdefault(prediction.row_id, []).append(prediction)
    return [_row(run, by_row[row_id]) for row_id in row_ids if row_id in by_row]


def _row(run: Run, predictions: Sequence[Prediction]) -> ExampleRow:
    first = predictions[0]
    return ExampleRow(
        row_id=first.row_id,
        input=first.input,
        expected=first.expected,
        base_answer=next((found.base_answer for found in predictions if found.base_answer), None),
        answers={found.run_id: ScoredAnswer(found.answer, found.score) for found in predictions},
        different=len({found.answer for found in predictions}) > 1,
        parts=task_type(run.task_type).input_parts(first.input, run.spec["columns"]),
    )
