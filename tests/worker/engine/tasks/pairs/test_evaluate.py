"""Area under the ROC curve, macro-F1 and their intervals, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from app.catalog.paired_tests import RESAMPLES
from worker.engine.tasks.pairs import evaluate

RNG = np.random.default_rng(5)
# Two digits, so that there are ties.
SHARES = RNG.dirichlet(np.ones(3), 120).round(2)
EXPECTED = RNG.integers(3, size=120)


def test_area_is_that_of_scikit_learn() -> None:
    known = [roc_auc_score(label == EXPECTED, SHARES[:, label]) for label in range(3)]
    assert evaluate.auc(SHARES, EXPECTED) == pytest.approx(np.mean(known))
    two = SHARES[EXPECTED < 2][:, :2]
    wanted = EXPECTED[EXPECTED < 2]
    halves = [roc_auc_score(wanted == label, two[:, label]) for label in (0, 1)]
    assert evaluate.auc(two, wanted) == pytest.approx(np.mean(halves))
    assert evaluate.auc(SHARES, np.zeros(120, dtype=int)) is None


def test_macro_f1_is_that_of_scikit_learn() -> None:
    assert evaluate.macro_f1(SHARES, EXPECTED) == pytest.approx(f1_score(EXPECTED, SHARES.argmax(1), average="macro"))


def test_interval_covers_the_score_and_widens_with_the_variance() -> None:
    low, high = evaluate.interval(evaluate.auc, SHARES, EXPECTED.tolist()) or (0, 0)
    assert low < (evaluate.auc(SHARES, EXPECTED) or 0) < high
    wide = evaluate.interval(evaluate.auc, SHARES, EXPECTED.tolist(), factor=4.0) or (0, 0)
    assert wide[1] - wide[0] == pytest.approx(2 * (high - low), rel=1e-6)
    # Normal approximation for macro-F1 of 120 rows near 1/3: a standard error of about 0.043, four of them from end to end.
    low, high = evaluate.interval(evaluate.macro_f1, SHARES, EXPECTED.tolist(), resamples=RESAMPLES) or (0, 0)
    assert high - low == pytest.approx(0.17, abs=0.03)
