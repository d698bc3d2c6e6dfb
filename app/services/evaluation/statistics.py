"""Whether a difference between two models is more than chance, for answers to the same rows. Pure arithmetic.

McNemar's exact test for right and wrong answers, a paired bootstrap for every other score, Holm's correction where several
questions are asked at once. Knows no run and no table.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.catalog.entity_scores import Counts, draw_f1
from app.intervals import NORMAL_95, sign_test

# A difference at least this unlikely under "no difference" is called one (5 %).
LEVEL = 0.05
ROUNDS = 2000


@dataclass(frozen=True)
class Paired:
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
    def verdict(self) -> str:
        """``better``, ``worse``, ``same`` (not one row differs) or ``unclear``, for the first of the two."""
        return verdict_of(self, self.p_value)


def verdict_of(paired: Paired, p_value: float) -> str:
    """The verdict under another p value, such as one corrected by :func:`holm`."""
    if not paired.first_only and not paired.second_only:
        return "same"
    if p_value >= LEVEL:
        return "unclear"
    return "better" if paired.difference > 0 else "worse"


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> Paired:
    """Exact test on right (True) and wrong answers to the same rows (McNemar 1947; binomial form).

    The interval is the adjusted Wald interval for matched pairs (Agresti and Min 2005, doi 10.1002/sim.1781).
    """
    one, other = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    _same_length(one, other)
    first_only, second_only = int((one & ~other).sum()), int((~one & other).sum())
    rows = len(one)
    return Paired(
        rows=rows,
        difference=(first_only - second_only) / rows if rows else 0.0,
        interval=_matched_interval(first_only, second_only, rows),
        p_value=sign_test(first_only, second_only),
        first_only=first_only,
        second_only=second_only,
    )


def paired_bootstrap(first: Sequence[float], second: Sequence[float], seed: int = 0, rounds: int = ROUNDS) -> Paired:
    """Mean difference of scores on the same rows; rows are drawn anew ``rounds`` times (Efron and Tibshirani 1993).

    Higher scores are taken to be better. The same seed gives the same interval.
    """
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    _same_length(one, other)
    differences = one - other
    rows = len(differences)
    if rows == 0:
        return Paired(0, 0.0, (-1.0, 1.0), 1.0, 0, 0)
    random = np.random.default_rng(seed)
    # One draw at a time: a table of rounds x rows would take gigabytes for large test sets.
    means = np.array([differences[random.integers(0, rows, rows)].mean() for _ in range(rounds)])
    low, high = np.quantile(means, (0.025, 0.975))
    # One is added to both counts, so that no p value is ever zero (Davison and Hinkley 1997).
    tail = min(int((means <= 0).sum()), int((means >= 0).sum()))
    return Paired(
        rows=rows,
        difference=float(differences.mean()),
        interval=(float(low), float(high)),
        p_value=min(1.0, 2 * (tail + 1) / (rounds + 1)),
        first_only=int((differences > 0).sum()),
        second_only=int((differences < 0).sum()),
    )


def paired_f1(first: Sequence[Counts], second: Sequence[Counts], seed: int = 0, rounds: int = ROUNDS) -> Paired:
    """Difference of the F1 of all entities together; sentences are drawn anew ``rounds`` times, as in the bootstrap above.

    ``first_only`` counts the sentences in which the first made fewer mistakes.
    """
    _same_length(np.empty(len(first)), np.empty(len(second)))
    if not first:
        return Paired(0, 0.0, (-1.0, 1.0), 1.0, 0, 0)
    table = np.stack([np.array(first, dtype=float), np.array(second, dtype=float)], axis=2)
    drawn = draw_f1(table, seed, rounds)
    differences = drawn[:, 0] - drawn[:, 1]
    low, high = np.quantile(differences, (0.025, 0.975))
    tail = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    mistakes = table[:, 1] + table[:, 2] - 2 * table[:, 0]
    right, given, wanted = table.sum(0)
    scores = 2 * right / np.maximum(given + wanted, 1)
    return Paired(
        rows=len(first),
        difference=float(scores[0] - scores[1]),
        interval=(float(low), float(high)),
        p_value=min(1.0, 2 * (tail + 1) / (rounds + 1)),
        first_only=int((mistakes[:, 0] < mistakes[:, 1]).sum()),
        second_only=int((mistakes[:, 0] > mistakes[:, 1]).sum()),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """p values corrected for asking as many questions at once (Holm 1979), in the given order."""
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, p_values[at] * (len(p_values) - rank)))
        corrected[at] = highest
    return corrected


def calibration_error(scores: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Expected calibration error: mean distance between stated and reached certainty, weighted by rows (0 is perfect)."""
    given, truth = np.asarray(scores, dtype=float), np.asarray(right, dtype=bool)
    _same_length(given, truth)
    if not len(given):
        return 0.0
    places = np.minimum((given * bins).astype(int), bins - 1)
    total = 0.0
    for place in range(bins):
        here = places == place
        if here.any():
            total += here.sum() * abs(float(given[here].mean()) - float(truth[here].mean()))
    return total / len(given)


def _matched_interval(first_only: int, second_only: int, rows: int) -> tuple[float, float]:
    one, other, total = first_only + 0.5, second_only + 0.5, rows + 2
    centre = (one - other) / total
    spread = NORMAL_95 * math.sqrt(max(0.0, (one + other) - (one - other) ** 2 / total)) / total
    return max(-1.0, centre - spread), min(1.0, centre + spread)


def _same_length(one: "np.ndarray", other: "np.ndarray") -> None:
    if len(one) != len(other):
        raise ValueError(f"{len(one)} rows against {len(other)}: a paired test needs the same rows")
