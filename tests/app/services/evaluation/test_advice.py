"""Advice on a table: the cheapest run among those not significantly different from the best, with its reason."""

from typing import Any

import pytest

from app.services.evaluation.advice import AdviceContext, Rival, advise
from app.services.evaluation.leaderboard_rows import LeaderboardRow, RankedMetric
from app.services.evaluation.statistics import mcnemar_of

METRIC = RankedMetric("accuracy", "Accuracy", "share", True)


def row(name: str, quality: float | None, **other: Any) -> LeaderboardRow:
    values: dict[str, Any] = {
        "id": name,
        "name": f"Letters · {name}",
        "method": "lora",
        "method_title": "LoRA",
        "settings": {},
        "state": "succeeded",
        "test_rows": 100,
        "base": 0.5,
        "verdict": "better",
        "adapter_bytes": 1000,
        "training_seconds": 10,
        "peak_memory_bytes": 1000,
    }
    unknown = dict.fromkeys(
        (
            "phase",
            "progress",
            "stopped",
            "error",
            "interval",
            "change",
            "trainable_share",
            "gap",
            "forgetting",
            "trainable_parameters",
            "total_seconds",
            "answer_seconds",
        )
    )
    return LeaderboardRow(**{**unknown, **values, "quality": quality, **other})


def context(base_name: str = "linear_probe", final: bool = True) -> AdviceContext:
    return AdviceContext(METRIC, 100, base_name, final)


def test_fewer_than_two_finished_runs_give_no_advice() -> None:
    rows = [row("a", 0.9), row("b", None)]
    assert advise(rows, context(final=False)).sentence == "The table fills as the runs end."
    assert advise(rows, context()).sentence == "There is nothing to recommend."


def test_runs_without_a_rank_cannot_be_compared() -> None:
    found = advise([row("a", 0.9), row("b", 0.8)], context())
    assert found.run is None and "not tested on the same rows" in found.sentence


def test_best_run_is_advised_when_all_others_are_behind() -> None:
    found = advise([row("a", 0.9, rank="best"), row("b", 0.7, rank="behind", adapter_bytes=1)], context())
    assert (found.run, found.sentence) == ("a", "Use a.")
    assert "(linear probe on the base model: 50.0 %)" in found.reason


def test_cheapest_tied_run_is_advised_with_what_it_saves() -> None:
    rows = [row("a", 0.9, rank="best", training_seconds=40), row("b", 0.89, rank="tied")]
    found = advise(rows, context())
    assert found.run == "b" and "4 times less training time" in found.reason
    assert "100 test rows show no significant difference from a (89.0 % against 90.0 %)" in found.reason


@pytest.mark.parametrize(
    ("base_name", "words"),
    [
        ("linear_probe", "than this baseline: linear probe on the base model."),
        ("untouched", "than this baseline: base model."),
    ],
)
def test_no_gain_names_the_baseline(base_name: str, words: str) -> None:
    rows = [row("a", 0.51, rank="best", verdict="unclear"), row("b", 0.5, rank="tied", verdict="same")]
    found = advise(rows, context(base_name))
    assert found.run is None and found.sentence.endswith(words)


@pytest.mark.parametrize(
    ("tuned_only", "baseline_only", "rows", "sentence"),
    [
        (20, 18, 3000, "Tuning is not worth it here: TF-IDF + logistic regression does as well."),
        (5, 30, 200, "Tuning is not worth it here: TF-IDF + logistic regression does better."),
        # No significant difference on few rows shows nothing.
        (5, 3, 100, "None of the 2 runs is significantly better than this baseline: TF-IDF + logistic regression."),
    ],
)
def test_a_baseline_that_does_as_well_is_advised_instead(
    tuned_only: int, baseline_only: int, rows: int, sentence: str
) -> None:
    rival = Rival("TF-IDF + logistic regression", 0.88, mcnemar_of(tuned_only, baseline_only, rows))
    found = advise(
        [row("a", 0.9, rank="best"), row("b", 0.7, rank="behind")],
        AdviceContext(METRIC, rows, "linear_probe", True, rival),
    )
    assert (found.run, found.sentence) == (None, sentence)
    assert "(TF-IDF + logistic regression: 88.0 %)" in found.reason
