"""Paired significance tests of two models on the same rows, and the calibration error.

McNemar's exact test for right and wrong answers, a paired bootstrap for every other score, Holm's correction for several
comparisons at once.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from app.catalog.entity_scores import Counts, draw_f1
from app.intervals import NORMAL_95, sign_test

# p value below which a difference is significant.
SIGNIFICANCE_LEVEL = 0.05
RESAMPLES = 2000
# A share of rows right: a gain that is certainly smaller is not worth a model of one's own.
WORTHWHILE = 0.02

# Of a first model against a second; ``same``: not one row differs; ``unclear``: the difference may be chance.
Outcome = Literal["better", "worse", "same", "unclear"]


@dataclass(frozen=True)
class PairedTest:
    """Two models on the same rows: mean difference (first minus second), its 95 % interval, two-sided p value.

    ``first_only`` and ``second_only`` count the rows that only one of them got right (or scored higher on).
    """

    rows: int
    difference: float
    interval: tuple[float, float]
    p_value: float
    first_only: int
    second_only: int

    @property
    def verdict(self) -> Outcome:
        """The outcome for the first of the two models."""
        return outcome_of(self, self.p_value)


def outcome_of(paired: PairedTest, p_value: float) -> Outcome:
    """The outcome under another p value, such as one corrected by :func:`holm`."""
    if not paired.first_only and not paired.second_only:
        return "same"
    if p_value >= SIGNIFICANCE_LEVEL:
        return "unclear"
    return "better" if paired.difference > 0 else "worse"


def gains_nothing(paired: PairedTest) -> bool:
    """Whether the first of two models certainly brings less than :data:`WORTHWHILE` over the second.

    No significant difference alone does not show that: with few rows it only means that nothing is known.
    """
    return paired.verdict == "worse" or (paired.verdict != "better" and paired.interval[1] < WORTHWHILE)


def mcnemar(first: Sequence[bool], second: Sequence[bool], factor: float = 1.0) -> PairedTest:
    """Exact test on right (True) and wrong answers to the same rows (McNemar 1947; binomial form).

    The interval is the adjusted Wald interval for matched pairs (Agresti and Min 2005, doi 10.1002/sim.1781).
    """
    first_right, second_right = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    _require_same_length(len(first_right), len(second_right))
    first_only, second_only = int((first_right & ~second_right).sum()), int((~first_right & second_right).sum())
    return mcnemar_of(first_only, second_only, len(first_right), factor)


def mcnemar_of(first_only: int, second_only: int, rows: int, factor: float = 1.0) -> PairedTest:
    """The same from the rows that only one of the two got right, of ``rows`` in all.

    Args:
        factor: by which the variance exceeds that of independent rows, as after a cross-validation, where McNemar's own test finds
            too many differences (Dietterich 1998, doi 10.1162/089976698300017197); the normal approximation is used then.
    """
    return PairedTest(
        rows=rows,
        difference=(first_only - second_only) / rows if rows else 0.0,
        interval=_matched_interval(first_only, second_only, rows, factor),
        p_value=_p_value(first_only, second_only, factor),
        first_only=first_only,
        second_only=second_only,
    )


def paired_bootstrap(
    first: Sequence[float], second: Sequence[float], seed: int = 0, resamples: int = RESAMPLES
) -> PairedTest:
    """Mean difference of scores on the same rows; rows are resampled ``resamples`` times (Efron and Tibshirani 1993).

    Higher scores are taken to be better. The same seed gives the same interval.
    """
    _require_same_length(len(first), len(second))
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    rows = len(differences)
    if rows == 0:
        return PairedTest(0, 0.0, (-1.0, 1.0), 1.0, 0, 0)
    rng = np.random.default_rng(seed)
    # One resample at a time: an array of resamples x rows would take gigabytes for large test sets.
    means = np.array([differences[rng.integers(0, rows, rows)].mean() for _ in range(resamples)])
    low, high = np.quantile(means, (0.025, 0.975))
    # One is added to both counts, so that no p value is ever zero (Davison and Hinkley 1997).
    tail = min(int((means <= 0).sum()), int((means >= 0).sum()))
    return PairedTest(
        rows=rows,
        difference=float(differences.mean()),
        interval=(float(low), float(high)),
        p_value=min(1.0, 2 * (tail + 1) / (resamples + 1)),
        first_only=int((differences > 0).sum()),
        second_only=int((differences < 0).sum()),
    )


def paired_f1(
    first: Sequence[Counts], second: Sequence[Counts], seed: int = 0, resamples: int = RESAMPLES, factor: float = 1.0
) -> PairedTest:
    """Difference of the F1 of all entities together; sentences are resampled as in :func:`paired_bootstrap`.

    ``first_only`` counts the sentences in which the first made fewer mistakes.

    Args:
        factor: by which the variance exceeds that of independent sentences.
    """
    _require_same_length(len(first), len(second))
    if not first:
        return PairedTest(0, 0.0, (-1.0, 1.0), 1.0, 0, 0)
    table = np.stack([np.array(first, dtype=float), np.array(second, dtype=float)], axis=2)
    drawn = draw_f1(table, seed, resamples)
    right, given, wanted = table.sum(0)
    scores = 2 * right / np.maximum(given + wanted, 1)
    difference = float(scores[0] - scores[1])
    differences = difference + (drawn[:, 0] - drawn[:, 1] - difference) * math.sqrt(factor)
    low, high = np.quantile(differences, (0.025, 0.975))
    tail = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    mistakes = table[:, 1] + table[:, 2] - 2 * table[:, 0]
    return PairedTest(
        rows=len(first),
        difference=difference,
        interval=(max(-1.0, float(low)), min(1.0, float(high))),
        p_value=min(1.0, 2 * (tail + 1) / (resamples + 1)),
        first_only=int((mistakes[:, 0] < mistakes[:, 1]).sum()),
        second_only=int((mistakes[:, 0] > mistakes[:, 1]).sum()),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """p values corrected for multiple comparisons (Holm 1979), in the given order."""
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, p_values[at] * (len(p_values) - rank)))
        corrected[at] = highest
    return corrected


def calibration_error(scores: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: mean distance between confidence and accuracy of each bin, weighted by rows.

    0 is perfect (Naeini et al. 2015).
    """
    confidence, is_right = np.asarray(scores, dtype=float), np.asarray(right, dtype=bool)
    _require_same_length(len(confidence), len(is_right))
    if not len(confidence):
        return 0.0
    bin_of = bin_indices(confidence, bins)
    total = 0.0
    for index in range(bins):
        members = bin_of == index
        if members.any():
            total += float(members.sum()) * abs(float(confidence[members].mean()) - float(is_right[members].mean()))
    return total / len(confidence)


def bin_indices(confidence: npt.NDArray[np.float64], bins: int) -> npt.NDArray[np.int_]:
    """Index of the equal-width bin of each value in 0..1; a border belongs to the higher bin, 1 to the highest."""
    indices: npt.NDArray[np.int_] = np.minimum((confidence * bins).astype(int), bins - 1)
    return indices


def _p_value(first_only: int, second_only: int, factor: float) -> float:
    exact = sign_test(first_only, second_only)
    if factor <= 1 or first_only == second_only:
        return exact
    # With the correction for continuity.
    z = (abs(first_only - second_only) - 1) / math.sqrt(factor * (first_only + second_only))
    return max(exact, math.erfc(z / math.sqrt(2)))


def _matched_interval(first_only: int, second_only: int, rows: int, factor: float) -> tuple[float, float]:
    first, second, total = first_only + 0.5, second_only + 0.5, rows + 2
    centre = (first - second) / total
    half = NORMAL_95 * math.sqrt(factor * max(0.0, (first + second) - (first - second) ** 2 / total)) / total
    return max(-1.0, centre - half), min(1.0, centre + half)


def _require_same_length(first: int, second: int) -> None:
    if first != second:
        raise ValueError(f"{first} rows against {second}: a paired test needs the same rows")
