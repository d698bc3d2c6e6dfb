"""Verdicts on runs that generate text, against the base model."""

from types import SimpleNamespace
from typing import Any

from app.services.evaluation import verdicts
from tests.app.services.evaluation.views import generation_results


def run_with(results: dict[str, Any]) -> Any:
    spec = {"training": {"max_length": 512}}
    return SimpleNamespace(
        task_type="instruction", results=results, spec=spec, job=SimpleNamespace(state="succeeded", error=None)
    )


def titles(results: dict[str, Any], points: Any = None) -> list[tuple[str, str]]:
    return [(verdict.severity, verdict.title) for verdict in verdicts.assess(run_with(results), points or {})]


def test_significant_fall_of_perplexity_is_good() -> None:
    assert titles(generation_results(3.0, 9.0, (-1.2, -0.9))) == [("good", "Clearly better than the base model.")]


def test_insignificant_change_is_reported_as_chance() -> None:
    assert titles(generation_results(8.9, 9.0, (-0.1, 0.1))) == [
        ("info", "No significant difference from the base model.")
    ]


def test_rise_of_perplexity_is_a_warning() -> None:
    ((severity, title),) = titles(generation_results(12.0, 9.0, (0.1, 0.4)))
    assert severity == "warning" and "worse" in title


def test_left_out_rows_and_memorised_answers_are_reported() -> None:
    found = titles(generation_results(1.01, 9.0, (-3.0, -2.0), left_out_rows=7))
    assert any("7 rows could not be used" in title for _, title in found)
    assert any("Possible data leakage" in title for _, title in found)


def test_plateau_of_perplexity_names_the_kept_step() -> None:
    points = {"eval/perplexity": [[10, 5.0], [20, 4.0], [30, 4.5], [40, 4.6]]}
    assert any("step 20" in title for _, title in titles(generation_results(3.0, 9.0, (-1.2, -0.9)), points))


def test_tuning_that_gains_nothing_on_examples_in_the_prompt_is_not_worth_it() -> None:
    for interval, words in (((-0.01, 0.01), "does as well"), ((0.05, 0.2), "does better"), ((-0.5, -0.3), "")):
        prompted = {"loss": sum(interval) / 2, "interval": list(interval), "perplexity": [3.0, 3.0], "rows": 60}
        found = titles(generation_results(3.0, 9.0, (-1.2, -0.9), changes={"few_shot": prompted}))
        advised = [title for _, title in found if "not worth it" in title]
        assert len(advised) == bool(words) and all(words in title and "3 examples" in title for title in advised)
