"""Curves of runs put together: the mean of each group at every place where one of its curves was logged, with a band."""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

from studio_ui.comparison.source import ComparisonSource

Points = Sequence[Sequence[float]]


def read_means(source: ComparisonSource, data: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Key -> ``{"name", "runs", "points", "band"}`` of each group that has points.

    Args:
        data: ``keys`` of the curves, ``batches`` (run id -> rows in a step), ``names`` (run id -> its group's name), ``axis``
            (``step``, ``share`` of the run or ``rows``) and ``band`` (``range`` or ``deviation``).
    """
    batches = {str(run_id): float(rows) for run_id, rows in dict(data["batches"]).items()}
    keys = [str(key) for key in data["keys"]]
    series = source.series(list(batches), keys)
    members: dict[str, list[str]] = {}
    for run_id in batches:
        members.setdefault(str(data["names"].get(run_id, "")), []).append(run_id)
    found: dict[str, list[dict[str, Any]]] = {}
    for key in keys:
        groups = []
        for name, run_ids in members.items():
            curves = [_across(series.get(item, {}), key, str(data["axis"]), batches[item]) for item in run_ids]
            points, band = mean_and_band([curve for curve in curves if curve], str(data["band"]))
            groups.append({"name": name, "runs": run_ids, "points": points, "band": band})
        found[key] = groups
    return found


def _across(curves: Mapping[str, Points], key: str, axis: str, batch: float) -> list[tuple[float, float]]:
    """One curve of a run with the chosen thing across."""
    last = max((curve[-1][0] for curve in curves.values() if curve), default=1) or 1
    scale = {"share": 1 / last, "rows": batch}.get(axis, 1.0)
    return [(step * scale, math.nan if value is None else value) for step, value, *_ in curves.get(key, ())]


def mean_and_band(
    curves: Sequence[Sequence[tuple[float, float]]], kind: str
) -> tuple[list[list[float]], list[list[float]]]:
    """Points (x, mean) and (x, low, high) of curves of (x, y) by rising x.

    Between its own points a curve is taken to be straight, beyond its ends it does not count; a band is only where two or more
    count: from the lowest to the highest, or one ``deviation`` to both sides.
    """
    points, band = [], []
    for x in sorted({x for curve in curves for x, _ in curve}):
        values = [value for curve in curves if math.isfinite(value := _value_at(curve, x))]
        if not values:
            continue
        mean = fmean(values)
        points.append([x, mean])
        if len(values) > 1:
            spread = stdev(values)
            low, high = (mean - spread, mean + spread) if kind == "deviation" else (min(values), max(values))
            band.append([x, low, high])
    return points, band


def _value_at(curve: Sequence[tuple[float, float]], x: float) -> float:
    at = bisect_right(curve, x, key=lambda point: point[0]) - 1
    if at < 0:
        return math.nan
    here, after = curve[at], curve[at + 1] if at + 1 < len(curve) else None
    if here[0] == x:
        return here[1]
    return here[1] + (after[1] - here[1]) * (x - here[0]) / (after[0] - here[0]) if after else math.nan
