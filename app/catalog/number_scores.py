"""Scores of answers that are numbers, their bootstrap intervals, and paired tests of two models. Pure arithmetic.

Answers and expected numbers are float64 of shape (rows, numbers), or several drawings of them (drawings, rows, numbers); a score
of several numbers is the mean of their scores, where those have no unit.
scipy.stats is imported on first use, as in :mod:`app.intervals`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.catalog.paired_tests import RESAMPLES, PairedTest, paired_scores, require_same_length

Numbers = NDArray[np.float64]
# Of both, (..., rows, numbers) -> the score of each number, (..., numbers).
ScoreColumns = Callable[[Numbers, Numbers], Numbers]

# Deviations smaller than this share of the size of the numbers come from rounding.
ROUNDING = 1e-12
# Numbers that are drawn at once.
PORTION_CELLS = 200_000
# Drawings of many rows are fewer: so many numbers in all.
MIN_RESAMPLES, RANKED_CELLS = 500, 2_000_000
# Scores in the unit of their number, of which a mean over several numbers is in none.
IN_UNITS = ("mae",)
# Where a score can lie.
BOUNDS = {"pearson": (-1.0, 1.0), "spearman": (-1.0, 1.0), "mae": (0.0, math.inf), "r2": (-math.inf, 1.0)}


def pearson(answered: Numbers, expected: Numbers) -> Numbers:
    """Pearson's correlation; 0 where all answers or all expected numbers are the same, of which it is undefined."""
    (one, length), (other, other_length) = _centred(answered), _centred(expected)
    product = length * other_length
    found: Numbers = np.where(product > 0, (one * other).sum(-2) / np.where(product > 0, product, 1.0), 0.0)
    return np.clip(found, -1.0, 1.0)


def _centred(numbers: Numbers) -> tuple[Numbers, Numbers]:
    """Deviations from the mean of the rows, and their length; 0 where they come from rounding."""
    away = numbers - numbers.mean(-2, keepdims=True)
    differs = np.abs(away).max(-2) > ROUNDING * np.abs(numbers).max(-2)
    return away, np.where(differs, np.sqrt((away**2).sum(-2)), 0.0)


def spearman(answered: Numbers, expected: Numbers) -> Numbers:
    """Pearson's correlation of the ranks; equal numbers share the mean of theirs."""
    from scipy.stats import rankdata

    return pearson(rankdata(answered, axis=-2), rankdata(expected, axis=-2))


def mean_absolute_error(answered: Numbers, expected: Numbers) -> Numbers:
    """Mean distance of an answer, in the unit of the number."""
    found: Numbers = np.abs(answered - expected).mean(-2)
    return found


def r2(answered: Numbers, expected: Numbers) -> Numbers:
    """Share of the variance of these rows that the answers explain; below 0 where their mean would be nearer. 0 without variance."""
    total = ((expected - expected.mean(-2, keepdims=True)) ** 2).sum(-2)
    missed = ((answered - expected) ** 2).sum(-2)
    found: Numbers = np.where(total > 0, 1 - missed / np.where(total > 0, total, 1.0), 0.0)
    return found


SCORES: Mapping[str, ScoreColumns] = {
    "pearson": pearson,
    "spearman": spearman,
    "mae": mean_absolute_error,
    "r2": r2,
}


def joint_scores(numbers: int) -> Mapping[str, ScoreColumns]:
    """The scores that so many numbers have together: those in the unit of a number only where there is one."""
    return {name: compute for name, compute in SCORES.items() if numbers == 1 or name not in IN_UNITS}


def score(answered: Numbers, expected: Numbers) -> dict[str, float]:
    """Every score of :func:`joint_scores`."""
    known = joint_scores(expected.shape[-1])
    return {name: float(compute(answered, expected).mean()) for name, compute in known.items()}


def per_number(answered: Numbers, expected: Numbers, names: Sequence[str]) -> list[dict[str, Any]]:
    """``{"label", "count", "mean", "std", **scores}`` of each number by itself; ``mean`` and ``std`` of the expected ones."""
    columns = {name: compute(answered, expected) for name, compute in SCORES.items()}
    return [
        {
            "label": name,
            "count": len(expected),
            "mean": float(expected[:, at].mean()),
            "std": float(expected[:, at].std()),
            **{key: float(values[at]) for key, values in columns.items()},
        }
        for at, name in enumerate(names)
    ]


def intervals(answered: Numbers, expected: Numbers, seed: int = 0, factor: float = 1.0) -> dict[str, list[float]]:
    """95 % interval of every score when the rows are drawn anew (percentile bootstrap, Efron and Tibshirani 1993).

    Args:
        factor: by which the variance exceeds that of independent rows; see :func:`app.intervals.pooled_variance_factor`.
    """
    rng, rows = np.random.default_rng(seed), len(expected)
    # Ranks of thousands of rows take milliseconds.
    resamples = min(RESAMPLES, max(MIN_RESAMPLES, RANKED_CELLS // expected.size))
    portion = max(1, PORTION_CELLS // expected.size)
    drawn: list[Numbers] = []
    known = joint_scores(expected.shape[-1])
    for start in range(0, resamples, portion):
        chosen = rng.integers(0, rows, (min(portion, resamples - start), rows))
        values = [compute(answered[chosen], expected[chosen]).mean(-1) for compute in known.values()]
        drawn.append(np.stack(values, axis=1))
    ends = np.quantile(np.concatenate(drawn), (0.025, 0.975), axis=0)
    found = {}
    for (name, value), (low, high) in zip(score(answered, expected).items(), ends.T.tolist(), strict=True):
        first, last = BOUNDS[name]
        wide = [value + (end - value) * math.sqrt(factor) for end in (low, high)]
        found[name] = [max(first, wide[0]), min(last, wide[1])]
    return found


def paired_pearson(
    first: Numbers, second: Numbers, expected: Numbers, seed: int = 0, resamples: int = RESAMPLES, factor: float = 1.0
) -> PairedTest:
    """Difference of the correlations of two models on the same rows; ``first_only`` counts the rows in which the first is nearer."""
    require_same_length(len(first), len(second))

    def both(rows: NDArray[np.intp]) -> tuple[float, float]:
        wanted = expected[rows]
        return float(pearson(first[rows], wanted).mean()), float(pearson(second[rows], wanted).mean())

    spread = np.where(expected.std(0) > 0, expected.std(0), 1.0) if len(expected) else 1.0
    distances = [(np.abs(answered - expected) / spread).mean(1) for answered in (first, second)]
    gains = distances[1] - distances[0]
    return paired_scores(both, gains, seed=seed, resamples=resamples, factor=factor, span=2.0)
