"""What the pages say about runs that write: verdicts and comparison against the untouched model."""

from types import SimpleNamespace
from typing import Any

from app.services.evaluation import comparison, verdicts

SPEC = {
    "task_type": "chat",
    "base_model": "m",
    "columns": {"messages": "messages"},
    "labels": [],
    "method": {"kind": "lora"},
    "training": {"max_length": 512},
    "dataset_sha256": "",
}


def results(tuned: float, base: float, interval: tuple[float, float], **more: Any) -> dict[str, Any]:
    return {
        "metrics": {"loss": 1.0, "perplexity": tuned, "token_accuracy": 0.5, "rouge_l": 0.4, "exact_match": 0.1},
        "baseline": {"untouched": {"loss": 2.0, "perplexity": base, "token_accuracy": 0.2, "rouge_l": 0.1}},
        "change": {"loss": interval[0], "interval": list(interval)},
        "test_rows": 200,
        **more,
    }


def run_with(told: dict[str, Any]) -> Any:
    spec = {"training": {"max_length": 512}}
    return SimpleNamespace(results=told, spec=spec, job=SimpleNamespace(state="succeeded", error=None))


def titles(told: dict[str, Any], points: Any = None) -> list[tuple[str, str]]:
    return [(each["severity"], each["title"]) for each in verdicts.judge(run_with(told), points or {})]


def test_a_fall_of_perplexity_beyond_chance_is_good() -> None:
    assert titles(results(3.0, 9.0, (-1.2, -0.9))) == [("good", "Clearly better than the untouched base model.")]


def test_a_change_that_may_be_chance_is_said_to_be_so() -> None:
    assert titles(results(8.9, 9.0, (-0.1, 0.1))) == [("info", "Cannot be told apart from the untouched base model.")]


def test_a_rise_of_perplexity_is_a_warning_with_advice() -> None:
    ((severity, title),) = titles(results(12.0, 9.0, (0.1, 0.4)))
    assert severity == "warning" and "worse" in title


def test_rows_left_out_and_answers_known_by_heart_are_told() -> None:
    found = titles(results(1.01, 9.0, (-3.0, -2.0), left_out_rows=7))
    assert any("7 rows could not be used" in title for _, title in found)
    assert any("by heart" in title for _, title in found)


def test_checks_that_bring_nothing_any_more_are_told() -> None:
    points = {"eval/perplexity": [[10, 5.0], [20, 4.0], [30, 4.5], [40, 4.6]]}
    assert any("step 20" in title for _, title in titles(results(3.0, 9.0, (-1.2, -0.9)), points))


def test_the_comparison_shows_perplexity_against_the_untouched_model() -> None:
    view = {
        "id": "a",
        "name": "a",
        "state": "succeeded",
        "base_model": "m",
        "method": "lora",
        "task_type": "chat",
        "dataset": {"id": "d", "version": 1},
        "created_at": 0,
        "spec": SPEC,
    }
    clear = comparison.build([{**view, "results": results(3.0, 9.0, (-1.2, -0.9))}], {})
    rows = {row["key"]: row for row in clear["metrics"]}
    assert "test/accuracy" not in rows
    assert rows["test/perplexity"]["values"] == {"a": 3.0} and rows["test/perplexity"]["base"] == {"a": 9.0}
    assert rows["test/perplexity"]["verdicts"] == {"a": "better"} and rows["test/perplexity"]["deltas"] == {"a": -6.0}
    doubtful = comparison.build([{**view, "results": results(8.9, 9.0, (-0.1, 0.1))}], {})
    assert {row["key"]: row["verdicts"] for row in doubtful["metrics"]}["test/perplexity"] == {"a": "unclear"}


def test_two_runs_whose_perplexities_overlap_are_not_told_apart() -> None:
    def view(name: str, tuned: float, low: float, high: float) -> dict[str, Any]:
        told = results(tuned, 9.0, (-1.2, -0.9), intervals={"perplexity": [low, high]})
        return {
            "id": name,
            "name": name,
            "state": "succeeded",
            "base_model": "m",
            "method": "lora",
            "task_type": "chat",
            "dataset": {"id": "d", "version": 1},
            "created_at": 0,
            "spec": SPEC,
            "results": told,
        }

    def verdict(tuned: float, low: float, high: float) -> str:
        built = comparison.build([view("a", 4.0, 3.6, 4.4), view("b", tuned, low, high)], {}, baseline="a")
        return {row["key"]: row["verdicts"] for row in built["metrics"]}["test/perplexity"]["b"]

    assert verdict(3.8, 3.5, 4.1) == "unclear"
    assert verdict(3.0, 2.8, 3.2) == "better"
    assert verdict(6.0, 5.5, 6.5) == "worse"
