"""One sentence of advice on an experiment's table, and its reason. Pure: reads rows that are already judged.

Among the runs that the test rows cannot tell from the best, the cheapest is recommended.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

COSTS = {"adapter_bytes": "download", "training_seconds": "training time", "peak_memory_bytes": "memory"}
# A cost must be this many times lower to be named as a reason.
NOTABLE = 1.25


def advise(
    rows: Sequence[Mapping[str, Any]], metric: Mapping[str, Any], test_rows: int | None, active: int
) -> dict[str, Any]:
    """``{"run": id | None, "sentence", "reason", "final"}``; ``final`` is False while runs are still to come."""
    finished = [row for row in rows if row["quality"] is not None]
    if len(finished) < 2:
        words = "The table fills as the runs end." if active else "There is nothing to recommend."
        return _advice(None, words, "Fewer than two runs have finished.", active)
    best = next((row for row in finished if row["rank"] == "best"), None)
    if best is None:
        return _advice(None, "The runs were not tested on the same rows.", "They cannot be ranked.", active)
    ties = [row for row in finished if row["rank"] == "tied"]
    if not any(row["verdict"] in ("better", None) for row in (best, *ties)):
        return _no_better(best, finished, metric, test_rows, active)
    useful = [row for row in (best, *ties) if row["verdict"] in ("better", None)]
    pick = min(useful, key=lambda row: (_cost(row, useful), row["name"]))
    if pick is best:
        return _advice(best["id"], f"Use {_name(best)}.", _why_best(best, ties, metric, test_rows), active)
    return _advice(pick["id"], f"Use {_name(pick)}.", _why_cheaper(pick, best, metric, test_rows), active)


def _no_better(
    best: Mapping[str, Any],
    finished: Sequence[Mapping[str, Any]],
    metric: Mapping[str, Any],
    test_rows: int | None,
    active: int,
) -> dict[str, Any]:
    words = f"None of the {len(finished)} runs is measurably better than the untouched base model."
    reason = (
        f"The best reached {_value(best['quality'], metric)} against {_value(best['base'], metric)}, and "
        f"{_rows(test_rows)} cannot tell that from chance. More test rows or more training rows would settle it."
    )
    return _advice(None, words, reason, active)


def _why_best(
    best: Mapping[str, Any], ties: Sequence[Mapping[str, Any]], metric: Mapping[str, Any], test_rows: int | None
) -> str:
    reached = f"It reached {_value(best['quality'], metric)} on {_rows(test_rows)}, the untouched base model {_value(best['base'], metric)}"
    if not ties:
        return f"{reached}, and every other run is measurably behind."
    others = ", ".join(_name(row) for row in ties[:3]) + (f" and {len(ties) - 3} more" if len(ties) > 3 else "")
    return f"{reached}. These rows cannot tell it from {others}, but none of those costs less."


def _why_cheaper(
    pick: Mapping[str, Any], best: Mapping[str, Any], metric: Mapping[str, Any], test_rows: int | None
) -> str:
    same = (
        f"{_rows(test_rows, capital=True)} cannot tell it from {_name(best)} "
        f"({_value(pick['quality'], metric)} against {_value(best['quality'], metric)})"
    )
    gains = [
        f"{best[key] / pick[key]:.2g} times less {words}"
        for key, words in COSTS.items()
        if pick[key] and best[key] and best[key] / pick[key] >= NOTABLE
    ]
    return f"{same}, and it takes {' and '.join(gains)}." if gains else f"{same}, and it costs no more."


def _cost(row: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> float:
    """Geometric mean of how many times the cheapest each cost is; 1 is the cheapest in everything."""
    ratios = []
    for key in COSTS:
        lowest = min((each[key] for each in others if each[key]), default=None)
        if lowest and row[key]:
            ratios.append(math.log(row[key] / lowest))
    return math.exp(sum(ratios) / len(ratios)) if ratios else math.inf


def _advice(run: str | None, sentence: str, reason: str, active: int) -> dict[str, Any]:
    return {"run": run, "sentence": sentence, "reason": reason, "final": active == 0}


def _name(row: Mapping[str, Any]) -> str:
    # Runs are called "data · method, settings"; inside one experiment the data is the same for all.
    return str(row["name"]).rsplit(" · ", 1)[-1]


def _value(value: float | None, metric: Mapping[str, Any]) -> str:
    if value is None:
        return "an unknown score"
    if metric["unit"] == "share":
        return f"{value * 100:.1f} %"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _rows(test_rows: int | None, capital: bool = False) -> str:
    words = f"{test_rows:,} test rows" if test_rows else "the test rows"
    return words[0].upper() + words[1:] if capital else words
