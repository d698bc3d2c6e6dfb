"""The leaderboard where rows cannot be paired, and its baselines; its ranking by paired tests is tested with the experiments."""

from typing import Any

from app.models import SUCCEEDED, Job, Run
from app.services.evaluation import leaderboard


def finished(name: str, accuracy: float, **tfidf: int) -> Run:
    results: dict[str, Any] = {
        "metrics": {"accuracy": accuracy},
        "baseline": {"majority": {"accuracy": 0.2}, "tfidf": {"accuracy": 0.9}},
        "discordant": {"majority": {"tuned_only": 700, "baseline_only": 0}, "tfidf": tfidf},
        "test_rows": 1000,
    }
    spec = {"method": {"kind": "lora"}, "training": {}}
    job = Job(state=SUCCEEDED, progress={})
    return Run(id=name, name=name, task_type="text-classification", method="lora", job=job, spec=spec, results=results)


def test_unpaired_difference_counts_from_two_percent_on() -> None:
    assert leaderboard.by_size(10.1, 10.0, False) == "unclear"
    assert leaderboard.by_size(8.0, 10.0, False) == "better" and leaderboard.by_size(12.0, 10.0, False) == "worse"


def test_baselines_are_rows_and_one_that_does_as_well_is_advised() -> None:
    equal = [finished("a", 0.903, tuned_only=10, baseline_only=7), finished("b", 0.7, tuned_only=10, baseline_only=210)]
    table = leaderboard.build(equal, {}, {})
    assert [(base.name, base.quality) for base in table.baselines] == [
        ("Majority class", 0.2),
        ("TF-IDF + logistic regression", 0.9),
    ]
    assert table.advice.sentence == "Tuning is not worth it here: TF-IDF + logistic regression does as well."
    ahead = [finished("a", 0.96, tuned_only=70, baseline_only=10), equal[1]]
    assert leaderboard.build(ahead, {}, {}).advice.run == "a"
