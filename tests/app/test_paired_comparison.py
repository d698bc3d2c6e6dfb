"""Comparing runs by their answers to the same rows: paired verdicts, and examples with disagreement first."""

import pytest

from app.errors import NotFound, Rejected
from app.services.accounts.accounts import add_user
from app.services.evaluation import comparison, example_table, leaderboard
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_version


@pytest.fixture
def place(owner: str) -> tuple[str, str]:
    return make_version(owner)


def accuracy(told: dict) -> dict:
    return next(row for row in told["metrics"] if row["key"] == "test/accuracy")


def test_pairs_see_what_overlapping_intervals_hide(owner: str, place: tuple[str, str], any_database: str) -> None:
    """90 against 80 of 100 overlaps as intervals, but ten rows gained and none lost is no chance (p = 0.002)."""
    run = make_run(owner, make_version(owner))
    end_run(run.id, rows_right(90, 100), rows_right(80, 100))
    row = accuracy(comparison.compare(owner, [run.id]))
    assert row["verdicts"][run.id] == "better"
    assert row["paired"][run.id]["p_value"] == pytest.approx(2 / 1024)
    assert (row["paired"][run.id]["gained"], row["paired"][run.id]["lost"]) == (10, 0)


def test_equal_scores_on_different_rows_cannot_be_told_apart(owner: str, place: tuple[str, str]) -> None:
    one, other = make_run(owner, place, "one"), make_run(owner, place, "other")
    end_run(one.id, rows_right(80, 100), rows_right(40, 100))
    end_run(other.id, rows_right(82, 100, skip=18), rows_right(40, 100))
    told = comparison.compare(owner, [one.id, other.id], baseline=one.id)
    row = accuracy(told)
    assert row["verdicts"] == {other.id: "unclear"} and row["best"] == []
    note = next(note for note in told["notes"] if note["code"] == "cannot_tell_apart")
    assert "Too few rows were answered differently" in note["message"]


def test_a_best_run_is_measurably_ahead_of_all_others(owner: str, place: tuple[str, str]) -> None:
    found = [make_run(owner, place, name) for name in "abc"]
    for run, right in zip(found, (95, 80, 70), strict=True):
        end_run(run.id, rows_right(right, 100), rows_right(60, 100))
    assert accuracy(comparison.compare(owner, [run.id for run in found]))["best"] == [found[0].id]


def test_other_test_rows_are_not_comparable(owner: str, place: tuple[str, str]) -> None:
    one, other = make_run(owner, place), make_run(owner, make_version(owner))
    for run in (one, other):
        end_run(run.id, rows_right(8, 10), rows_right(5, 10))
    told = comparison.compare(owner, [one.id, other.id], baseline=one.id)
    assert not told["comparable"] and accuracy(told)["verdicts"] == {}
    assert example_table.page(owner, [one.id, other.id])["comparable"] is False


def test_examples_begin_with_what_the_runs_disagree_about(owner: str, place: tuple[str, str]) -> None:
    one, other = make_run(owner, place), make_run(owner, place)
    end_run(one.id, rows_right(8, 10), rows_right(5, 10))
    end_run(other.id, rows_right(6, 10), rows_right(5, 10))
    ids = [one.id, other.id]
    first = example_table.page(owner, ids, limit=3)
    assert (first["total"], first["disagreeing"]) == (10, 2)
    assert [(row["row_id"], row["different"]) for row in first["rows"]] == [(6, True), (7, True), (8, False)]
    assert first["rows"][0]["answers"][one.id]["answer"] == first["rows"][0]["expected"]
    rest = example_table.page(owner, ids, after=first["after"], limit=50)
    assert sorted(row["row_id"] for row in first["rows"] + rest["rows"]) == list(range(10))
    assert [row["row_id"] for row in example_table.page(owner, ids, order="wrong", limit=2)["rows"]] == [8, 9]
    with pytest.raises(Rejected):
        example_table.page(owner, ids, order="colour")
    with pytest.raises(NotFound):
        example_table.page(add_user("bob").id, ids)


def test_a_score_without_rows_to_pair_counts_from_two_percent_on() -> None:
    assert leaderboard._by_size(10.1, 10.0, False) == "unclear"
    assert leaderboard._by_size(8.0, 10.0, False) == "better" and leaderboard._by_size(12.0, 10.0, False) == "worse"
