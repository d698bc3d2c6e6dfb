"""Which baseline stands for the base model."""

from app.services.evaluation.baselines import base_name, base_scores


def test_linear_probe_is_preferred_to_the_other_baselines() -> None:
    results = {
        "baseline": {"majority": {"accuracy": 0.5}, "untouched": {"accuracy": 0.6}, "linear_probe": {"accuracy": 0.8}}
    }
    assert base_name(results) == "linear_probe" and base_scores(results) == {"accuracy": 0.8}


def test_empty_baseline_counts_as_not_measured() -> None:
    for results in ({}, {"baseline": None}, {"baseline": {"majority": {"accuracy": 0.5}, "linear_probe": {}}}):
        assert base_name(results) == "" and base_scores(results) == {}
