"""Setting importance: how strongly each varied setting is associated with a metric among the compared runs.

Spearman's rank correlation for numbers, the share of rank variance between groups (eta squared, from the statistic of
Kruskal and Wallis 1952) for everything else, each with a permutation p value. Association in a handful of runs is an
indication, not a proof.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from app.services.evaluation.settings_table import SettingRow

MIN_RUNS = 5
PERMUTATIONS = 2000
# Rows of the settings table that identify the data and are not a choice.
NOT_CHOICES = frozenset({"dataset", "fingerprint", "labels", "task_type"})

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SettingImportance:
    """Association of one setting with the metric.

    Attributes:
        strength: share (0..1) of the variance of ranks that the setting explains.
        direction: ``up``, ``down``, or None for settings without an order.
        together: titles of settings that changed in step with this one and cannot be separated from it.
    """

    key: str
    title: str
    strength: float
    direction: str | None
    p_value: float
    together: list[str]


@dataclass(frozen=True)
class Importance:
    """Importance of every varied setting for one metric, the strongest first; no rows under ``fewest`` runs."""

    metric: str
    title: str
    runs: int
    fewest: int = MIN_RUNS
    rows: list[SettingImportance] = field(default_factory=list)


def explain(settings: Sequence[SettingRow], values: Mapping[str, float], *, metric: str, title: str) -> Importance:
    """Importance of the varied settings.

    Args:
        settings: rows of the settings table.
        values: run id -> the metric.
        metric: key of the metric.
        title: title of the metric.
    """
    runs = sorted(values)
    if len(runs) < MIN_RUNS:
        return Importance(metric, title, len(runs))
    ranks = _ranked([values[run] for run in runs])
    columns = {row.key: _column(row.values, runs) for row in settings if row.key not in NOT_CHOICES}
    varied = {key: column for key, column in columns.items() if len(set(column)) > 1}
    titles = {row.key: row.title for row in settings}
    rows = []
    for key, column in varied.items():
        if _identifies_run(column):
            continue
        strength, direction = _strength(column, ranks)
        groups = _groups(column)
        together = [titles[name] for name, other in varied.items() if name != key and _groups(other) == groups]
        p_value = _permutation_p_value(column, ranks, strength)
        rows.append(SettingImportance(key, titles[key], strength, direction, p_value, together))
    rows.sort(key=lambda row: (-row.strength, row.title))
    return Importance(metric, title, len(runs), rows=rows)


def _ranked(values: Sequence[float]) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=float)


def _column(values: Mapping[str, Any], runs: Sequence[str]) -> list[Any]:
    """The setting of each run: numbers if all are numbers, otherwise JSON texts; a missing setting is ``null``."""
    found = [values.get(run) for run in runs]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in found):
        return found
    return [json.dumps(value, sort_keys=True) for value in found]


def _identifies_run(column: Sequence[Any]) -> bool:
    """Whether the setting is a text that is different for every run, which would explain everything."""
    return isinstance(column[0], str) and len(set(column)) == len(column)


def _strength(column: Sequence[Any], ranks: Floats) -> tuple[float, str | None]:
    if isinstance(column[0], str):
        return float(_eta_squared(column, ranks[None, :])[0]), None
    rho = float(_rank_correlations(column, ranks[None, :])[0])
    return rho**2, "up" if rho > 0 else "down" if rho < 0 else None


def _rank_correlations(column: Sequence[float], ranks: Floats) -> Floats:
    """Spearman's correlation of the setting with each row of ``ranks`` (rows, runs); 0 where all ranks are equal."""
    from scipy.stats import pearsonr

    if np.ptp(ranks) == 0:
        return np.zeros(len(ranks))
    return np.asarray(pearsonr(_ranked(column)[None, :], ranks, axis=1).statistic, dtype=float)


def _eta_squared(column: Sequence[str], ranks: Floats) -> Floats:
    """Share of the variance of each row of ``ranks`` (rows, runs) that lies between the groups; 0 where all are equal."""
    from scipy.stats import kruskal

    if np.ptp(ranks) == 0:
        return np.zeros(len(ranks))
    groups = [ranks[:, [value == name for value in column]] for name in sorted(set(column))]
    return np.asarray(kruskal(*groups, axis=1).statistic, dtype=float) / (len(column) - 1)


def _permutation_p_value(column: Sequence[Any], ranks: Floats, strength: float) -> float:
    """How often permuted results are at least as strongly associated; the same runs give the same number."""
    permuted = np.random.default_rng(0).permuted(np.tile(ranks, (PERMUTATIONS, 1)), axis=1)
    is_text = isinstance(column[0], str)
    found = _eta_squared(column, permuted) if is_text else _rank_correlations(column, permuted) ** 2
    return (int((found >= strength - 1e-12).sum()) + 1) / (PERMUTATIONS + 1)


def _groups(column: Sequence[Any]) -> tuple[int, ...]:
    """Which runs share a value: the number of each value in order of first appearance."""
    seen: dict[Any, int] = {}
    return tuple(seen.setdefault(value, len(seen)) for value in column)
