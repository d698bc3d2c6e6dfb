"""The table of an experiment: what each run reached, cost and gained, and which are best.

Differences are judged by paired tests on the same rows, corrected for the number of runs; ties are shown as ties.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from app.models import ACTIVE_STATES, Run
from app.services.evaluation import baselines, paired_answers
from app.services.evaluation.advice import AdviceContext, ExperimentAdvice, Rival, advise
from app.services.evaluation.baselines import MeasuredBaseline, base_name
from app.services.evaluation.leaderboard_rows import (
    COSTS,
    LeaderboardRow,
    Rank,
    RankedMetric,
    ranked_metric,
    row_of,
    sort_key,
)
from app.services.evaluation.paired_answers import RunAnswers
from app.services.evaluation.statistics import Outcome

# Costs this close (2 %) are a tie: a second run of the same settings differs by as much.
TIE = 0.02
RANKS: dict[Outcome, Rank] = {"better": "behind", "unclear": "tied", "same": "tied", "worse": "tied"}


@dataclass(frozen=True)
class RunCounts:
    """How many runs an experiment has, and how far they are."""

    runs: int
    finished: int
    active: int


@dataclass(frozen=True)
class BaselineRow:
    """What a baseline reaches on the test rows of every run; ``name`` as it begins a line."""

    key: str
    name: str
    quality: float


@dataclass(frozen=True)
class Leaderboard:
    """The table of an experiment's runs.

    Attributes:
        base: what the base model reaches, if it is one number for all runs.
        base_name: name of the baseline that stands for the base model.
        test_rows: number of test rows, if it is the same for all runs.
        baselines: those that reach one number for all runs, from the cheapest on.
        paired: whether answers to the same rows are known.
    """

    state: Literal["working", "done"]
    counts: RunCounts
    metric: RankedMetric
    base: float | None
    base_name: str
    test_rows: int | None
    baselines: list[BaselineRow]
    paired: bool
    rows: list[LeaderboardRow]
    advice: ExperimentAdvice

    def as_dict(self) -> dict[str, Any]:
        """The table as JSON."""
        return asdict(self)


def build(
    runs: Sequence[Run], answers: Mapping[str, RunAnswers], stopped: Mapping[str, str], *, growing: bool = False
) -> Leaderboard:
    """The table of an experiment's runs.

    Args:
        runs: all of one task, with their jobs; the order of the queue.
        answers: as :func:`paired.answers_of` returns them.
        stopped: run id -> why it was taken out.
        growing: a search may still add runs, so the table is not final even when none is active.
    """
    metric = ranked_metric(runs)
    rows = [row_of(run, metric, stopped.get(run.id)) for run in runs]
    finished = _compared([row for row in rows if row.quality is not None], answers, metric.higher_is_better)
    rows = sorted([finished.get(row.id, row) for row in rows], key=lambda row: sort_key(row, metric.higher_is_better))
    active = sum(run.job.state in ACTIVE_STATES for run in runs)
    bases = {row.base for row in finished.values()}
    sizes = {row.test_rows for row in finished.values()}
    test_rows = sizes.pop() if len(sizes) == 1 else None
    baseline = next((base_name(run.results) for run in runs if run.results), "")
    measured = {run.id: baselines.measured(run.results) for run in runs if run.id in finished and run.results}
    final = not active and not growing
    return Leaderboard(
        state="working" if active or growing else "done",
        counts=RunCounts(len(runs), len(finished), active),
        metric=metric,
        base=bases.pop() if len(bases) == 1 else None,
        base_name=baseline,
        test_rows=test_rows,
        baselines=_baseline_rows(measured, metric.key),
        paired=bool(answers),
        rows=rows,
        advice=advise(rows, AdviceContext(metric, test_rows, baseline, final, _rival(rows, measured, metric.key))),
    )


def _baseline_rows(measured: Mapping[str, Sequence[MeasuredBaseline]], metric: str) -> list[BaselineRow]:
    reached: dict[str, set[float]] = {}
    for given in measured.values():
        for known in given:
            if metric in known.scores:
                reached.setdefault(known.key, set()).add(known.scores[metric])
    return [
        BaselineRow(key, baselines.heading(key), values.pop()) for key, values in reached.items() if len(values) == 1
    ]


def _rival(
    rows: Sequence[LeaderboardRow], measured: Mapping[str, Sequence[MeasuredBaseline]], metric: str
) -> Rival | None:
    """The cheapest baseline that could be used instead and that no run is significantly better than."""
    best = next((row for row in rows if row.rank == "best"), None)
    for known in measured.get(best.id, ()) if best else ():
        pairs = {
            run: other.pair
            for run, given in measured.items()
            for other in given
            if other.key == known.key and other.pair
        }
        if not known.solves or best is None or known.pair is None or len(pairs) < len(measured):
            continue
        if all(outcome != "better" for outcome, _ in paired_answers.corrected(pairs).values()):
            return Rival(known.name, known.scores[metric], known.pair)
    return None


def _compared(
    rows: Sequence[LeaderboardRow], answers: Mapping[str, RunAnswers], higher: bool
) -> dict[str, LeaderboardRow]:
    """Run id -> row with its verdict against the base model, its rank and the costs in which it is lowest."""
    ranks = _ranks(rows, answers, higher)
    lowest = _lowest_costs(rows)
    return {
        row.id: replace(row, rank=ranks.get(row.id), best_in=lowest[row.id])
        for row in _with_verdicts(rows, answers, higher)
    }


def by_size(value: float, other: float, higher: bool) -> Outcome:
    """The outcome where rows cannot be paired: a difference counts from 2 % on."""
    if math.isclose(value, other, rel_tol=TIE):
        return "unclear"
    return "better" if (value > other) == higher else "worse"


def _with_verdicts(
    rows: Sequence[LeaderboardRow], answers: Mapping[str, RunAnswers], higher: bool
) -> list[LeaderboardRow]:
    tests = {
        row.id: test
        for row in rows
        if row.id in answers and (test := paired_answers.against_base(answers[row.id])) is not None
    }
    outcomes = paired_answers.corrected(tests)
    found = []
    for row in rows:
        if row.id in outcomes:
            verdict, p_value = outcomes[row.id]
            row = replace(row, verdict=verdict, p_value=p_value, change_interval=list(tests[row.id].interval))
        elif row.quality is not None and row.base is not None:
            row = replace(row, verdict=by_size(row.quality, row.base, higher))
        found.append(row)
    return found


def _ranks(rows: Sequence[LeaderboardRow], answers: Mapping[str, RunAnswers], higher: bool) -> dict[str, Rank | None]:
    """Run id -> the best run, those that a paired test cannot tell from it, and those that are behind."""
    if len(rows) < 2:
        return {}
    best = min(rows, key=lambda row: sort_key(row, higher))
    tests = {}
    for row in rows:
        if row is not best and row.id in answers and best.id in answers:
            test = paired_answers.against(answers[best.id], answers[row.id])
            if test:
                tests[row.id] = test
    outcomes = paired_answers.corrected(tests)
    ranks: dict[str, Rank | None] = {}
    for row in rows:
        outcome = outcomes[row.id][0] if row.id in outcomes else None
        if outcome is None and not answers and row.test_rows == best.test_rows:
            outcome = by_size(best.quality or 0.0, row.quality or 0.0, higher)
        ranks[row.id] = RANKS[outcome] if outcome else None
    return {**ranks, best.id: "best"}


def _lowest_costs(rows: Sequence[LeaderboardRow]) -> dict[str, list[str]]:
    """Run id -> costs in which it is lowest, alone or in a tie."""
    found: dict[str, list[str]] = {row.id: [] for row in rows}
    if len(rows) < 2:
        return found
    for name in COSTS:
        values = {row.id: value for row in rows if (value := row.cost(name)) is not None}
        lowest = min(values.values(), default=None)
        if lowest is None or max(values.values()) <= lowest * (1 + TIE):
            continue
        for run_id, value in values.items():
            if value <= lowest * (1 + TIE):
                found[run_id].append(name)
    return found
