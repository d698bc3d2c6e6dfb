"""The measures that a comparison shows: where each value is found among the facts of a run, and which direction is better."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.catalog.task_types import PRIMARY_SCORES, SCORES
from app.catalog.task_types.scores import Score
from app.languages import gettext_noop, stated
from app.languages.statements import Statement
from app.services.evaluation.baselines import base_scores

View = Mapping[str, Any]
Series = Mapping[str, Sequence[Sequence[float]]]
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Measure:
    """One row of the metric table.

    Attributes:
        path: keys under which the value is found in the facts of a run.
        share: whether it is a share of rows, which has a Wilson interval.
        has_best: whether the best run is marked; a lower training loss does not make a run better.
    """

    key: str
    title: str
    unit: str
    higher_is_better: bool | None
    path: tuple[str, ...]
    share: bool = False
    has_best: bool = True


# What a score is about, by where its rows stand.
_OF_TEST = {
    "rows": gettext_noop("{score} (test rows)"),
    "sentences": gettext_noop("{score} (test sentences)"),
    "answers": gettext_noop("{score} (answered test rows)"),
}
_BEST_OF_VALIDATION = gettext_noop("{score} (validation rows, best)")
_LAST_OF_VALIDATION = gettext_noop("{score} (validation rows, last)")


def _of_score(score: Score, part: str, path: tuple[str, ...], words: str) -> Measure:
    title = stated(words, score=Statement.of(score.title, score.title, {}))
    return Measure(f"{part}/{score.key}", title, score.unit, score.higher_is_better, path, share=score.counted)


MEASURES = (
    *(_of_score(score, "test", ("metrics", score.key), _OF_TEST[score.rows]) for score in SCORES.values()),
    Measure("test/loss", "Loss (test rows)", "number", False, ("metrics", "loss")),
    Measure("votes/good", "Answers voted good, of those with a vote", "share", None, ("votes", "good")),
    Measure(
        "forgetting/share", "Forgetting: change on an unrelated task", "share", True, ("forgetting_change", "share")
    ),
    Measure(
        "forgetting/loss",
        "Forgetting: change of the loss on general text",
        "number",
        False,
        ("forgetting_change", "loss"),
    ),
    *(_of_score(score, "validation", ("validation", score.key), _BEST_OF_VALIDATION) for score in PRIMARY_SCORES),
    *(_of_score(score, "last", ("last", f"eval/{score.key}"), _LAST_OF_VALIDATION) for score in PRIMARY_SCORES),
    Measure("train/loss", "Training loss (last)", "number", False, ("last", "train/loss"), has_best=False),
    Measure("gap", "Gap between evaluation and training loss", "number", False, ("last", "gap"), has_best=False),
    Measure("seconds/total", "Duration", "seconds", False, ("seconds", "total")),
    Measure("seconds/training", "of which training", "seconds", False, ("seconds", "training")),
    Measure("rows_per_second", "Rows per second", "number", True, ("last", "train/rows_per_second")),
    Measure("answer_seconds", "Time per test row, answered in batches", "milliseconds", False, ("answer_seconds",)),
    Measure("pass/adapter", "Time per row, adapter not merged", "milliseconds", False, ("pass_seconds", "adapter")),
    Measure("pass/merged", "Time per row, adapter merged", "milliseconds", False, ("pass_seconds", "merged")),
    Measure("peak_memory", "Peak memory", "bytes", False, ("peak_memory_bytes",)),
    Measure("trainable", "Trainable parameters", "count", None, ("trainable_parameters",)),
    Measure("adapter", "Size of the download", "bytes", False, ("adapter_bytes",)),
)

LAST_KEYS = ("train/loss", "eval/loss", "train/rows_per_second")
DEVICE_KEYS = ("system/cpu_percent", "system/cpu_percent_of_all", "system/gpu_percent")
CHECK_KEYS = tuple(f"eval/{score.key}" for score in PRIMARY_SCORES)
SERIES_KEYS = (*LAST_KEYS, *DEVICE_KEYS, "train/grad_norm", "train/learning_rate", *CHECK_KEYS)


def facts_of(view: View, series: Series) -> dict[str, Any]:
    """Everything that ``MEASURES`` reads of a run: its results, the last values of its curves, forgetting and votes."""
    last = {key: points[-1][1] for key in (*LAST_KEYS, *CHECK_KEYS) if (points := series.get(key))}
    if last.get("train/loss") is not None and last.get("eval/loss") is not None:
        last["gap"] = last["eval/loss"] - last["train/loss"]
    results = view.get("results") or {}
    forgetting = results.get("forgetting") or {}
    # Results written before the unit was stored hold shares.
    change = forgetting["after"] - forgetting["before"] if "after" in forgetting else None
    changes = {forgetting.get("unit", "share"): change}
    return {**results, "last": last, "forgetting_change": changes, "votes": _vote_share(view)}


def value_at(facts: Any, path: Sequence[str]) -> float | None:
    """The finite number under the path; None if there is none."""
    for key in path:
        facts = facts.get(key) if isinstance(facts, Mapping) else None
    is_number = isinstance(facts, int | float) and not isinstance(facts, bool) and math.isfinite(facts)
    return facts if is_number else None


def base_value(facts: Facts, measure: Measure, key: str = "") -> float | None:
    """What a baseline (that of the base model, if none is named) reaches on the same test rows; None for measures of the training."""
    return value_at(base_scores(facts, key), measure.path[1:]) if measure.path[0] == "metrics" else None


def count_test_rows(facts: Facts) -> int:
    """Number of test rows."""
    return int(facts.get("test_rows") or 0)


def _vote_share(view: View) -> dict[str, float]:
    votes = view.get("votes")
    judged = votes.up + votes.down if votes else 0
    return {"good": votes.up / judged} if votes and judged else {}
