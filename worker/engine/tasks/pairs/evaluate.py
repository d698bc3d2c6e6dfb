"""Scores of probabilities: those of the answers, the area under the ROC curve, and intervals by drawing the rows anew."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from app.catalog.paired_tests import RESAMPLES, drawn_interval
from app.intervals import widened

Values = NDArray[np.float64]
Labels = NDArray[np.int64]
# Probabilities (rows, labels) and label numbers -> a score; None where the rows do not tell.
ScoreOf = Callable[[Values, Labels], float | None]


def auc(shares: Values, expected: Labels) -> float | None:
    """Of two labels the chance that a row of one gets a higher probability of it than a row of the other; of more labels the mean
    over those that occur, each against the rest. None where all rows have the same label.

    By ranks, where ties count half (Mann and Whitney 1947), as scikit-learn's ``roc_auc_score`` has it.
    """
    present = np.unique(expected)
    if len(present) < 2:
        return None
    found = []
    for label in present:
        own = expected == label
        count = int(own.sum())
        ranks = rankdata(shares[:, label])[own].sum() - count * (count + 1) / 2
        found.append(ranks / (count * (len(expected) - count)))
    return float(np.mean(found))


def macro_f1(shares: Values, expected: Labels) -> float | None:
    """F1 of the likeliest labels, averaged over the labels that are expected or given."""
    answers, size = shares.argmax(1), shares.shape[1]
    hit = np.bincount(expected[answers == expected], minlength=size)
    total = np.bincount(expected, minlength=size) + np.bincount(answers, minlength=size)
    return float((2 * hit[total > 0] / total[total > 0]).mean()) if len(expected) else None


def interval(
    score_of: ScoreOf, shares: Values, expected: Sequence[int], factor: float = 1.0, resamples: int = RESAMPLES // 4
) -> list[float] | None:
    """95 % interval of a score (percentile bootstrap over the rows, Efron and Tibshirani 1993).

    Args:
        factor: by which the variance exceeds that of independent rows; see :func:`app.intervals.pooled_variance_factor`.
    """
    wanted = np.asarray(expected)
    value = score_of(shares, wanted)
    if value is None:
        return None
    ends = drawn_interval(lambda rows: score_of(shares[rows], wanted[rows]), len(wanted), resamples)
    return list(widened(ends, value, factor))
