"""Accuracy and margins of pairs, worked out by hand."""

import numpy as np
import pytest

from worker.engine.tasks.generation.text_scores import RowScores
from worker.engine.tasks.preference import pair_scores
from worker.engine.tasks.preference.pair_scores import PairMargins

PAIRS = [(0, 1), (2, 3)]
SCORES = RowScores(np.array([2.0, 4.0, 9.0, 3.0]), np.array([1.0, 4.0, 3.0, 3.0]), np.zeros(4))


def test_rewards_are_ratios_to_the_reference_or_likelihoods_per_token() -> None:
    ratios = pair_scores.log_ratios(SCORES, np.array([-3.0, -4.0, -9.0, -9.0]), PAIRS, 0.5)
    # -2 + 3 against -4 + 4, and -9 + 9 against -3 + 9.
    assert ratios.margins.tolist() == [0.5, -3.0] and ratios.accuracy == 0.5
    # -2 against -4 / 4, and -9 / 3 against -3 / 3.
    assert pair_scores.likelihoods(SCORES, PAIRS).margins.tolist() == [-1.0, -2.0]


def test_answers_that_a_model_rates_alike_are_not_found_and_half_of_them_guessed() -> None:
    margins = PairMargins(np.array([1.0, 0.0, -1.0, 2.0]))
    assert margins.accuracy == 0.5
    assert pair_scores.lengths(["one", "two"], [(0, 1)]).accuracy == 0.5
    low, high = margins.interval()
    assert low < 0.5 < high
    test = margins.against(PairMargins(np.array([-1.0, 0.0, -1.0, -2.0])))
    assert (test.first_only, test.second_only, test.difference) == (2, 0, 0.5)


def test_length_bias_compares_data_and_models() -> None:
    longer = PairMargins(np.array([5.0] * 8 + [-5.0] * 4 + [0.0]))
    always = PairMargins(longer.margins.copy())
    never = PairMargins(-longer.margins)
    found = pair_scores.length_bias(longer, tuned=always, base=never)
    assert found == {"pairs": 12.0, "data": pytest.approx(2 / 3), "tuned": 1.0, "base": 0.0}
    assert pair_scores.length_bias(PairMargins(np.ones(3)), tuned=always) == {}
    assert pair_scores.lengths(["long one", "short"], [(0, 1)]).margins.tolist() == [3.0]
