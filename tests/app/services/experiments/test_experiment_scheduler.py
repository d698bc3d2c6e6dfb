"""The experiment scheduler: budgets, early stopping, successive halving, growth of an adaptive search."""

from typing import Any

import pytest

from app.db import transaction
from app.errors import Conflict
from app.models import CANCELLED, RUNNING, Experiment, Job, MetricPoint, Run
from app.services.datasets.datasets import SAMPLES, import_sample
from app.services.evaluation.leaderboard_rows import LeaderboardRow
from app.services.experiments import experiment_scheduler, experiments
from app.services.experiments.experiments import ExperimentRequest
from tests.app.outcomes import end_run, rows_right

METHODS = [{"kind": "lora"}]
VARY = {"training.learning_rate": {"low": 1e-5, "high": 1e-1, "log": True}, "method.rank": [4, 8, 16]}


def start(owner: str, **choices: Any) -> str:
    sample = import_sample(owner, SAMPLES[0].name).id
    defaults = {"methods": METHODS, "vary": VARY, "search": "adaptive", "max_runs": 6, "training": {"seed": 5}}
    return experiments.start(owner, ExperimentRequest(dataset_id=sample, **{**defaults, **choices})).id


def rows(owner: str, experiment_id: str) -> list[LeaderboardRow]:
    return experiments.read(owner, experiment_id).table.rows


def finish(run_id: str, right: int) -> None:
    end_run(run_id, rows_right(right, 10), rows_right(5, 10), total_steps=40)


def test_adaptive_search_grows_to_its_budget_and_ends(owner: str, any_database: str) -> None:
    made = start(owner)
    assert len(rows(owner, made)) == 4
    seen: set[str] = set()
    for turn in range(6):
        waiting = [row.id for row in rows(owner, made) if row.state == "queued"]
        finish(waiting[0], 6 + turn % 3)
        seen |= set(waiting)
        experiment_scheduler.tick()
        if turn < 5:
            assert experiments.read(owner, made).table.state == "working"
    while waiting := [row.id for row in rows(owner, made) if row.state == "queued"]:
        finish(waiting[0], 6)
        experiment_scheduler.tick()
    report = experiments.read(owner, made)
    assert (len(report.table.rows), report.table.state, report.plan.growing) == (6, "done", False)
    assert len({str(row.settings) for row in report.table.rows}) == 6
    assert set(report.plan.trials) == {row.id for row in report.table.rows}


def test_cancel_ends_an_adaptive_search_between_two_runs(owner: str) -> None:
    made = start(owner, max_runs=12)
    for row in rows(owner, made):
        finish(row.id, 7)
    assert experiments.read(owner, made).table.state == "working"
    assert experiments.request_cancel(owner, made).table.state == "done"
    experiment_scheduler.tick()
    assert len(rows(owner, made)) == 4
    with pytest.raises(Conflict):
        experiments.request_cancel(owner, made)


def test_pruned_run_is_stopped_with_the_reason(owner: str) -> None:
    made = start(owner, search="grid", vary={"method.rank": [4, 8, 16]}, halving=True)
    with transaction() as session:
        found = experiments.members_of(session, session.get_one(Experiment, made))
        for index, (run, value) in enumerate(zip(found, (0.8, 0.4, 0.9), strict=True)):
            job = session.get_one(Job, run.job_id)
            job.state, job.progress = RUNNING, {"step": 10, "total_steps": 40}
            session.add(MetricPoint(run_id=run.id, key="eval/accuracy", step=10, value=value, at=float(index)))
    assert experiment_scheduler.tick() == 1 and experiment_scheduler.tick() == 0
    reasons = {row.settings["rank"]: row.stopped for row in rows(owner, made)}
    assert reasons[4] is None and reasons[16] is None and "successive halving: at 25 %" in (reasons[8] or "")


def grid(owner: str, **choices: Any) -> tuple[str, list[Run]]:
    made = start(owner, search="grid", vary={"method.rank": [4, 8, 16]}, **choices)
    with transaction() as session:
        return made, experiments.members_of(session, session.get_one(Experiment, made))


def test_spent_minutes_cancel_waiting_runs(owner: str) -> None:
    made, (one, two, three) = grid(owner, max_minutes=2)
    end_run(one.id, rows_right(5, 10), rows_right(5, 10), seconds=100)
    assert experiment_scheduler.tick() == 0
    end_run(two.id, rows_right(5, 10), rows_right(5, 10), seconds=30)
    assert experiment_scheduler.tick() == 1 and experiment_scheduler.tick() == 0
    row = next(row for row in experiments.read(owner, made).table.rows if row.id == three.id)
    assert row.state == CANCELLED and "2 minutes" in row.stopped


@pytest.mark.parametrize(("step", "accuracy", "stops"), [(60, 0.2, 1), (20, 0.2, 0), (60, 0.78, 0)])
def test_early_stopping_needs_half_the_steps_and_a_clear_gap(
    owner: str, step: int, accuracy: float, stops: int
) -> None:
    _made, (one, two, _) = grid(owner, early_stopping=True)
    end_run(one.id, rows_right(80, 100), rows_right(50, 100))
    with transaction() as session:
        job = session.get_one(Job, two.job_id)
        job.state, job.progress = RUNNING, {"step": step, "total_steps": 100}
        session.add(MetricPoint(run_id=two.id, key="eval/accuracy", step=step, value=accuracy, at=1.0))
    assert experiment_scheduler.tick() == stops
    with transaction() as session:
        assert (session.get_one(Job, two.job_id).cancel_requested_at is not None) == bool(stops)
    assert experiment_scheduler.tick() == 0
