"""Paired tests by drawing rows anew."""

import math

import numpy as np
import pytest

from app.catalog.entity_scores import Counts
from app.catalog.paired_tests import PairedTest, outcome_of, paired_bootstrap, paired_f1, paired_scores


def test_interval_of_a_mean_is_that_of_theory() -> None:
    gains = np.random.default_rng(4).normal(0.3, 1, 400)
    found = paired_bootstrap(gains.tolist(), [0.0] * 400)
    half = 1.96 * gains.std() / math.sqrt(400)
    assert found.difference == pytest.approx(gains.mean())
    assert found.interval == pytest.approx((gains.mean() - half, gains.mean() + half), abs=0.02)
    assert found.verdict == "better" and found.first_only == (gains > 0).sum()


def test_any_score_of_all_rows_can_be_tested() -> None:
    values = np.arange(50.0)

    def both(rows: np.ndarray) -> tuple[float, float]:
        return float(np.median(values[rows])), float(np.median(values[rows])) - 1

    found = paired_scores(both, np.ones(50), resamples=200)
    assert found.interval == (1.0, 1.0) and (found.rows, found.first_only, found.second_only) == (50, 50, 0)
    assert paired_scores(both, np.ones(50), resamples=200, factor=4.0).interval == (1.0, 1.0)


def test_no_row_says_nothing() -> None:
    assert paired_f1([], []).p_value == 1 and paired_bootstrap([], []).verdict == "same"
    with pytest.raises(ValueError, match="same rows"):
        paired_f1([Counts(1, 1, 1)], [])


def test_result_is_stored_and_read_back() -> None:
    found = PairedTest(10, 0.1, (0.0, 0.2), 0.04, 3, 1)
    assert PairedTest.of_json(found.as_json()) == found
    assert outcome_of(found, 0.06) == "unclear" and found.verdict == "better"
