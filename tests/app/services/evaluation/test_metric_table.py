"""The metric table: changes against the right baseline, verdicts by direction, the best run only beyond doubt."""

from typing import Any

import pytest

from app.services.evaluation.comparison import Comparison, build
from app.services.evaluation.metric_table import MetricRow
from tests.app.services.evaluation.views import generation_results, generation_view, view_of


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


def test_gap_needs_both_losses() -> None:
    series = {"a": {"train/loss": [[1, 0.2]], "eval/loss": [[1, 0.5]]}, "b": {"train/loss": [[1, 0.2]]}}
    assert _metric(build([view_of("a"), view_of("b")], series), "gap").values == {"a": pytest.approx(0.3)}


def test_values_that_are_not_finite_are_left_out() -> None:
    result = build([view_of("a"), view_of("b")], {"a": {"train/loss": [[1, float("nan")]]}})
    assert all(row.key != "train/loss" for row in result.metrics)


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


def test_comparison_shows_perplexity_against_the_base_model() -> None:
    view = generation_view("a", generation_results(3.0, 9.0, (-1.2, -0.9)))
    clear = build([view], {})
    rows = {row.key: row for row in clear.metrics}
    assert "test/accuracy" not in rows
    assert rows["test/perplexity"].values == {"a": 3.0} and rows["test/perplexity"].base == {"a": 9.0}
    assert rows["test/perplexity"].verdicts == {"a": "better"} and rows["test/perplexity"].deltas == {"a": -6.0}
    doubtful = build([generation_view("a", generation_results(8.9, 9.0, (-0.1, 0.1)))], {})
    assert {row.key: row.verdicts for row in doubtful.metrics}["test/perplexity"] == {"a": "unclear"}


def test_runs_with_overlapping_perplexities_are_unclear() -> None:
    def view(name: str, tuned: float, low: float, high: float) -> dict[str, Any]:
        return generation_view(
            name, generation_results(tuned, 9.0, (-1.2, -0.9), intervals={"perplexity": [low, high]})
        )

    def verdict(tuned: float, low: float, high: float) -> str:
        built = build([view("a", 4.0, 3.6, 4.4), view("b", tuned, low, high)], {}, baseline="a")
        return {row.key: row.verdicts for row in built.metrics}["test/perplexity"]["b"]

    assert verdict(3.8, 3.5, 4.1) == "unclear"
    assert verdict(3.0, 2.8, 3.2) == "better"
    assert verdict(6.0, 5.5, 6.5) == "worse"


def test_every_baseline_is_a_column_and_can_be_what_runs_are_held_against() -> None:
    first, second = view_of("a", 0.95), view_of("b", 0.93)
    for view, (tuned_only, baseline_only) in ((first, (300, 100)), (second, (200, 190))):
        view["results"]["baseline"]["tfidf"] = {"accuracy": 0.92}
        view["results"]["discordant"] = {"tfidf": {"tuned_only": tuned_only, "baseline_only": baseline_only}}
    result = build([first, second], {}, baseline="tfidf")
    assert [base.name for base in result.baselines] == [
        "Majority class",
        "TF-IDF + logistic regression",
        "Linear probe on the base model",
    ]
    accuracy = _metric(result, "test/accuracy")
    assert accuracy.baselines == {"majority": 0.1, "tfidf": 0.92, "linear_probe": 0.9}
    assert accuracy.deltas == pytest.approx({"a": 0.03, "b": 0.01})
    assert accuracy.verdicts == {"a": "better", "b": "unclear"}
    assert (accuracy.paired["a"].gained, accuracy.paired["a"].lost) == (300, 100)


def test_a_baseline_that_differs_between_the_runs_has_no_column_value() -> None:
    first, second = view_of("a"), view_of("b", version=2)
    second["results"]["baseline"]["linear_probe"] = {"accuracy": 0.8}
    assert _metric(build([first, second], {}), "test/accuracy").baselines == {"majority": 0.1}
