"""Which varied setting goes along with the result, among the runs that are compared. An indication, never a proof. Pure.

Spearman's rank correlation for numbers, the share of the ranks' variance between groups for everything else, and for both
how often shuffled results look as strong. With a handful of runs most of it can be chance, and that is told.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

FEWEST_RUNS = 5
SHUFFLES = 2000
# What names the data rather than a choice, or follows from another row of the table.
NO_CHOICES = frozenset({"dataset", "fingerprint", "labels", "task_type"})


def explain(settings: Sequence[Mapping[str, Any]], values: Mapping[str, float]) -> dict[str, Any]:
    """How strongly each varied setting goes along with a metric, the strongest first.

    Args:
        settings: rows as ``settings_table`` makes them.
        values: run id -> the metric.

    Returns:
        ``{"runs", "fewest", "rows": [{"key", "title", "strength", "direction", "p_value", "together"}]}``. ``strength`` is
        the share (0..1) of the variance of ranks that the setting explains; ``direction`` is ``up``, ``down`` or None;
        ``together`` names settings that changed in step with this one, so that nobody can tell them apart. No rows under
        ``fewest`` runs.
    """
    runs = sorted(values)
    told: dict[str, Any] = {"runs": len(runs), "fewest": FEWEST_RUNS, "rows": []}
    if len(runs) < FEWEST_RUNS:
        return told
    ranks = ranked([values[run] for run in runs])
    columns = {row["key"]: _column(row["values"], runs) for row in settings if row["key"] not in NO_CHOICES}
    varied = {key: column for key, column in columns.items() if len(set(column)) > 1}
    titles = {row["key"]: row["title"] for row in settings}
    for key, column in varied.items():
        if _is_own_name(column):
            continue
        strength, direction = _strength(column, ranks)
        mates = [titles[other] for other, each in varied.items() if other != key and _parts(each) == _parts(column)]
        told["rows"].append(
            {
                "key": key,
                "title": titles[key],
                "strength": strength,
                "direction": direction,
                "p_value": _by_chance(column, ranks, strength),
                "together": mates,
            }
        )
    told["rows"].sort(key=lambda row: (-row["strength"], row["title"]))
    return told


def ranked(values: Sequence[float]) -> "np.ndarray":
    """Ranks from 1; equal values share the mean of their places."""
    given = np.asarray(values, dtype=float)
    order = np.argsort(given, kind="stable")
    ranks = np.empty(len(given))
    ranks[order] = np.arange(1, len(given) + 1)
    for value in np.unique(given):
        ranks[given == value] = ranks[given == value].mean()
    return ranks


def _column(values: Mapping[str, Any], runs: Sequence[str]) -> list[Any]:
    """The setting of each run: numbers as they are when all are, otherwise words; a missing setting is a word, too."""
    found = [values.get(run) for run in runs]
    if all(isinstance(each, int | float) and not isinstance(each, bool) for each in found):
        return found
    return [json.dumps(each, sort_keys=True) for each in found]


def _is_own_name(column: Sequence[Any]) -> bool:
    """A word that is different for every run explains everything and nothing."""
    return isinstance(column[0], str) and len(set(column)) == len(column)


def _strength(column: Sequence[Any], ranks: "np.ndarray") -> tuple[float, str | None]:
    if not isinstance(column[0], str):
        rho = float(_correlations(ranked(column), ranks[None, :])[0])
        return rho**2, "up" if rho > 0 else "down" if rho < 0 else None
    return float(_between(column, ranks[None, :])[0]), None


def _correlations(one: "np.ndarray", others: "np.ndarray") -> "np.ndarray":
    """Pearson's correlation of one list with each row of ``others``; 0 where nothing varies."""
    first, second = one - one.mean(), others - others.mean(axis=1, keepdims=True)
    size = np.sqrt((first**2).sum() * (second**2).sum(axis=1))
    return np.divide(second @ first, size, out=np.zeros(len(others)), where=size > 0)


def _between(column: Sequence[str], ranks: "np.ndarray") -> "np.ndarray":
    """Sum of squares between the groups over the whole sum (eta squared of ranks, as in Kruskal and Wallis 1952)."""
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    total = (centred**2).sum(axis=1)
    between = np.zeros(len(ranks))
    for name in set(column):
        members = np.array([each == name for each in column])
        between += centred[:, members].mean(axis=1) ** 2 * members.sum()
    return np.divide(between, total, out=np.zeros(len(ranks)), where=total > 0)


def _by_chance(column: Sequence[Any], ranks: "np.ndarray", strength: float) -> float:
    """How often results dealt out at random go along at least as strongly; the same runs give the same number."""
    dealt = np.random.default_rng(0).permuted(np.tile(ranks, (SHUFFLES, 1)), axis=1)
    found = _between(column, dealt) if isinstance(column[0], str) else _correlations(ranked(column), dealt) ** 2
    return (int((found >= strength - 1e-12).sum()) + 1) / (SHUFFLES + 1)


def _parts(column: Sequence[Any]) -> tuple[int, ...]:
    """Which runs share a value, by the order of first appearance."""
    seen: dict[Any, int] = {}
    return tuple(seen.setdefault(value, len(seen)) for value in column)
