"""What finished runs taught about estimates: how far off each was, on which machine. Reads the table, judges nothing."""

from statistics import median
from typing import Any

from sqlalchemy import select

from app.db import snapshot
from app.models_costs import MachineSpeed, RunCost
from app.services.estimates.cost_arithmetic import FORMULA, MOST_LESSONS, Observation

# So many finished runs say how good estimates are now.
JUDGED_RUNS = 50


def observations_of(machine: str) -> list[Observation]:
    """The finished runs of a machine, the newest first, as far as the present arithmetic estimated them."""
    with snapshot() as session:
        rows = session.scalars(
            select(RunCost)
            .where(RunCost.machine == machine, RunCost.formula == FORMULA, RunCost.finished_at.is_not(None))
            .order_by(RunCost.finished_at.desc())
            .limit(5 * MOST_LESSONS)
        ).all()
    return [
        Observation(row.family, row.base_model, row.method, _ratios(row.counted, row.actual or {}))
        for row in rows
        if row.actual
    ]


def _ratios(counted: dict[str, float], actual: dict[str, float]) -> dict[str, float]:
    return {what: actual[what] / value for what, value in counted.items() if value > 0 and actual.get(what, 0) > 0}


def accuracy() -> dict[str, Any]:
    """How good estimates were: ``{"machines": [{"machine", "runs", "memory_error", "time_error", "measured_at"}]}``.

    Errors are medians over the last runs of ``|estimate - actual| / actual``; None before a run has finished there.
    """
    with snapshot() as session:
        newest = select(RunCost).where(RunCost.finished_at.is_not(None)).order_by(RunCost.finished_at.desc()).limit(500)
        rows = [row for row in session.scalars(newest) if row.actual]
        speeds = {each.machine: each.measured_at for each in session.scalars(select(MachineSpeed))}
    names = dict.fromkeys([*(row.machine for row in rows), *speeds])
    return {
        "machines": [_judged(name, [row for row in rows if row.machine == name], speeds.get(name)) for name in names]
    }


def _judged(machine: str, rows: list[RunCost], measured_at: float | None) -> dict[str, Any]:
    judged = rows[:JUDGED_RUNS]
    off = {
        key: [abs(row.estimate[likely] - row.actual[actual]) / row.actual[actual] for row in judged if row.actual]
        for key, likely, actual in (
            ("memory_error", "memory_likely", "memory"),
            ("time_error", "seconds_likely", "seconds"),
        )
    }
    return {
        "machine": machine,
        "runs": len(judged),
        "measured_at": measured_at,
        **{key: median(values) if values else None for key, values in off.items()},
    }
