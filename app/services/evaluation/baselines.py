"""The baselines in a run's results: which stands for the base model, what each reached, and paired tests against them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog.baselines import BASELINES, baseline
from app.languages import gettext as _
from app.services.evaluation import statistics, tested_rows
from app.services.evaluation.statistics import PairedTest

# What stands for the base model, in order of preference; the last is the name of older results.
BASE_NAMES = ("linear_probe", "untouched", "base")


@dataclass(frozen=True)
class MeasuredBaseline:
    """One baseline on the test rows of a run.

    Attributes:
        name: in the language of the answer, as it stands inside a sentence.
        solves: whether it could be used instead of the tuned model.
        pair: the tuned model against it on the same rows; None where they were not paired.
    """

    key: str
    name: str
    solves: bool
    scores: Mapping[str, float]
    pair: PairedTest | None


def base_name(results: Mapping[str, Any]) -> str:
    """Name of the baseline that stands for the base model; empty when it was not measured."""
    found = results.get("baseline") or {}
    return next((name for name in BASE_NAMES if found.get(name)), "")


def base_scores(results: Mapping[str, Any], key: str = "") -> Mapping[str, float]:
    """The scores of one baseline, or of that which stands for the base model; empty when it was not measured."""
    found: Mapping[str, float] = (results.get("baseline") or {}).get(key or base_name(results)) or {}
    return found


def kept_probe(results: Mapping[str, Any]) -> bool:
    """Whether training did not improve on the linear probe that the run started from, so that its weights are the result."""
    return bool(results.get("start_validation")) and results.get("best_step") == 0


def measured(results: Mapping[str, Any]) -> list[MeasuredBaseline]:
    """The baselines of a run in the order of tables, from the cheapest on."""
    found = results.get("baseline") or {}
    return [
        MeasuredBaseline(known.key, _(known.name), known.solves, found[known.key], paired(results, known.key))
        for known in BASELINES
        if found.get(known.key)
    ]


def paired(results: Mapping[str, Any], key: str) -> PairedTest | None:
    """The tuned model against a baseline on the same rows; None where the rows that only one got right are not known."""
    if tested := (results.get("paired") or {}).get(key):
        return PairedTest.of_json(tested)
    counts = (results.get("discordant") or {}).get(key)
    if not counts:
        return None
    return statistics.mcnemar_of(
        counts["tuned_only"],
        counts["baseline_only"],
        tested_rows.count_rows(results),
        tested_rows.variance_factor(results),
    )


def base_words(key: str) -> str:
    """A baseline's name as it stands inside a sentence."""
    return _(baseline(key).name)


def heading(key: str) -> str:
    """A baseline's name as it begins a line."""
    words = base_words(key)
    return words[:1].upper() + words[1:]
