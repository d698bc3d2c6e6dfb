"""Finished runs as observations that correct estimates, and how accurate estimates were on each machine."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from sqlalchemy import select

from app.db import snapshot
from app.models_costs import MachineSpeed, RunCost
from app.services.estimates.cost_arithmetic import FORMULA, MAX_OBSERVATIONS, Observation

# The newest finished runs of a machine that its accuracy is computed from, and of all machines that are read for it.
ACCURACY_RUNS, READ_RUNS = 50, 500


@dataclass(frozen=True)
class MachineAccuracy:
    """Median relative errors ``|estimate - actual| / actual`` on one machine; None before a run has finished there."""

    machine: str
    runs: int
    measured_at: float | None
    memory_error: float | None
    time_error: float | None

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return asdict(self)


def observations_of(machine: str) -> list[Observation]:
    """The finished runs of a machine that the current formula estimated, the newest first."""
    with snapshot() as session:
        rows = session.scalars(
            select(RunCost)
            .where(RunCost.machine == machine, RunCost.formula == FORMULA, RunCost.finished_at.is_not(None))
            .order_by(RunCost.finished_at.desc())
            .limit(5 * MAX_OBSERVATIONS)
        ).all()
    return [
        Observation(row.family, row.base_model, row.method, _ratios(row.counted, row.actual or {}))
        for row in rows
        if row.actual
    ]


def _ratios(counted: dict[str, float], actual: dict[str, float]) -> dict[str, float]:
    return {name: actual[name] / value for name, value in counted.items() if value > 0 and actual.get(name, 0) > 0}


def accuracy() -> list[MachineAccuracy]:
    """The accuracy of estimates on each machine that finished a run or was measured."""
    newest = select(RunCost).where(RunCost.finished_at.is_not(None)).order_by(RunCost.finished_at.desc())
    with snapshot() as session:
        rows = [row for row in session.scalars(newest.limit(READ_RUNS)) if row.actual]
        measured = {speed.machine: speed.measured_at for speed in session.scalars(select(MachineSpeed))}
    names = dict.fromkeys([*(row.machine for row in rows), *measured])
    return [_accuracy(name, [row for row in rows if row.machine == name], measured.get(name)) for name in names]


def _accuracy(machine: str, rows: list[RunCost], measured_at: float | None) -> MachineAccuracy:
    counted = rows[:ACCURACY_RUNS]
    return MachineAccuracy(
        machine,
        len(counted),
        measured_at,
        _median_error(counted, lambda row: row.estimate["memory_likely"], "memory"),
        _median_error(counted, lambda row: row.estimate["seconds_likely"], "seconds"),
    )


def _median_error(rows: list[RunCost], estimated: Callable[[RunCost], float], quantity: str) -> float | None:
    errors = [abs(estimated(row) - row.actual[quantity]) / row.actual[quantity] for row in rows if row.actual]
    return median(errors) if errors else None
