"""Wilson intervals of shares and the exact sign test, shared by the training engine and the services.

scipy.stats is imported on first use: at start it would cost the web process 1.4 s of processor time and 67 MB.
"""

from collections.abc import Sequence

# Two-sided 95 % quantile of the normal distribution.
NORMAL_95 = 1.959963984540054


def wilson(share: float, rows: int) -> tuple[float, float]:
    """95 % interval of a share (0..1) of ``rows`` rows; (0, 1) when nothing was measured.

    A share that is not a whole number of rows, such as an F1 score, is rounded to the nearest one.
    """
    from scipy.stats import binomtest

    if rows <= 0:
        return 0.0, 1.0
    interval = binomtest(round(share * rows), rows).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def overlap(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether two intervals share a value, so that the difference between them may be chance."""
    return first[0] <= second[1] and second[0] <= first[1]


def sign_test(wins: int, losses: int) -> float:
    """Two-sided exact p value of ``wins`` against ``losses`` when both are equally likely."""
    from scipy.stats import binomtest

    return float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0
