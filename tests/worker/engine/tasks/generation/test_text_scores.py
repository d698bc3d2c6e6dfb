"""Scores of generated text and their bootstrap intervals."""

import numpy as np
import pytest

from worker.engine.tasks.generation.text_scores import RowScores, change_interval, exact, perplexity, rouge_l


def test_overlap_ignores_case_and_punctuation_and_exact_match_only_spaces() -> None:
    assert rouge_l("the cat sat", "The cat sat.") == 1
    assert rouge_l("the cat sat", "the dog sat") == pytest.approx(2 / 3)
    assert rouge_l("a b c d", "") == 0
    assert exact(" a  b", "a b") and not exact("a b", "a c")


def test_summary_weighs_every_token_the_same() -> None:
    scores = RowScores(np.array([2.0, 6.0]), np.array([1.0, 3.0]), np.array([1.0, 0.0]))
    assert scores.summary() == {"loss": 2.0, "perplexity": perplexity(2.0), "token_accuracy": 0.25}


def test_interval_of_a_change_is_paired_by_row() -> None:
    rng = np.random.default_rng(0)
    base = RowScores(rng.uniform(1, 9, 200), np.ones(200), np.zeros(200))
    tuned = RowScores(base.losses - 0.1, np.ones(200), np.zeros(200))
    assert change_interval(tuned, base) == pytest.approx([-0.1, -0.1])
    low, high = base.interval()
    assert low < base.summary()["perplexity"] < high


def test_perplexity_of_a_hopeless_model_is_finite() -> None:
    assert np.isfinite(perplexity(1e6))
