"""The metric table of a comparison: values, intervals, changes against the baseline, verdicts and the best run of each row.

Verdicts on accuracy and entity F1 are paired tests on the same rows, corrected for the number of runs, where the answers
are known; otherwise overlapping intervals decide.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.catalog.task_types import DECIDED_SCORES
from app.intervals import overlap, wilson
from app.languages.statements import translated
from app.services.evaluation import baselines, paired_answers, tested_rows
from app.services.evaluation.measures import (
    MEASURES,
    Facts,
    Measure,
    Series,
    View,
    base_value,
    count_test_rows,
    facts_of,
    value_at,
)
from app.services.evaluation.paired_answers import RunAnswers
from app.services.evaluation.statistics import Outcome, PairedTest

BASE = "base"
# Scores whose chance is judged by the change of the loss.
CHANGE_OF_LOSS = ("perplexity", "loss")
# The rows that paired tests decide about.
LEADING_KEYS = tuple(f"test/{key}" for key in DECIDED_SCORES)
# Times, memory and losses this close (2 %) are a tie: a second run of the same settings differs by as much.
TIE = 0.02


@dataclass(frozen=True)
class PairedChange:
    """The paired test of a run against the baseline on ``rows`` rows that both answered; ``gained`` and ``lost`` are among them."""

    rows: int
    p_value: float
    interval: list[float]
    gained: int
    lost: int


@dataclass(frozen=True)
class MetricRow:
    """One measure of all runs; the mappings are by run id and leave out runs without a value.

    Attributes:
        base: what each run's base model reaches.
        baseline: the same when it is one number for all runs.
        baselines: baseline key -> what it reaches, where that is one number for all runs.
        deltas: the changes that ``verdicts`` judges.
        best: the run that is significantly best, as a list of one; empty where chance or a tie is as good.
    """

    key: str
    title: str
    unit: str
    higher_is_better: bool | None
    values: dict[str, float]
    intervals: dict[str, list[float]]
    base: dict[str, float]
    baseline: float | None
    deltas: dict[str, float]
    verdicts: dict[str, Outcome]
    best: list[str]
    paired: dict[str, PairedChange] = field(default_factory=dict)
    baselines: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ComparedRuns:
    """The runs of a table, what they are held against, and whether they were tested on the same rows.

    Attributes:
        facts: run id -> facts as :func:`facts_of` collects them.
        baseline: ``BASE``, the key of one of their baselines, or the id of one of the runs.
        answers: run id -> its answers, for paired tests.
    """

    facts: Mapping[str, Facts]
    baseline: str
    answers: Mapping[str, RunAnswers]
    comparable: bool

    @property
    def is_run(self) -> bool:
        """Whether they are held against one of themselves."""
        return self.baseline in self.facts

    @property
    def baseline_key(self) -> str:
        """The key of the baseline that they are held against; empty for that which stands for the base model."""
        return "" if self.baseline == BASE else self.baseline


def metric_rows(
    views: Sequence[View],
    series: Mapping[str, Series],
    baseline: str,
    answers: Mapping[str, RunAnswers],
    comparable: bool,
) -> list[MetricRow]:
    """The rows of the measures that at least one run has."""
    facts = {view["id"]: facts_of(view, series.get(view["id"], {})) for view in views}
    compared = ComparedRuns(facts, baseline, answers, comparable)
    rows = [row for measure in MEASURES if (row := _row(measure, compared)).values]
    leading = leading_row(rows)
    if leading is None:
        return rows
    tested = _with_paired_tests(leading, compared)
    return [tested if row is leading else _with_doubts_of(tested, row) for row in rows]


def leading_row(rows: Sequence[MetricRow]) -> MetricRow | None:
    """The row that paired tests decide about; None where the task has no such score."""
    return next((row for row in rows if row.key in LEADING_KEYS), None)


def _row(measure: Measure, compared: ComparedRuns) -> MetricRow:
    facts = compared.facts
    values = {run: value for run, fact in facts.items() if (value := value_at(fact, measure.path)) is not None}
    base = {run: value for run, fact in facts.items() if (value := base_value(fact, measure)) is not None}
    intervals = {run: _interval(facts[run], value) for run, value in values.items() if measure.share}
    verdicts, deltas = _against_baseline(measure, compared, values, base, intervals)
    return MetricRow(
        key=measure.key,
        title=str(translated(measure.title)),
        unit=measure.unit,
        higher_is_better=measure.higher_is_better,
        values=values,
        intervals=intervals,
        base=base,
        baseline=_only(base.values()),
        baselines=_baselines(measure, facts.values()),
        deltas=deltas,
        verdicts=verdicts,
        best=_best(measure, values, intervals) if compared.comparable else [],
    )


def _only(values: Iterable[float]) -> float | None:
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def _baselines(measure: Measure, facts: Collection[Facts]) -> dict[str, float]:
    keys = dict.fromkeys(key for fact in facts for key in fact.get("baseline") or {})
    values = {
        key: _only([value for fact in facts if (value := base_value(fact, measure, key)) is not None]) for key in keys
    }
    return {key: value for key, value in values.items() if value is not None}


def _against_baseline(
    measure: Measure,
    compared: ComparedRuns,
    values: Mapping[str, float],
    base: Mapping[str, float],
    intervals: Mapping[str, Sequence[float]],
) -> tuple[dict[str, Outcome], dict[str, float]]:
    """Verdicts and changes by run id; none against another run that was tested on other rows."""
    baseline = compared.baseline
    if compared.is_run and not compared.comparable:
        return {}, {}
    against = _values_against(measure, compared, values, base)
    judged = [run for run in values if run in against and run != baseline]
    verdicts = {}
    for run in judged:
        rows = count_test_rows(compared.facts[run])
        verdicts[run] = _outcome(measure, values[run], against[run], intervals.get(run), rows)
    if measure.path[0] == "metrics" and measure.path[1] in CHANGE_OF_LOSS:
        other = compared.facts.get(baseline)
        key = "" if compared.is_run else compared.baseline_key
        verdicts = {
            run: "unclear" if _may_be_chance(compared.facts[run], other, key) else outcome
            for run, outcome in verdicts.items()
        }
    return verdicts, {run: values[run] - against[run] for run in judged}


def _values_against(
    measure: Measure, compared: ComparedRuns, values: Mapping[str, float], base: Mapping[str, float]
) -> dict[str, float]:
    """Run id -> what it is held against."""
    baseline = compared.baseline
    if compared.is_run:
        return {run: values[baseline] for run in values if baseline in values}
    if baseline == BASE:
        return dict(base)
    found = {run: base_value(fact, measure, baseline) for run, fact in compared.facts.items()}
    return {run: value for run, value in found.items() if value is not None}


def _may_be_chance(facts: Facts, other: Facts | None, key: str) -> bool:
    """Whether the interval of the change of loss on the same rows, where there is one, holds zero.

    Two runs that generate text (``other``) keep no loss of each row; perplexities whose intervals overlap may be equal.
    """
    if other is not None:
        own, theirs = ((fact.get("intervals") or {}).get("perplexity") for fact in (facts, other))
        return bool(own and theirs and overlap(own, theirs))
    change = facts.get("change") if key in ("", "untouched") else (facts.get("changes") or {}).get(key)
    low, high = (change or {}).get("interval") or (0.0, -1.0)
    return bool(low <= 0 <= high)


def _outcome(measure: Measure, value: float, against: float, interval: Sequence[float] | None, rows: int) -> Outcome:
    if math.isclose(value, against, rel_tol=1e-9, abs_tol=1e-12):
        return "same"
    if measure.higher_is_better is None:
        return "unclear"
    if measure.share and interval and overlap(interval, wilson(against, rows)):
        return "unclear"
    return "better" if (value > against) == measure.higher_is_better else "worse"


def _best(measure: Measure, values: Mapping[str, float], intervals: Mapping[str, Sequence[float]]) -> list[str]:
    if measure.higher_is_better is None or not measure.has_best or len(values) < 2:
        return []
    top = (max if measure.higher_is_better else min)(values, key=lambda run: values[run])
    others = [run for run in values if run != top]
    if intervals:
        tied = any(overlap(intervals[run], intervals[top]) for run in others)
    else:
        tied = any(math.isclose(values[run], values[top], rel_tol=TIE) for run in others)
    return [] if tied else [top]


def _with_paired_tests(row: MetricRow, compared: ComparedRuns) -> MetricRow:
    """The leading row with the outcomes of paired tests instead of those of overlapping intervals."""
    judged = row.verdicts if compared.comparable or not compared.is_run else row.values.keys() - {compared.baseline}
    tests = {run: test for run in judged if (test := _test_against_baseline(run, compared))}
    outcomes = paired_answers.corrected(tests)
    answers = compared.answers
    return replace(
        row,
        verdicts={**row.verdicts, **{run: outcome for run, (outcome, _) in outcomes.items()}},
        # Where the runs' scores are about different rows, the answers to common ones give the change.
        deltas={**{run: test.difference for run, test in tests.items()}, **row.deltas},
        paired={
            run: PairedChange(test.rows, outcomes[run][1], list(test.interval), test.first_only, test.second_only)
            for run, test in tests.items()
        },
        best=_best_by_pairs(row.values, answers) if len(answers) == len(compared.facts) else row.best,
    )


def _test_against_baseline(run: str, compared: ComparedRuns) -> PairedTest | None:
    if compared.baseline_key and not compared.is_run:
        return baselines.paired(compared.facts[run], compared.baseline_key)
    own = compared.answers.get(run)
    if own is None:
        return None
    if compared.baseline == BASE:
        return paired_answers.against_base(own)
    other = compared.answers.get(compared.baseline)
    return paired_answers.against(own, other) if other else None


def _best_by_pairs(values: Mapping[str, float], answers: Mapping[str, RunAnswers]) -> list[str]:
    """The run that is significantly better than every other on the same rows."""
    if len(values) < 2 or not values.keys() <= answers.keys():
        return []
    top = max(values, key=lambda run: values[run])
    tests = {run: paired_answers.against(answers[top], answers[run]) for run in values if run != top}
    known = {run: test for run, test in tests.items() if test}
    ahead = len(known) == len(tests) and all(
        outcome == "better" for outcome, _ in paired_answers.corrected(known).values()
    )
    return [top] if ahead else []


def _with_doubts_of(leading: MetricRow, row: MetricRow) -> MetricRow:
    """Other measures of the same test rows have no test of their own; they are unclear where the leading row is."""
    if not row.key.startswith("test/"):
        return row
    unclear = {run for run, outcome in leading.verdicts.items() if outcome == "unclear"}
    verdicts: dict[str, Outcome] = {
        run: "unclear" if run in unclear else outcome for run, outcome in row.verdicts.items()
    }
    return replace(row, verdicts=verdicts, best=row.best if leading.best == row.best else [])


def _interval(facts: Facts, value: float) -> list[float]:
    # The stored interval belongs to the test metric; any other share gets a Wilson interval.
    stored: dict[str, Any] = facts.get("intervals") or {}
    given = next((interval for name, interval in stored.items() if value_at(facts, ("metrics", name)) == value), None)
    return list(given or tested_rows.interval(value, facts))
