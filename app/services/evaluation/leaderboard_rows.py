"""One row of an experiment's table: what a run reached and cost, read from its results."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.catalog.methods import method_class
from app.catalog.task_types import task_type
from app.models import ACTIVE_STATES, Run
from app.services.evaluation import tested_rows
from app.services.evaluation.baselines import base_scores
from app.services.evaluation.statistics import Outcome

# Fields of a row in which less is better.
COSTS = (
    "trainable_parameters",
    "peak_memory_bytes",
    "training_seconds",
    "total_seconds",
    "adapter_bytes",
    "answer_seconds",
)

Rank = Literal["best", "tied", "behind"]


@dataclass(frozen=True)
class RankedMetric:
    """The metric that an experiment's runs are ranked by; ``unit`` is ``share`` or ``number``."""

    key: str
    title: str
    unit: str
    higher_is_better: bool


@dataclass(frozen=True)
class LeaderboardRow:
    """What one run reached and cost; None for what is not known (yet).

    Attributes:
        progress: of its job, as stored.
        stopped: why it was taken out.
        quality: the metric on the test rows, with its 95 % ``interval``; ``base`` is the base model's.
        change: quality minus base, with the interval of the paired test.
        p_value: of the change, corrected for the number of runs.
        verdict: against the base model.
        rank: among the runs: the best, tied with it, or behind it.
        trainable_share: of all parameters.
        gap: test loss minus training loss.
        answer_seconds: per test row, answered in batches with the adapter in place.
        best_in: costs in which it is lowest, alone or in a tie.
    """

    id: str
    name: str
    method: str
    method_title: str
    settings: dict[str, Any]
    state: str
    phase: str | None
    progress: dict[str, Any] | None
    stopped: str | None
    error: str | None
    quality: float | None
    interval: list[float] | None
    test_rows: int
    base: float | None
    change: float | None
    trainable_share: float | None
    gap: float | None
    forgetting: dict[str, Any] | None
    trainable_parameters: float | None
    peak_memory_bytes: float | None
    training_seconds: float | None
    total_seconds: float | None
    adapter_bytes: float | None
    answer_seconds: float | None
    change_interval: list[float] | None = None
    p_value: float | None = None
    verdict: Outcome | None = None
    rank: Rank | None = None
    best_in: list[str] = field(default_factory=list)

    def cost(self, name: str) -> float | None:
        """One of ``COSTS``."""
        value: float | None = getattr(self, name)
        return value


def ranked_metric(runs: Sequence[Run]) -> RankedMetric:
    """The primary metric of the runs' task."""
    score = task_type(runs[0].task_type).primary_score
    return RankedMetric(score.key, score.title, score.unit, score.higher_is_better)


def row_of(run: Run, metric: RankedMetric, stopped: str | None) -> LeaderboardRow:
    """The row of a run by itself, not yet compared with others."""
    results = run.results or {}
    quality = (results.get("metrics") or {}).get(metric.key)
    base = base_scores(results).get(metric.key)
    rows = int(results.get("test_rows") or 0)
    total, trainable = results.get("total_parameters"), results.get("trainable_parameters")
    seconds = results.get("seconds") or {}
    return LeaderboardRow(
        id=run.id,
        name=run.name,
        method=run.method,
        method_title=method_class(run.method).title,
        settings=_settings(run),
        state=run.job.state,
        phase=run.job.phase,
        progress=run.job.progress,
        stopped=stopped,
        error=((run.job.error or {}).get("error") or {}).get("message"),
        quality=quality,
        interval=_interval(results, metric, quality, rows),
        test_rows=rows,
        base=base,
        change=quality - base if quality is not None and base is not None else None,
        trainable_share=trainable / total if trainable and total else None,
        gap=_gap(results),
        forgetting=results.get("forgetting"),
        trainable_parameters=trainable,
        peak_memory_bytes=results.get("peak_memory_bytes"),
        training_seconds=seconds.get("training"),
        total_seconds=seconds.get("total"),
        adapter_bytes=results.get("adapter_bytes"),
        answer_seconds=_answer_seconds(results),
    )


def sort_key(row: LeaderboardRow, higher_is_better: bool) -> tuple[int, float, float, str]:
    """The best quality first; of the same quality, the shortest training."""
    if row.quality is None or not math.isfinite(row.quality):
        return (1 if row.state in ACTIVE_STATES else 2), 0.0, 0.0, ""
    quality = -row.quality if higher_is_better else row.quality
    return 0, quality, row.training_seconds or math.inf, row.name


def _settings(run: Run) -> dict[str, Any]:
    rate = run.spec["training"].get("learning_rate")
    method = {name: value for name, value in run.spec["method"].items() if name != "kind"}
    return {**method, **({"learning_rate": rate} if rate else {})}


def _interval(results: Mapping[str, Any], metric: RankedMetric, quality: float | None, rows: int) -> list[float] | None:
    given = (results.get("intervals") or {}).get(metric.key)
    if given or quality is None or metric.key != "accuracy":
        return list(given) if given else None
    return list(tested_rows.interval(quality, results, rows))


def _gap(results: Mapping[str, Any]) -> float | None:
    test, train = (results.get("metrics") or {}).get("loss"), results.get("train_loss")
    return test - train if test is not None and train is not None else None


def _answer_seconds(results: Mapping[str, Any]) -> float | None:
    if results.get("answer_seconds"):
        return float(results["answer_seconds"])
    seconds = ((results.get("seconds") or {}).get("phases") or {}).get("Testing")
    rows = results.get("test_rows")
    return seconds / rows if seconds and rows else None
