"""Thinning of long curves for plots: keeps the extremes of equal parts, so that no spike is lost.

A point is a tuple that begins with its step and its value. The width of a part in steps is a power of two and its start a
multiple of that width, so that the kept points of a part stay the same while the curve grows, and those of a wider part are
among those of its halves.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

Point = tuple[Any, ...]

# Width in steps of the parts whose lowest and highest point are stored in ``metric_extremes``.
STRIDE = 16


def thin(points: Sequence[Point], max_points: int) -> list[Point]:
    """At most ``max_points`` points: the first, the last and the extremes of every part.

    Args:
        points: by rising step; either all of a curve, or the extremes of its parts of ``STRIDE`` steps, its first and its last.
    """
    if len(points) <= max_points:
        return list(points)
    steps = np.array([point[0] for point in points], dtype=np.int64)
    values = np.array([point[1] for point in points], dtype=float)
    parts = steps // _width(int(steps[0]), int(steps[-1]), max(1, (max_points - 2) // 2))
    # Sorted by part, then by value, and equal values by step: the first of each part is the earliest of its extremes.
    kept = {0, len(points) - 1}
    for order in (np.lexsort((values, parts)), np.lexsort((-values, parts))):
        sorted_parts = parts[order]
        kept.update(order[np.flatnonzero(np.diff(sorted_parts, prepend=sorted_parts[0] - 1))].tolist())
    return [points[index] for index in sorted(kept)]


def _width(first: int, last: int, parts: int) -> int:
    width = 1
    while last // width - first // width + 1 > parts:
        width *= 2
    return width


def extremes(points: Sequence[Point]) -> list[tuple[int, Point, Point]]:
    """``(number of the part, lowest point, highest point)`` of each part of ``STRIDE`` steps; the earliest of equals."""
    ordered = sorted(points, key=lambda point: point[0])
    return [
        (part, min(members, key=lambda point: point[1]), max(members, key=lambda point: point[1]))
        for part, group in groupby(ordered, key=lambda point: point[0] // STRIDE)
        if (members := list(group))
    ]
