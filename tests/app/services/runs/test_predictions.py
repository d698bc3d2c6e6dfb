"""Held-out answers of a run: filtered against the base model's, paged, replaced as a whole."""

import pytest

from app.db import transaction
from app.errors import NotFound, Rejected
from app.services.runs import predictions
from app.services.runs.predictions import AnswerFilter
from tests.factories import make_run, make_user

# (tuned answer, base answer) of rows whose expected answer is "yes".
ANSWERS = [("yes", "yes"), ("yes", "no"), ("no", "yes"), ("no", "no"), ("yes", None)]


@pytest.fixture
def run_id(owner: str) -> str:
    run = make_run(owner)
    store(run.id, ANSWERS)
    return run.id


def store(run_id: str, answers: list[tuple[str, str | None]]) -> None:
    rows = [
        {
            "row_id": number,
            "split": "test",
            "input": f"Letter {number}",
            "expected": "yes",
            "answer": answer,
            "base_answer": base,
            "score": 0.9,
        }
        for number, (answer, base) in enumerate(answers)
    ]
    with transaction() as session:
        predictions.replace(session, run_id, rows)


@pytest.mark.parametrize(
    ("only", "row_ids"),
    [(None, [0, 1, 2, 3, 4]), ("right", [0, 1, 4]), ("wrong", [2, 3]), ("improved", [1, 4]), ("worsened", [2])],
)
def test_filter_selects_by_both_answers(owner: str, run_id: str, only: str | None, row_ids: list[int]) -> None:
    page = predictions.page(owner, run_id, AnswerFilter(only))
    assert [row.row_id for row in page.rows] == row_ids
    assert page.counts == {"wrong": 2, "right": 3, "improved": 2, "worsened": 1}


@pytest.mark.parametrize(
    ("wanted", "row_ids", "wrong"),
    [
        (AnswerFilter(expected="yes", answer="no"), [2, 3], 2),
        (AnswerFilter("improved", words="LETTER 4"), [4], 0),
        (AnswerFilter(words="%"), [], 0),
    ],
)
def test_rows_are_found_by_answer_and_words(
    owner: str, run_id: str, wanted: AnswerFilter, row_ids: list[int], wrong: int
) -> None:
    page = predictions.page(owner, run_id, wanted)
    assert [row.row_id for row in page.rows] == row_ids
    assert page.counts["wrong"] == wrong


def test_pages_follow_each_other(owner: str, run_id: str) -> None:
    first = predictions.page(owner, run_id, limit=3)
    rest = predictions.page(owner, run_id, limit=3, after=first.after)
    assert [row.row_id for row in [*first.rows, *rest.rows]] == [0, 1, 2, 3, 4]
    assert predictions.page(owner, run_id, after=rest.after).rows == []


def test_answers_of_another_attempt_replace_the_earlier_ones(owner: str, run_id: str) -> None:
    store(run_id, [("yes", "no")])
    assert [row.answer for row in predictions.page(owner, run_id).rows] == ["yes"]


def test_unknown_filter_and_run_of_another_user_are_refused(owner: str, run_id: str) -> None:
    with pytest.raises(Rejected, match="'best'"):
        predictions.page(owner, run_id, AnswerFilter("best"))
    with pytest.raises(NotFound):
        predictions.page(make_user(), run_id)
