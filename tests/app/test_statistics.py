"""The tests of difference against scipy's, hand-computed values, and their own promises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from app.services.evaluation import statistics


def rights(both: int, first_only: int, second_only: int, neither: int) -> tuple[list[bool], list[bool]]:
    first = [True] * both + [True] * first_only + [False] * second_only + [False] * neither
    second = [True] * both + [False] * first_only + [True] * second_only + [False] * neither
    return first, second


@pytest.mark.parametrize("wins, losses", [(0, 0), (0, 1), (5, 5), (1, 9), (25, 8), (60, 90), (400, 330), (3000, 2800)])
def test_the_exact_test_is_scipys(wins: int, losses: int) -> None:
    expected = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert statistics.sign_test(wins, losses) == pytest.approx(expected, rel=1e-6)


def test_mcnemar_on_a_published_table() -> None:
    """Approval of a prime minister asked twice (Agresti, Categorical Data Analysis, 2002): 794, 150, 86, 570."""
    found = statistics.mcnemar(*rights(794, 150, 86, 570))
    assert found.rows == 1600 and (found.first_only, found.second_only) == (150, 86)
    assert found.difference == pytest.approx(0.04)
    # Agresti gives 0.04 with a standard error of 0.0095, hence 0.021 to 0.059, and p below 0.0001.
    assert found.interval == pytest.approx((0.0213, 0.0586), abs=5e-4)
    assert found.p_value < 1e-4 and found.verdict == "better"


def test_few_differing_rows_cannot_be_told_apart() -> None:
    found = statistics.mcnemar(*rights(70, 4, 1, 5))
    assert found.p_value == pytest.approx(0.375)  # 2 * (1 + 5) / 32
    assert found.verdict == "unclear" and found.interval[0] < 0 < found.interval[1]
    assert statistics.mcnemar(*rights(70, 1, 12, 5)).verdict == "worse"
    assert statistics.mcnemar([True, False], [True, False]).verdict == "same"
    assert statistics.mcnemar([], []).p_value == 1.0


def test_different_rows_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="2 rows against 1"):
        statistics.mcnemar([True, False], [True])


def test_the_bootstrap_agrees_with_the_t_interval_of_many_rows() -> None:
    random = np.random.default_rng(3)
    first = random.normal(0.3, 1, 800)
    second = random.normal(0.2, 1, 800)
    found = statistics.paired_bootstrap(first.tolist(), second.tolist())
    test = stats.ttest_rel(first, second)
    assert found.difference == pytest.approx(float((first - second).mean()))
    assert found.interval == pytest.approx(tuple(test.confidence_interval(0.95)), abs=0.012)
    assert found.p_value == pytest.approx(test.pvalue, abs=0.02)
    assert found == statistics.paired_bootstrap(first.tolist(), second.tolist())


def test_the_bootstrap_sees_a_clear_difference_and_no_difference() -> None:
    random = np.random.default_rng(5)
    base = random.normal(0, 1, 300)
    assert statistics.paired_bootstrap((base + 0.5).tolist(), base.tolist()).verdict == "better"
    assert statistics.paired_bootstrap(base.tolist(), base.tolist()).verdict == "same"
    noisy = statistics.paired_bootstrap((base + random.normal(0, 1, 300)).tolist(), base.tolist())
    assert noisy.verdict == "unclear"


def test_holm_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.04, times 3, 2, 1, never falling: 0.03, 0.04, 0.04.
    assert statistics.holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert statistics.holm([]) == [] and statistics.holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])


@given(some.lists(some.tuples(some.booleans(), some.booleans()), max_size=60))
def test_swapping_the_models_swaps_the_answer(pairs: list[tuple[bool, bool]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    one, other = statistics.mcnemar(first, second), statistics.mcnemar(second, first)
    assert one.p_value == pytest.approx(other.p_value) and one.difference == -other.difference
    assert 0 < one.p_value <= 1
    assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]))


def test_calibration_error_by_hand() -> None:
    # Two rows at 0.9 with one right: |0.9 - 0.5|; two rows at 0.55 with one right: |0.55 - 0.5|; weighted 0.225.
    assert statistics.calibration_error([0.9, 0.9, 0.55, 0.55], [True, False, True, False]) == pytest.approx(0.225)
    assert statistics.calibration_error([1.0, 1.0], [True, True]) == 0.0
    assert statistics.calibration_error([], []) == 0.0
