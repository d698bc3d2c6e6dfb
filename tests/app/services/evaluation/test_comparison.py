"""Comparison: deltas against the right baseline, notes on what cannot be compared, differing settings."""

from typing import Any

import pytest

from app.errors import Rejected
from app.services.evaluation import comparison
from app.services.evaluation.comparison import Comparison, build
from app.services.evaluation.metric_table import MetricRow
from tests.app.services.evaluation.test_generation_verdicts import results


def view_of(
    run_id: str, accuracy: float | None = 0.9, *, rows: int = 3080, version: int = 1, **other: Any
) -> dict[str, Any]:
    method = other.pop("method", {"kind": "lora"})
    training = {"epochs": 3, "batch_size": 32, **other.pop("training", {})}
    spec = {
        "task_type": "text-classification",
        "base_model": "starter-encoder",
        "columns": {"text": "text", "label": "label"},
        "labels": ["a", "b"],
        "dataset_sha256": "f" * 64,
        "method": method,
        "training": training,
    }
    results = None
    if accuracy is not None:
        results = {
            "metrics": {"accuracy": accuracy, "macro_f1": accuracy, "loss": 1 - accuracy},
            "baseline": {
                "majority": {"accuracy": 0.1},
                "linear_probe": {"accuracy": 0.9, "macro_f1": 0.9, "loss": 0.1},
            },
            "test_rows": rows,
            "seconds": {"total": 100.0},
        }
    return {
        "id": run_id,
        "name": f"run {run_id}",
        "state": "succeeded" if results else "running",
        "base_model": "starter-encoder",
        "method": method["kind"],
        "task_type": "text-classification",
        "dataset": {"id": "d", "name": "support", "version": version},
        "created_at": 0.0,
        "spec": spec,
        "results": results,
        **other,
    }


def _metric(result: Comparison, key: str) -> MetricRow:
    return next(row for row in result.metrics if row.key == key)


def _codes(result: Comparison) -> list[str]:
    return [note.code for note in result.notes]


def test_deltas_are_against_the_base_model_and_judged_by_direction() -> None:
    result = build([view_of("a", 0.95), view_of("b", 0.85)], {})
    accuracy, loss = _metric(result, "test/accuracy"), _metric(result, "test/loss")
    assert accuracy.baseline == 0.9
    assert accuracy.deltas == pytest.approx({"a": 0.05, "b": -0.05})
    assert accuracy.verdicts == {"a": "better", "b": "worse"}
    assert loss.verdicts == {"a": "better", "b": "worse"}
    assert loss.best == ["a"]
    assert accuracy.best == ["a"]


def test_no_run_is_best_while_intervals_overlap() -> None:
    result = build([view_of("a", 0.941), view_of("b", 0.947)], {})
    assert [_metric(result, key).best for key in ("test/accuracy", "test/macro_f1", "test/loss")] == [[], [], []]


def test_times_within_two_percent_are_a_tie() -> None:
    result = build([view_of("a"), view_of("b")], {})
    assert _metric(result, "seconds/total").best == []


def test_run_can_be_the_baseline() -> None:
    result = build([view_of("a", 0.95), view_of("b", 0.85)], {}, baseline="a")
    assert _metric(result, "test/accuracy").deltas == pytest.approx({"b": -0.1})


def test_overlapping_intervals_cannot_be_told_apart() -> None:
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


def test_gap_needs_both_losses() -> None:
    series = {"a": {"train/loss": [[1, 0.2]], "eval/loss": [[1, 0.5]]}, "b": {"train/loss": [[1, 0.2]]}}
    assert _metric(build([view_of("a"), view_of("b")], series), "gap").values == {"a": pytest.approx(0.3)}


def test_values_that_are_not_finite_are_left_out() -> None:
    result = build([view_of("a"), view_of("b")], {"a": {"train/loss": [[1, float("nan")]]}})
    assert all(row.key != "train/loss" for row in result.metrics)


@pytest.mark.parametrize(("count", "baseline"), [(0, None), (11, None), (2, "elsewhere")])
def test_wrong_requests_are_refused_before_anything_is_read(count: int, baseline: str | None) -> None:
    with pytest.raises(Rejected):
        comparison.compare("nobody", [str(number) for number in range(count)], baseline)


def test_forgetting_has_a_row_of_its_own() -> None:
    first, second = view_of("a", 0.95), view_of("b", 0.95)
    first["results"]["forgetting"] = {"unit": "share", "before": 0.9, "after": 0.85}
    second["results"]["forgetting"] = {"before": 0.9, "after": 0.9}
    assert _metric(build([first, second], {}), "forgetting/share").values == {"a": pytest.approx(-0.05), "b": 0.0}
    first["results"]["forgetting"] = {"unit": "loss", "before": 2.0, "after": 2.1}
    assert _metric(build([first], {}), "forgetting/loss").values == {"a": pytest.approx(0.1)}


def test_no_run_is_best_by_its_training_loss() -> None:
    series = {
        "a": {"train/loss": [[1, 0.1]], "eval/loss": [[1, 0.2]]},
        "b": {"train/loss": [[1, 0.9]], "eval/loss": [[1, 1.9]]},
    }
    result = build([view_of("a", 0.95), view_of("b", 0.85)], series)
    assert _metric(result, "test/loss").best == ["a"]
    assert [_metric(result, key).best for key in ("train/loss", "gap")] == [[], []]


GENERATION_SPEC = {
    "task_type": "chat",
    "base_model": "m",
    "columns": {"messages": "messages"},
    "labels": [],
    "method": {"kind": "lora"},
    "training": {"max_length": 512},
    "dataset_sha256": "",
}


def generation_view(name: str, results: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "state": "succeeded",
        "base_model": "m",
        "method": "lora",
        "task_type": "chat",
        "dataset": {"id": "d", "version": 1},
        "created_at": 0,
        "spec": GENERATION_SPEC,
        "results": results,
    }


def test_comparison_shows_perplexity_against_the_base_model() -> None:
    view = generation_view("a", results(3.0, 9.0, (-1.2, -0.9)))
    clear = build([view], {})
    rows = {row.key: row for row in clear.metrics}
    assert "test/accuracy" not in rows
    assert rows["test/perplexity"].values == {"a": 3.0} and rows["test/perplexity"].base == {"a": 9.0}
    assert rows["test/perplexity"].verdicts == {"a": "better"} and rows["test/perplexity"].deltas == {"a": -6.0}
    doubtful = build([generation_view("a", results(8.9, 9.0, (-0.1, 0.1)))], {})
    assert {row.key: row.verdicts for row in doubtful.metrics}["test/perplexity"] == {"a": "unclear"}


def test_runs_with_overlapping_perplexities_are_unclear() -> None:
    def view(name: str, tuned: float, low: float, high: float) -> dict[str, Any]:
        return generation_view(name, results(tuned, 9.0, (-1.2, -0.9), intervals={"perplexity": [low, high]}))

    def verdict(tuned: float, low: float, high: float) -> str:
        built = build([view("a", 4.0, 3.6, 4.4), view("b", tuned, low, high)], {}, baseline="a")
        return {row.key: row.verdicts for row in built.metrics}["test/perplexity"]["b"]

    assert verdict(3.8, 3.5, 4.1) == "unclear"
    assert verdict(3.0, 2.8, 3.2) == "better"
    assert verdict(6.0, 5.5, 6.5) == "worse"
