"""Paired significance tests against scipy, published and hand-computed values, and their invariants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.catalog.entity_scores import Counts
from app.services.evaluation import statistics


def rights(both: int, first_only: int, second_only: int, neither: int) -> tuple[list[bool], list[bool]]:
    first = [True] * both + [True] * first_only + [False] * second_only + [False] * neither
    second = [True] * both + [False] * first_only + [True] * second_only + [False] * neither
    return first, second


def test_mcnemar_matches_a_published_table() -> None:
    """Approval of a prime minister asked twice (Agresti, Categorical Data Analysis, 2002): 794, 150, 86, 570."""
    found = statistics.mcnemar(*rights(794, 150, 86, 570))
    assert found.rows == 1600 and (found.first_only, found.second_only) == (150, 86)
    assert found.difference == pytest.approx(0.04)
    # Agresti gives 0.04 with a standard error of 0.0095, hence 0.021 to 0.059, and p below 0.0001.
    assert found.interval == pytest.approx((0.0213, 0.0586), abs=5e-4)
    assert found.p_value < 1e-4 and found.verdict == "better"


def test_few_differing_rows_are_unclear() -> None:
    found = statistics.mcnemar(*rights(70, 4, 1, 5))
    assert found.p_value == pytest.approx(0.375)  # 2 * (1 + 5) / 32
    assert found.verdict == "unclear" and found.interval[0] < 0 < found.interval[1]
    assert statistics.mcnemar(*rights(70, 1, 12, 5)).verdict == "worse"
    assert statistics.mcnemar([True, False], [True, False]).verdict == "same"
    assert statistics.mcnemar([], []).p_value == 1.0


def test_different_numbers_of_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="2 rows against 1"):
        statistics.mcnemar([True, False], [True])


def test_bootstrap_agrees_with_the_t_interval_of_many_rows() -> None:
    rng = np.random.default_rng(3)
    first = rng.normal(0.3, 1, 800)
    second = rng.normal(0.2, 1, 800)
    found = statistics.paired_bootstrap(first.tolist(), second.tolist())
    test = stats.ttest_rel(first, second)
    assert found.difference == pytest.approx(float((first - second).mean()))
    assert found.interval == pytest.approx(tuple(test.confidence_interval(0.95)), abs=0.012)
    assert found.p_value == pytest.approx(test.pvalue, abs=0.02)
    assert found == statistics.paired_bootstrap(first.tolist(), second.tolist())


def test_bootstrap_tells_clear_from_no_difference() -> None:
    rng = np.random.default_rng(5)
    base = rng.normal(0, 1, 300)
    assert statistics.paired_bootstrap((base + 0.5).tolist(), base.tolist()).verdict == "better"
    assert statistics.paired_bootstrap(base.tolist(), base.tolist()).verdict == "same"
    noisy = statistics.paired_bootstrap((base + rng.normal(0, 1, 300)).tolist(), base.tolist())
    assert noisy.verdict == "unclear"


def test_holm_matches_values_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.04, times 3, 2, 1, never falling: 0.03, 0.04, 0.04.
    assert statistics.holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert statistics.holm([]) == [] and statistics.holm([0.6, 0.9]) == pytest.approx([1.0, 1.0])


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_mcnemar_is_antisymmetric(pairs: list[tuple[bool, bool]]) -> None:
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    test, swapped = statistics.mcnemar(first, second), statistics.mcnemar(second, first)
    assert test.p_value == pytest.approx(swapped.p_value) and test.difference == -swapped.difference
    assert 0 < test.p_value <= 1
    assert test.interval == pytest.approx((-swapped.interval[1], -swapped.interval[0]))


def test_calibration_error_matches_values_by_hand() -> None:
    # Two rows at 0.9 with one right: |0.9 - 0.5|; two rows at 0.55 with one right: |0.55 - 0.5|; weighted 0.225.
    assert statistics.calibration_error([0.9, 0.9, 0.55, 0.55], [True, False, True, False]) == pytest.approx(0.225)
    assert statistics.calibration_error([1.0, 1.0], [True, True]) == 0.0
    assert statistics.calibration_error([], []) == 0.0


def test_difference_of_f1_is_resampled_by_sentence() -> None:
    good, bad = Counts(1, 1, 1), Counts(0, 0, 1)
    same = statistics.paired_f1([good] * 30, [good] * 30)
    assert (same.verdict, same.difference) == ("same", 0.0)
    clear = statistics.paired_f1([good] * 30, [good] * 10 + [bad] * 20)
    assert clear.verdict == "better" and clear.difference == pytest.approx(1 - 0.5)
    assert clear.interval[0] > 0.2 and (clear.first_only, clear.second_only) == (20, 0)
    assert statistics.paired_f1([good, bad], [bad, good]).verdict == "unclear"


def test_answers_of_models_that_share_rows_need_a_larger_difference() -> None:
    """5-fold: the variance is 2.25 times as large, so an interval is one and a half times as wide."""
    plain, folded = statistics.mcnemar_of(14, 2, 200), statistics.mcnemar_of(14, 2, 200, 2.25)
    width, widened = (found.interval[1] - found.interval[0] for found in (plain, folded))
    assert widened == pytest.approx(1.5 * width) and plain.difference == folded.difference
    assert plain.verdict == "better" and folded.verdict == "unclear"
    assert statistics.mcnemar_of(30, 2, 200, 2.25).verdict == "better"
    # Never more certain than independent rows.
    assert statistics.mcnemar_of(6, 0, 200, 1.01).p_value >= statistics.mcnemar_of(6, 0, 200).p_value


def test_difference_of_f1_is_widened_around_itself() -> None:
    first, second = [Counts(2, 2, 2)] * 30 + [Counts(0, 1, 2)] * 10, [Counts(1, 2, 2)] * 40
    plain, folded = (statistics.paired_f1(first, second, factor=factor) for factor in (1.0, 4.0))
    assert folded.difference == plain.difference and folded.p_value >= plain.p_value
    assert folded.interval[1] - folded.interval[0] == pytest.approx(2 * (plain.interval[1] - plain.interval[0]))
