"""Comparison: notes on what cannot be compared, and requests that are refused."""

import pytest

from app.errors import Rejected
from app.services.evaluation import comparison
from app.services.evaluation.comparison import Comparison, build
from app.services.evaluation.metric_table import MetricRow
from tests.app.services.evaluation.views import view_of


def _metric(result: Comparison, key: str) -> MetricRow:
    return next(row for row in result.metrics if row.key == key)


def _codes(result: Comparison) -> list[str]:
    return [note.code for note in result.notes]


def test_overlapping_intervals_cannot_be_distinguished() -> None:
    result = build([view_of("a", 0.905), view_of("b", 0.99)], {})
    assert _metric(result, "test/accuracy").verdicts == {"a": "unclear", "b": "better"}
    note = next(note for note in result.notes if note.code == "cannot_tell_apart")
    assert note.runs == ["a"]
    assert "3,080" in note.message


def test_runs_with_other_test_rows_are_not_comparable_and_none_is_best() -> None:
    for other in (view_of("b", 0.95, version=2), view_of("b", 0.95, rows=100)):
        result = build([view_of("a", 0.92), other], {})
        assert "not_comparable" in _codes(result)
        assert _metric(result, "test/accuracy").best == []
    assert "not_comparable" not in _codes(build([view_of("a"), view_of("b")], {}))


def test_run_without_results_is_noted_and_has_no_values() -> None:
    result = build([view_of("a", 0.95), view_of("b", None)], {"b": {"train/loss": [[1, 2.0], [2, 1.0]]}})
    assert _codes(result) == ["no_result"]
    assert "b" not in _metric(result, "test/accuracy").values
    assert _metric(result, "train/loss").values == {"b": 1.0}


@pytest.mark.parametrize(("count", "baseline"), [(0, None), (11, None), (2, "elsewhere")])
def test_wrong_requests_are_refused_before_anything_is_read(count: int, baseline: str | None) -> None:
    with pytest.raises(Rejected):
        comparison.compare("nobody", [str(number) for number in range(count)], baseline)
