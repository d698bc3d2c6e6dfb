"""Comparison: deltas against the right baseline, honest notes, differing settings only once."""

from typing import Any

import pytest

from app.services.evaluation import comparison
from app.services.evaluation.comparison import build


def _view(
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


def _metric(result: dict[str, Any], key: str) -> dict[str, Any]:
    return next(row for row in result["metrics"] if row["key"] == key)


def _codes(result: dict[str, Any]) -> list[str]:
    return [note["code"] for note in result["notes"]]


def test_deltas_are_against_the_untouched_base_and_judged_by_direction() -> None:
    result = build([_view("a", 0.95), _view("b", 0.85)], {})
    accuracy, loss = _metric(result, "test/accuracy"), _metric(result, "test/loss")
    assert accuracy["baseline"] == 0.9
    assert accuracy["deltas"] == pytest.approx({"a": 0.05, "b": -0.05})
    assert accuracy["verdicts"] == {"a": "better", "b": "worse"}
    assert loss["verdicts"] == {"a": "better", "b": "worse"}
    assert loss["best"] == ["a"]
    assert accuracy["best"] == ["a"]


def test_no_run_is_called_best_while_intervals_overlap() -> None:
    result = build([_view("a", 0.941), _view("b", 0.947)], {})
    assert [_metric(result, key)["best"] for key in ("test/accuracy", "test/macro_f1", "test/loss")] == [[], [], []]


def test_times_within_two_percent_are_a_tie() -> None:
    result = build([_view("a"), _view("b")], {})
    assert _metric(result, "seconds/total")["best"] == []


def test_a_run_can_be_the_baseline() -> None:
    result = build([_view("a", 0.95), _view("b", 0.85)], {}, baseline="a")
    assert _metric(result, "test/accuracy")["deltas"] == pytest.approx({"b": -0.1})


def test_overlapping_intervals_cannot_be_told_apart() -> None:
    result = build([_view("a", 0.905), _view("b", 0.99)], {})
    assert _metric(result, "test/accuracy")["verdicts"] == {"a": "unclear", "b": "better"}
    note = next(note for note in result["notes"] if note["code"] == "cannot_tell_apart")
    assert note["runs"] == ["a"]
    assert "3,080" in note["message"]


def test_other_test_rows_are_not_comparable_and_have_no_winner() -> None:
    for other in (_view("b", 0.95, version=2), _view("b", 0.95, rows=100)):
        result = build([_view("a", 0.92), other], {})
        assert "not_comparable" in _codes(result)
        assert _metric(result, "test/accuracy")["best"] == []
    assert "not_comparable" not in _codes(build([_view("a"), _view("b")], {}))


def test_a_run_without_results_is_named_and_leaves_holes() -> None:
    result = build([_view("a", 0.95), _view("b", None)], {"b": {"train/loss": [[1, 2.0], [2, 1.0]]}})
    assert _codes(result) == ["no_result"]
    assert "b" not in _metric(result, "test/accuracy")["values"]
    assert _metric(result, "train/loss")["values"] == {"b": 1.0}


def test_the_gap_needs_both_losses() -> None:
    series = {"a": {"train/loss": [[1, 0.2]], "eval/loss": [[1, 0.5]]}, "b": {"train/loss": [[1, 0.2]]}}
    assert _metric(build([_view("a"), _view("b")], series), "gap")["values"] == {"a": pytest.approx(0.3)}


def test_settings_say_what_differs_and_what_was_changed() -> None:
    result = build([_view("a"), _view("b", training={"epochs": 5}, method={"kind": "full"})], {})
    settings = {row["key"]: row for row in result["settings"]}
    assert settings["training.epochs"]["differs"] and settings["training.epochs"]["changed"] == {"a": False, "b": True}
    assert settings["training.epochs"]["title"] == "Passes over the data"
    assert settings["method.kind"]["differs"]
    assert not settings["training.batch_size"]["differs"]
    assert [row["group"] for row in result["settings"]] == sorted(
        (row["group"] for row in result["settings"]), key=["Data", "Model", "Method", "Training"].index
    )


def test_numbers_that_are_not_finite_are_left_out() -> None:
    result = build([_view("a"), _view("b")], {"a": {"train/loss": [[1, float("nan")]]}})
    assert all(row["key"] != "train/loss" for row in result["metrics"])


@pytest.mark.parametrize(("count", "baseline"), [(0, None), (11, None), (2, "elsewhere")])
def test_wrong_questions_are_refused_before_anything_is_read(count: int, baseline: str | None) -> None:
    with pytest.raises(comparison.Rejected):
        comparison.compare("nobody", [str(number) for number in range(count)], baseline)


def test_what_was_forgotten_has_a_row_of_its_own() -> None:
    one, other = _view("a", 0.95), _view("b", 0.95)
    one["results"]["forgetting"] = {"unit": "share", "before": 0.9, "after": 0.85}
    other["results"]["forgetting"] = {"before": 0.9, "after": 0.9}
    assert _metric(build([one, other], {}), "retention/share")["values"] == {"a": pytest.approx(-0.05), "b": 0.0}
    one["results"]["forgetting"] = {"unit": "loss", "before": 2.0, "after": 2.1}
    assert _metric(build([one], {}), "retention/loss")["values"] == {"a": pytest.approx(0.1)}
