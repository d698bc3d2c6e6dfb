"""Paired tests of two models on the same rows by drawing the rows anew (bootstrap, Efron and Tibshirani 1993).

For means of rows, and for scores of all rows together such as F1 or R2.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from app.catalog.entity_scores import Counts

# p value below which a difference is significant.
SIGNIFICANCE_LEVEL = 0.05
RESAMPLES = 2000

# Of a first model against a second; ``same``: not one row differs; ``unclear``: the difference may be chance.
Outcome = Literal["better", "worse", "same", "unclear"]
# Numbers of rows -> the score of the first and of the second model on them.
ScoreBoth = Callable[[npt.NDArray[np.intp]], tuple[float, float]]


def drawn_interval(
    score: Callable[[npt.NDArray[np.intp]], float | None], rows: int, resamples: int, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of a score of all rows together when they are drawn anew (percentile bootstrap).

    Args:
        score: of any rows, which may come more than once; None where they do not tell.
    """
    rng = np.random.default_rng(seed)
    drawn = (score(rng.integers(0, rows, rows)) for _ in range(resamples))
    low, high = np.quantile([value for value in drawn if value is not None], (0.025, 0.975))
    return float(low), float(high)


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

    def as_json(self) -> dict[str, Any]:
        """The fields by name."""
        return {**asdict(self), "interval": list(self.interval)}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> "PairedTest":
        """What :meth:`as_json` gave."""
        low, high = stored["interval"]
        return cls(**{**stored, "interval": (float(low), float(high))})


def outcome_of(paired: PairedTest, p_value: float) -> Outcome:
    """The outcome under another p value, such as one corrected for several comparisons."""
    if not paired.first_only and not paired.second_only:
        return "same"
    if p_value >= SIGNIFICANCE_LEVEL:
        return "unclear"
    return "better" if paired.difference > 0 else "worse"


def paired_bootstrap(
    first: Sequence[float], second: Sequence[float], seed: int = 0, resamples: int = RESAMPLES
) -> PairedTest:
    """Mean difference of scores on the same rows. Higher scores are taken to be better."""
    require_same_length(len(first), len(second))
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    return paired_scores(
        lambda rows: (float(differences[rows].mean()), 0.0), differences, seed=seed, resamples=resamples
    )


def paired_f1(
    first: Sequence[Counts], second: Sequence[Counts], seed: int = 0, resamples: int = RESAMPLES, factor: float = 1.0
) -> PairedTest:
    """Difference of the F1 of everything that is marked or given in all rows together.

    ``first_only`` counts the rows in which the first made fewer mistakes.
    """
    require_same_length(len(first), len(second))
    if not first:
        return _no_rows()
    table = np.stack([np.array(first, dtype=float), np.array(second, dtype=float)], axis=2)

    def both(rows: npt.NDArray[np.intp]) -> tuple[float, float]:
        right, given, wanted = table[rows].sum(0)
        one, other = 2 * right / np.maximum(given + wanted, 1)
        return float(one), float(other)

    mistakes = table[:, 1] + table[:, 2] - 2 * table[:, 0]
    return paired_scores(both, mistakes[:, 1] - mistakes[:, 0], seed=seed, resamples=resamples, factor=factor, span=1.0)


def paired_scores(
    score: ScoreBoth,
    gains: npt.NDArray[np.float64],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    factor: float = 1.0,
    span: float = math.inf,
) -> PairedTest:
    """Difference of a score of all rows together.

    Args:
        score: of both models on any rows; higher is better.
        gains: for each row how much better the first is there, to count the rows.
        seed: the same seed gives the same interval.
        factor: by which the variance exceeds that of independent rows, as after a cross-validation.
        span: the largest possible difference.
    """
    rows = len(gains)
    if not rows:
        return _no_rows()
    rng = np.random.default_rng(seed)
    # One resample at a time: an array of resamples x rows would take gigabytes for large test sets.
    drawn = np.array([score(rng.integers(0, rows, rows)) for _ in range(resamples)])
    one, other = score(np.arange(rows))
    difference = one - other
    differences = difference + (drawn[:, 0] - drawn[:, 1] - difference) * math.sqrt(factor)
    low, high = np.quantile(differences, (0.025, 0.975))
    # One is added to both counts, so that no p value is ever zero (Davison and Hinkley 1997).
    tail = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    return PairedTest(
        rows=rows,
        difference=difference,
        interval=(max(-span, float(low)), min(span, float(high))),
        p_value=min(1.0, 2 * (tail + 1) / (resamples + 1)),
        first_only=int((gains > 0).sum()),
        second_only=int((gains < 0).sum()),
    )


def require_same_length(first: int, second: int) -> None:
    """Refuse answers to different rows."""
    if first != second:
        raise ValueError(f"{first} rows against {second}: a paired test needs the same rows")


def _no_rows() -> PairedTest:
    return PairedTest(0, 0.0, (-1.0, 1.0), 1.0, 0, 0)
