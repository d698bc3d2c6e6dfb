"""Which baseline of a run's results stands for the base model, and its scores."""

from collections.abc import Mapping
from typing import Any

# Names of the base model's scores in stored results, in order of preference.
BASELINES = ("linear_probe", "untouched", "base")


def base_name(results: Mapping[str, Any]) -> str:
    """Name of the baseline that stands for the base model; empty when it was not measured."""
    baseline = results.get("baseline") or {}
    return next((name for name in BASELINES if baseline.get(name)), "")


def base_scores(results: Mapping[str, Any]) -> Mapping[str, float]:
    """The scores of the base model on the same test rows; empty when it was not measured."""
    found: Mapping[str, float] = (results.get("baseline") or {}).get(base_name(results), {})
    return found
