"""Votes on answers: one for each person and answer, counted by run, shown with the rows."""

import pytest

from app.errors import NotFound
from app.services.evaluation import answer_votes, example_table
from app.services.evaluation.answer_votes import VoteCount
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_user


@pytest.fixture
def run_id(owner: str) -> str:
    run = make_run(owner)
    end_run(run.id, rows_right(8, 10), rows_right(5, 10))
    return run.id


def test_vote_is_counted_replaced_and_taken_back(owner: str, run_id: str) -> None:
    assert answer_votes.vote(owner, run_id, 3, "up") == VoteCount(up=1, down=0)
    assert answer_votes.vote(owner, run_id, 4, "down") == VoteCount(up=1, down=1)
    assert answer_votes.vote(owner, run_id, 3, "down") == VoteCount(up=0, down=2)
    assert answer_votes.vote(owner, run_id, 3, None) == VoteCount(up=0, down=1)


def test_votes_are_shown_with_the_answers(owner: str, run_id: str) -> None:
    answer_votes.vote(owner, run_id, 3, "up")
    page = answer_votes.with_votes(owner, [run_id], example_table.page(owner, [run_id], order="file"))
    shown = {row["row_id"]: row["answers"][run_id]["vote"] for row in page["rows"]}
    assert shown == {row_id: "up" if row_id == 3 else None for row_id in range(10)}
    assert page["votes"] == {run_id: {"up": 1, "down": 0}}


def test_rows_without_an_answer_and_runs_of_others_are_refused(owner: str, run_id: str) -> None:
    with pytest.raises(NotFound):
        answer_votes.vote(owner, run_id, 10, "up")
    with pytest.raises(NotFound):
        answer_votes.vote(make_user(), run_id, 3, "up")
