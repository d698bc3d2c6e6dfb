"""Paired significance tests of two models on the same rows, and the calibration error.

McNemar's exact test for right and wrong answers, Holm's correction for several comparisons at once; the bootstrap for every
other score is :mod:`app.catalog.paired_tests`.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.catalog.paired_tests import (
    Outcome,
    PairedTest,
    outcome_of,
    paired_bootstrap,
    paired_f1,
    require_same_length,
)
from app.intervals import NORMAL_95, sign_test

__all__ = [
    "Outcome",
    "PairedTest",
    "bin_indices",
    "calibration_error",
    "gains_nothing",
    "holm",
    "mcnemar",
    "mcnemar_of",
    "outcome_of",
    "paired_bootstrap",
    "paired_f1",
]

# A share of rows right: a gain that is certainly smaller is not worth a model of one's own.
WORTHWHILE = 0.02


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
    require_same_length(len(first_right), len(second_right))
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
    require_same_length(len(confidence), len(is_right))
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
