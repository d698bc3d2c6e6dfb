"""Held-out rows answered by several runs, the ones they disagree about first."""

import pytest

from app.errors import NotFound, Rejected
from app.services.accounts.accounts import add_user
from app.services.evaluation import example_table
from app.services.evaluation.example_table import word_distance
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_version


def test_rows_with_disagreement_come_first(owner: str) -> None:
    version = make_version(owner)
    first, second = make_run(owner, version), make_run(owner, version)
    end_run(first.id, rows_right(8, 10), rows_right(5, 10))
    end_run(second.id, rows_right(6, 10), rows_right(5, 10))
    ids = [first.id, second.id]
    page = example_table.page(owner, ids, limit=3)
    assert (page.total, page.disagreeing) == (10, 2)
    assert [(row.row_id, row.different) for row in page.rows] == [(6, True), (7, True), (8, False)]
    assert page.rows[0].answers[first.id].answer == page.rows[0].expected
    rest = example_table.page(owner, ids, after=page.after, limit=50)
    assert sorted(row.row_id for row in page.rows + rest.rows) == list(range(10))
    assert [row.row_id for row in example_table.page(owner, ids, order="wrong", limit=2).rows] == [8, 9]
    with pytest.raises(Rejected):
        example_table.page(owner, ids, order="colour")
    with pytest.raises(NotFound):
        example_table.page(add_user("bob").id, ids)


def test_word_distance_counts_words_in_any_order() -> None:
    assert word_distance("a b c", "c b a") == 0.0
    assert word_distance("a b", "c d") == 1.0
    assert word_distance("a a b", "a b b") == pytest.approx(1 / 3)
    assert word_distance("", "") == 0.0
