"""How sure a share of right answers is: Wilson intervals, when two of them can be told apart, and the exact sign test.

Pure arithmetic at level 0, so that the engine and the services compute the same interval.
"""

import math
from collections.abc import Sequence

# Two-sided 95 % of the normal distribution.
NORMAL_95 = 1.959963984540054


def wilson(share: float, rows: int) -> tuple[float, float]:
    """95 % interval of a share (0..1) measured on ``rows`` rows; (0, 1) when nothing was measured."""
    if rows <= 0:
        return 0.0, 1.0
    spread = NORMAL_95**2 / rows
    centre = (share + spread / 2) / (1 + spread)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / rows + spread / (4 * rows)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def overlap(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two intervals share a value, so that the difference between them may be chance."""
    return one[0] <= other[1] and other[0] <= one[1]


def sign_test(wins: int, losses: int) -> float:
    """Two-sided exact p value of so uneven a split of ``wins + losses`` fair coin tosses."""
    tosses = wins + losses
    if tosses == 0:
        return 1.0
    log_half = tosses * math.log(0.5)
    at_most = sum(math.exp(_log_choose(tosses, k) + log_half) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * at_most)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
