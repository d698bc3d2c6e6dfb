"""One sentence of advice on an experiment's table, and its reason.

Among the runs that are not significantly different from the best, the cheapest is recommended; none where a baseline that
needs no tuning does as well.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.languages import decimal, localized
from app.languages import gettext as _
from app.services.evaluation.baselines import base_words
from app.services.evaluation.leaderboard_rows import LeaderboardRow, RankedMetric
from app.services.evaluation.statistics import PairedTest, gains_nothing

COST_WORDS = {"adapter_bytes": "download", "training_seconds": "training time", "peak_memory_bytes": "memory"}
# A cost must be this many times lower to be named as a reason.
NOTABLE_RATIO = 1.25


@dataclass(frozen=True)
class ExperimentAdvice:
    """The recommended run, if any, in a sentence with its reason; ``final`` is False while runs are still to come."""

    run: str | None
    sentence: str
    reason: str
    final: bool


@dataclass(frozen=True)
class Rival:
    """A baseline that no run is significantly better than.

    Attributes:
        name: as it stands inside a sentence.
        pair: the best run against it on the same rows.
    """

    name: str
    quality: float
    pair: PairedTest


@dataclass(frozen=True)
class AdviceContext:
    """What the rows of a table were measured with.

    Attributes:
        test_rows: number of test rows; None if it differs between the runs.
        base_name: name of the baseline that stands for the base model.
        rival: the cheapest baseline that does as well as every run, if there is one.
    """

    metric: RankedMetric
    test_rows: int | None
    base_name: str
    final: bool
    rival: Rival | None = None

    @property
    def base_words(self) -> str:
        """The baseline in words."""
        return base_words(self.base_name)

    @property
    def rows_words(self) -> str:
        """The number of test rows in words."""
        return _("{test_rows} test rows", test_rows=decimal(self.test_rows)) if self.test_rows else _("the test rows")

    def value_words(self, value: float | None) -> str:
        """A value of the metric in words."""
        if value is None:
            return _("an unknown score")
        if self.metric.unit == "share":
            return f"{decimal(value * 100, 1)} %"
        return localized(f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}")


def advise(rows: Sequence[LeaderboardRow], context: AdviceContext) -> ExperimentAdvice:
    """Which run to use, judged by rows that are already compared."""
    finished = [row for row in rows if row.quality is not None]
    final = context.final
    if len(finished) < 2:
        sentence = _("There is nothing to recommend.") if final else _("The table fills as the runs end.")
        return ExperimentAdvice(None, sentence, _("Fewer than two runs have finished."), final)
    best = next((row for row in finished if row.rank == "best"), None)
    if best is None:
        return ExperimentAdvice(
            None, _("The runs were not tested on the same rows."), _("They cannot be ranked."), final
        )
    if context.rival:
        return _as_good_without(best, len(finished), context.rival, context)
    ties = [row for row in finished if row.rank == "tied"]
    useful = [row for row in (best, *ties) if row.verdict in ("better", None)]
    if not useful:
        return _none_better(best, len(finished), context)
    pick = min(useful, key=lambda row: (_relative_cost(row, useful), row.name))
    reason = _why_best(best, ties, context) if pick is best else _why_cheaper(pick, best, context)
    return ExperimentAdvice(pick.id, _("Use {name}.", name=_name(pick)), reason, final)


def _as_good_without(best: LeaderboardRow, finished: int, rival: Rival, context: AdviceContext) -> ExperimentAdvice:
    numbers = _(
        "The best reached {quality} on {rows_words} ({name}: {base})",
        quality=context.value_words(best.quality),
        name=rival.name,
        base=context.value_words(rival.quality),
        rows_words=context.rows_words,
    )
    low, high = (decimal(100 * end, 1) for end in rival.pair.interval)
    if gains_nothing(rival.pair):
        sentence = (
            _("Tuning is not worth it here: {name} does better.", name=rival.name)
            if rival.pair.verdict == "worse"
            else _("Tuning is not worth it here: {name} does as well.", name=rival.name)
        )
        reason = _(
            "{numbers}: at the most, tuning gains {high} points (95 % interval {low} to {high}).",
            numbers=numbers,
            low=low,
            high=high,
        )
        return ExperimentAdvice(None, sentence, reason, context.final)
    sentence = _(
        "None of the {finished} runs is significantly better than this baseline: {base_words}.",
        finished=finished,
        base_words=rival.name,
    )
    reason = _(
        "{numbers}: tuning gains between {low} and {high} points (95 % interval), which may be nothing. More test rows would settle it.",
        numbers=numbers,
        low=low,
        high=high,
    )
    return ExperimentAdvice(None, sentence, reason, context.final)


def _none_better(best: LeaderboardRow, finished: int, context: AdviceContext) -> ExperimentAdvice:
    sentence = _(
        "None of the {finished} runs is significantly better than this baseline: {base_words}.",
        finished=finished,
        base_words=context.base_words,
    )
    reason = _(
        "The best reached {quality} against {base}, which may be chance on {rows_words}. More test rows or more training rows would settle it.",
        quality=context.value_words(best.quality),
        base=context.value_words(best.base),
        rows_words=context.rows_words,
    )
    return ExperimentAdvice(None, sentence, reason, context.final)


def _why_best(best: LeaderboardRow, ties: Sequence[LeaderboardRow], context: AdviceContext) -> str:
    reached = _(
        "It reached {quality} on {rows_words} ({base_words}: {base})",
        quality=context.value_words(best.quality),
        rows_words=context.rows_words,
        base_words=context.base_words,
        base=context.value_words(best.base),
    )
    if not ties:
        return _("{reached}, and every other run is significantly behind.", reached=reached)
    others = ", ".join(_name(row) for row in ties[:3]) + (
        _(" and {ties} more", ties=len(ties) - 3) if len(ties) > 3 else ""
    )
    return _(
        "{reached}. These rows show no significant difference from {others}, but none of those costs less.",
        reached=reached,
        others=others,
    )


def _why_cheaper(pick: LeaderboardRow, best: LeaderboardRow, context: AdviceContext) -> str:
    rows = context.rows_words
    same = _(
        "{rows_0}{rows} show no significant difference from {name} ({quality} against {quality_2})",
        rows_0=rows[0].upper(),
        rows=rows[1:],
        name=_name(best),
        quality=context.value_words(pick.quality),
        quality_2=context.value_words(best.quality),
    )
    gains = []
    for cost, words in COST_WORDS.items():
        ratio = (best.cost(cost) or 0.0) / (pick.cost(cost) or math.inf)
        if ratio >= NOTABLE_RATIO:
            gains.append(_("{ratio} times less {words}", ratio=localized(f"{ratio:.2g}"), words=words))
    return (
        _("{same}, and it takes {gains}.", same=same, gains=_(" and ").join(gains))
        if gains
        else _("{same}, and it costs no more.", same=same)
    )


def _relative_cost(row: LeaderboardRow, others: Sequence[LeaderboardRow]) -> float:
    """Geometric mean of each cost over the lowest; 1 is the cheapest in everything."""
    ratios = []
    for cost in COST_WORDS:
        lowest = min((value for other in others if (value := other.cost(cost))), default=None)
        value = row.cost(cost)
        if lowest and value:
            ratios.append(math.log(value / lowest))
    return math.exp(sum(ratios) / len(ratios)) if ratios else math.inf


def _name(row: LeaderboardRow) -> str:
    # Runs are called "data · method, settings"; inside one experiment the data is the same for all.
    return row.name.rsplit(" · ", 1)[-1]
