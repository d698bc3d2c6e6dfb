"""Scores of numbers against scipy and scikit-learn, and their intervals and paired tests."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mean_absolute_error, r2_score

from app.catalog import number_scores

DICE = np.random.default_rng(4)
EXPECTED = DICE.normal(size=(120, 2)) * [1.0, 50.0]
ANSWERED = EXPECTED + DICE.normal(size=(120, 2)) * [0.5, 60.0]
# Ratings in few steps share their ranks.
STEPS = np.round(EXPECTED[:, :1])


def test_scores_are_those_of_scipy_and_scikit_learn() -> None:
    found = number_scores.score(ANSWERED, EXPECTED)
    pairs = [(ANSWERED[:, at], EXPECTED[:, at]) for at in range(2)]
    assert found["pearson"] == pytest.approx(np.mean([stats.pearsonr(*pair).statistic for pair in pairs]))
    assert found["spearman"] == pytest.approx(np.mean([stats.spearmanr(*pair).statistic for pair in pairs]))
    # A mean over two numbers in different units would be in none.
    assert "mae" not in found and "mae" not in number_scores.intervals(ANSWERED, EXPECTED)
    one = number_scores.score(ANSWERED[:, :1], EXPECTED[:, :1])
    assert one["mae"] == pytest.approx(mean_absolute_error(EXPECTED[:, 0], ANSWERED[:, 0]))
    assert found["r2"] == pytest.approx(r2_score(EXPECTED, ANSWERED))
    tied = number_scores.spearman(ANSWERED[:, :1], STEPS)[0]
    assert tied == pytest.approx(stats.spearmanr(ANSWERED[:, 0], STEPS[:, 0]).statistic)


def test_constant_answers_and_constant_rows_score_zero() -> None:
    constant = np.full((50, 1), 0.1 + 0.2)
    rows = EXPECTED[:50, :1]
    assert number_scores.score(constant, rows)["pearson"] == number_scores.score(rows, constant)["spearman"] == 0
    assert number_scores.score(rows, constant)["r2"] == 0
    mean = np.full((50, 1), rows.mean())
    assert number_scores.score(mean, rows)["r2"] == pytest.approx(0, abs=1e-12)


def test_intervals_are_those_of_scipys_bootstrap() -> None:
    one, other = ANSWERED[:, :1], EXPECTED[:, :1]
    found = number_scores.intervals(one, other)
    oracles = {
        "pearson": lambda a, b: stats.pearsonr(a, b).statistic,
        "mae": lambda a, b: np.abs(a - b).mean(),
    }
    for name, statistic in oracles.items():
        drawn = stats.bootstrap(
            (one[:, 0], other[:, 0]),
            statistic,
            paired=True,
            vectorized=False,
            method="percentile",
            n_resamples=2000,
            rng=1,
        ).confidence_interval
        # Both draw 2000 times: their ends differ by the noise of drawing, a tenth of the width.
        width = drawn.high - drawn.low
        assert found[name] == pytest.approx([drawn.low, drawn.high], abs=0.1 * width), name
    wider = number_scores.intervals(one, other, factor=2.25)
    middle = number_scores.score(one, other)["mae"]
    assert wider["mae"][1] - middle == pytest.approx(1.5 * (found["mae"][1] - middle))
    assert wider["pearson"][1] <= 1


def test_better_model_is_found_on_the_same_rows() -> None:
    worse = ANSWERED + DICE.normal(size=(120, 2)) * [1.0, 80.0]
    found = number_scores.paired_pearson(ANSWERED, worse, EXPECTED)
    gap = number_scores.score(ANSWERED, EXPECTED)["pearson"] - number_scores.score(worse, EXPECTED)["pearson"]
    assert found.verdict == "better" and found.difference == pytest.approx(gap) and found.interval[0] > 0
    assert found.first_only + found.second_only == 120 and found.first_only > found.second_only
    assert number_scores.paired_pearson(ANSWERED, ANSWERED, EXPECTED).verdict == "same"
    assert number_scores.paired_pearson(*[np.zeros((0, 1))] * 3).verdict == "same"


def test_each_number_is_scored_by_itself() -> None:
    first, second = number_scores.per_number(ANSWERED, EXPECTED, ["a", "b"])
    assert (first["label"], second["count"]) == ("a", 120) and second["mae"] > 10 * first["mae"]
