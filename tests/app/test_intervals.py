"""Intervals and the sign test against published values and the formulas written out."""

import math

import pytest

from app.intervals import NORMAL_95, overlap, pooled_variance_factor, sign_test, widened, wilson


def wilson_formula(share: float, rows: int) -> tuple[float, float]:
    """The score interval of Wilson 1927, written out."""
    spread = NORMAL_95**2 / rows
    centre = (share + spread / 2) / (1 + spread)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / rows + spread / (4 * rows)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def sign_test_formula(wins: int, losses: int) -> float:
    """The binomial tail in logarithms, written out."""
    n = wins + losses

    def log_choose(k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    tail = sum(math.exp(log_choose(k) + n * math.log(0.5)) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail)


def test_wilson_matches_published_values() -> None:
    low, high = wilson(0.8, 10)  # Newcombe 1998, table I: 8 of 10
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert wilson(1.0, 0) == (0.0, 1.0)
    assert wilson(0.0, 7)[0] == 0.0 and wilson(1.0, 7)[1] == 1.0


@pytest.mark.parametrize(
    ("right", "rows"), [(0, 1), (1, 1), (3, 7), (8, 10), (50, 100), (2899, 3080), (0, 5000), (199_999, 200_000)]
)
def test_wilson_matches_the_formula(right: int, rows: int) -> None:
    assert wilson(right / rows, rows) == pytest.approx(wilson_formula(right / rows, rows), abs=1e-12)


def test_wilson_rounds_a_share_to_whole_rows() -> None:
    assert wilson(0.52, 10) == wilson(0.5, 10)


def test_intervals_overlap_when_they_share_a_border() -> None:
    assert overlap((0.1, 0.3), (0.3, 0.5)) and not overlap((0.1, 0.2), (0.3, 0.5))


@pytest.mark.parametrize(
    ("wins", "losses"), [(0, 0), (0, 1), (5, 5), (1, 9), (25, 8), (60, 90), (400, 330), (3000, 2800), (20_000, 19_000)]
)
def test_sign_test_matches_the_formula(wins: int, losses: int) -> None:
    assert sign_test(wins, losses) == pytest.approx(sign_test_formula(wins, losses), rel=1e-8)


def test_pooled_answers_count_as_fewer_independent_ones() -> None:
    # 5 folds: 1 + 5/4; 225 rows tell as much as 100 independent ones.
    assert pooled_variance_factor(5) == 2.25 and pooled_variance_factor(2) == 3
    assert wilson(0.9, 225, 2.25) == pytest.approx(wilson_formula(0.9, 100))
    assert wilson(0.9, 230, 1.0) == pytest.approx(wilson_formula(0.9, 230))
    assert wilson(1.0, 225, 2.25)[1] == 1.0


def test_interval_is_widened_around_its_value_within_the_possible() -> None:
    assert widened((0.8, 0.9), 0.86, 4.0) == pytest.approx((0.74, 0.94))
    assert widened((0.8, 0.98), 0.95, 4.0)[1] == 1.0
