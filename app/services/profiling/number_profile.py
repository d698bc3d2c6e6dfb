"""How the numbers of a column are spread: moments, quantiles and a histogram, as reports show them."""

from typing import Any

import numpy as np

BARS = 24
SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def describe_numbers(values: np.ndarray) -> dict[str, Any]:
    """``{"count", "mean", "std", "distinct", "quantiles": {share: number}, "edges", "counts"}`` of numbers, float64.

    The bars between the ``edges`` are of one width; few different numbers have a bar each, which they are in the middle of.
    """
    distinct = np.unique(values)
    if 1 < len(distinct) <= BARS:
        middles = (distinct[1:] + distinct[:-1]) / 2
        first, last = distinct[0] - (middles[0] - distinct[0]), distinct[-1] + (distinct[-1] - middles[-1])
        edges = np.concatenate([[first], middles, [last]])
    else:
        edges = np.linspace(distinct[0], distinct[-1], BARS + 1)
    counts, _ = np.histogram(values, edges)
    return {
        "count": len(values),
        "mean": float(values.mean()),
        "std": float(values.std()),
        "distinct": len(distinct),
        "quantiles": {
            f"{share:g}": float(value) for share, value in zip(SHARES, np.quantile(values, SHARES), strict=True)
        },
        "edges": edges.tolist(),
        "counts": counts.tolist(),
    }
