"""Runs compared by paired tests on their answers to the same rows."""

import pytest

from app.db import transaction
from app.models import SUCCEEDED, Job, Run
from app.services.evaluation import comparison, example_table, paired_answers
from app.services.evaluation.comparison import Comparison
from app.services.evaluation.metric_table import MetricRow
from app.services.runs import predictions
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_version


@pytest.fixture
def version(owner: str) -> tuple[str, str]:
    return make_version(owner)


def accuracy(result: Comparison) -> MetricRow:
    return next(row for row in result.metrics if row.key == "test/accuracy")


def test_paired_test_is_significant_where_intervals_overlap(
    owner: str, version: tuple[str, str], any_database: str
) -> None:
    """90 against 80 of 100 overlaps as intervals, but ten rows gained and none lost is no chance (p = 0.002)."""
    run = make_run(owner, make_version(owner))
    end_run(run.id, rows_right(90, 100), rows_right(80, 100))
    row = accuracy(comparison.compare(owner, [run.id]))
    assert row.verdicts[run.id] == "better"
    assert row.paired[run.id].p_value == pytest.approx(2 / 1024)
    assert (row.paired[run.id].gained, row.paired[run.id].lost) == (10, 0)


def test_equal_scores_on_different_rows_are_unclear(owner: str, version: tuple[str, str]) -> None:
    first, second = make_run(owner, version, "first"), make_run(owner, version, "second")
    end_run(first.id, rows_right(80, 100), rows_right(40, 100))
    end_run(second.id, rows_right(82, 100, skip=18), rows_right(40, 100))
    result = comparison.compare(owner, [first.id, second.id], baseline=first.id)
    row = accuracy(result)
    assert row.verdicts == {second.id: "unclear"} and row.best == []
    note = next(note for note in result.notes if note.code == "cannot_tell_apart")
    assert "Too few rows were answered differently" in note.message


def test_best_run_is_significantly_ahead_of_all_others(owner: str, version: tuple[str, str]) -> None:
    found = [make_run(owner, version, name) for name in "abc"]
    for run, right in zip(found, (95, 80, 70), strict=True):
        end_run(run.id, rows_right(right, 100), rows_right(60, 100))
    assert accuracy(comparison.compare(owner, [run.id for run in found])).best == [found[0].id]


def test_runs_on_other_data_are_not_comparable(owner: str, version: tuple[str, str]) -> None:
    first, second = make_run(owner, version), make_run(owner, make_version(owner))
    for run in (first, second):
        end_run(run.id, rows_right(8, 10), rows_right(5, 10))
    result = comparison.compare(owner, [first.id, second.id], baseline=first.id)
    assert not result.comparable and accuracy(result).verdicts == {}
    assert example_table.page(owner, [first.id, second.id]).comparable is False


def test_cross_validated_run_is_held_against_another_on_the_rows_of_its_test_split(
    owner: str, version: tuple[str, str]
) -> None:
    """Of the first 20 rows the folds got 20 right and the other run 8; the scores of 200 and of 20 rows stand side by side."""
    folded, plain = make_run(owner, version, "folded"), make_run(owner, version, "plain")
    folds = {"folds": 5, "rows": 200, "factor": 2.25}
    end_run(folded.id, rows_right(150, 200), rows_right(100, 200), cross_validation=folds)
    end_run(plain.id, rows_right(8, 20), rows_right(8, 20))
    result = comparison.compare(owner, [folded.id, plain.id], baseline=folded.id)
    row = accuracy(result)
    assert row.values == {folded.id: 0.75, plain.id: 0.4}
    assert row.verdicts == {plain.id: "worse"} and row.deltas == {plain.id: pytest.approx(-0.6)}
    assert (row.paired[plain.id].rows, row.paired[plain.id].gained, row.paired[plain.id].lost) == (20, 0, 12)
    (note,) = [note for note in result.notes if note.code == "common_rows"]
    assert "folded" in note.message and "20 rows" in note.message and not result.comparable
    assert example_table.page(owner, [folded.id, plain.id]).total == 20


