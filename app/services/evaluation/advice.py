"""One sentence of advice on an experiment's table, and its reason.

Among the runs that are not significantly different from the best, the cheapest is recommended.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.services.evaluation.leaderboard_rows import LeaderboardRow, RankedMetric
from app.services.evaluation.verdict import LINEAR_PROBE

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
class AdviceContext:
    """What the rows of a table were measured with.

    Attributes:
        test_rows: number of test rows; None if it differs between the runs.
        base_name: name of the baseline that stands for the base model.
    """

    metric: RankedMetric
    test_rows: int | None
    base_name: str
    final: bool

    @property
    def base_words(self) -> str:
        """The baseline in words."""
        return LINEAR_PROBE if self.base_name == "linear_probe" else "base model"

    @property
    def rows_words(self) -> str:
        """The number of test rows in words."""
        return f"{self.test_rows:,} test rows" if self.test_rows else "the test rows"

    def value_words(self, value: float | None) -> str:
        """A value of the metric in words."""
        if value is None:
            return "an unknown score"
        if self.metric.unit == "share":
            return f"{value * 100:.1f} %"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def advise(rows: Sequence[LeaderboardRow], context: AdviceContext) -> ExperimentAdvice:
    """Which run to use, judged by rows that are already compared."""
    finished = [row for row in rows if row.quality is not None]
    final = context.final
    if len(finished) < 2:
        sentence = "There is nothing to recommend." if final else "The table fills as the runs end."
        return ExperimentAdvice(None, sentence, "Fewer than two runs have finished.", final)
    best = next((row for row in finished if row.rank == "best"), None)
    if best is None:
        return ExperimentAdvice(None, "The runs were not tested on the same rows.", "They cannot be ranked.", final)
    ties = [row for row in finished if row.rank == "tied"]
    useful = [row for row in (best, *ties) if row.verdict in ("better", None)]
    if not useful:
        return _none_better(best, len(finished), context)
    pick = min(useful, key=lambda row: (_relative_cost(row, useful), row.name))
    reason = _why_best(best, ties, context) if pick is best else _why_cheaper(pick, best, context)
    return ExperimentAdvice(pick.id, f"Use {_name(pick)}.", reason, final)


def _none_better(best: LeaderboardRow, finished: int, context: AdviceContext) -> ExperimentAdvice:
    sentence = f"None of the {finished} runs is significantly better than the {context.base_words}."
    reason = (
        f"The best reached {context.value_words(best.quality)} against {context.value_words(best.base)}, "
        f"which may be chance on {context.rows_words}. More test rows or more training rows would settle it."
    )
    return ExperimentAdvice(None, sentence, reason, context.final)


def _why_best(best: LeaderboardRow, ties: Sequence[LeaderboardRow], context: AdviceContext) -> str:
    reached = (
        f"It reached {context.value_words(best.quality)} on {context.rows_words}, "
        f"the {context.base_words} {context.value_words(best.base)}"
    )
    if not ties:
        return f"{reached}, and every other run is significantly behind."
    others = ", ".join(_name(row) for row in ties[:3]) + (f" and {len(ties) - 3} more" if len(ties) > 3 else "")
    return f"{reached}. These rows show no significant difference from {others}, but none of those costs less."


def _why_cheaper(pick: LeaderboardRow, best: LeaderboardRow, context: AdviceContext) -> str:
    rows = context.rows_words
    same = (
        f"{rows[0].upper()}{rows[1:]} show no significant difference from {_name(best)} "
        f"({context.value_words(pick.quality)} against {context.value_words(best.quality)})"
    )
    gains = []
    for cost, words in COST_WORDS.items():
        ratio = (best.cost(cost) or 0.0) / (pick.cost(cost) or math.inf)
        if ratio >= NOTABLE_RATIO:
            gains.append(f"{ratio:.2g} times less {words}")
    return f"{same}, and it takes {' and '.join(gains)}." if gains else f"{same}, and it costs no more."


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