def test_sets_of_labels_are_compared_by_their_f1(owner: str, version: tuple[str, str]) -> None:
    runs = [make_run(owner, version, name) for name in ("good", "bad")]
    for run, given in zip(runs, ('["a", "b"]', '["a", "c"]'), strict=True):
        with transaction() as session:
            stored = session.get_one(Run, run.id)
            stored.task_type = "multi-label-classification"
            stored.results = {"metrics": {"micro_f1": 1.0 if "b" in given else 0.5}, "test_rows": 30}
            session.get_one(Job, stored.job_id).state = SUCCEEDED
            rows = [
                {"row_id": n, "input": "x", "expected": '["a", "b"]', "answer": given, "score": 1.0} for n in range(30)
            ]
            predictions.replace(session, run.id, [{**row, "base_answer": "[]", "split": "test"} for row in rows])
    result = comparison.compare(owner, [run.id for run in runs], baseline=runs[1].id)
    row = next(row for row in result.metrics if row.key == "test/micro_f1")
    assert row.title == "Micro-F1 (test rows)" and row.verdicts == {runs[0].id: "better"}
    assert row.paired[runs[0].id].interval == pytest.approx([0.5, 0.5])


def test_numbers_are_compared_by_their_correlation_and_shown_by_their_distance(
    owner: str, version: tuple[str, str]
) -> None:
    """The first run answers exactly; the second shifts every fourth row far away, by which its answers no longer correlate."""
    runs = [make_run(owner, version, name) for name in ("good", "bad")]
    for run, shift in zip(runs, (0.0, 90.0), strict=True):
        with transaction() as session:
            stored = session.get_one(Run, run.id)
            stored.task_type = "regression"
            stored.results = {"metrics": {"pearson": 1.0 if not shift else 0.2}, "test_rows": 40}
            session.get_one(Job, stored.job_id).state = SUCCEEDED
            rows = [(n, float(n), n + shift * (n % 4 == 0)) for n in range(40)]
            written = [
                {
                    "row_id": n,
                    "input": "x",
                    "expected": repr(wanted),
                    "answer": repr(given),
                    "score": abs(given - wanted),
                }
                for n, wanted, given in rows
            ]
            predictions.replace(session, run.id, [{**row, "base_answer": "19.5", "split": "test"} for row in written])
    result = comparison.compare(owner, [run.id for run in runs], baseline=runs[1].id)
    row = next(row for row in result.metrics if row.key == "test/pearson")
    assert row.verdicts == {runs[0].id: "better"} and row.paired[runs[0].id].interval[0] > 0
    assert (row.paired[runs[0].id].gained, row.paired[runs[0].id].lost) == (10, 0)
    first = example_table.page(owner, [run.id for run in runs], order="wrong").rows[0]
    assert first.row_id % 4 == 0 and first.different
    far = predictions.page(owner, runs[1].id, predictions.AnswerFilter(farther=22.5))
    assert [found.row_id for found in far.rows] == list(range(0, 40, 4))


def test_texts_are_compared_against_all_references_of_their_source(owner: str, version: tuple[str, str]) -> None:
    """The first run's answer is the second reference of every source, so every text of it is right."""
    found = [make_run(owner, version, name) for name in ("right", "other")]
    for run, written in zip(found, ("two {}", "nothing of it"), strict=True):
        rows = [
            {
                "row_id": 2 * number + place,
                "split": "test",
                "input": f"source {number}",
                "expected": f"{word} {number}",
                "base_answer": "nothing of it",
                "answer": written.format(number),
                "score": 0.5,
            }
            for number in range(20)
            for place, word in enumerate(("one", "two"))
        ]
        with transaction() as session:
            session.get_one(Run, run.id).task_type = "text-to-text"
            predictions.replace(session, run.id, rows)
    with transaction() as session:
        runs = [session.get_one(Run, run.id) for run in found]
        answers = paired_answers.answers_of(session, runs)
    right, other = (answers[run.id] for run in found)
    # Each source counts once, though it stands there twice.
    assert len(right.tuned) == 20 and right.tuned[0].references == ["one 0", "two 0"]
    test = paired_answers.against(right, other)
    assert test is not None and test.verdict == "better" and test.rows == 20
    same = paired_answers.against_base(other)
    assert same is not None and same.verdict == "same"
