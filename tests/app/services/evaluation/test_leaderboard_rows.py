"""Rows of the leaderboard, read from the results of single runs."""

import math
from typing import Any

import pytest

from app.models import FAILED, RUNNING, SUCCEEDED, Job, Run
from app.services.evaluation.leaderboard_rows import LeaderboardRow, ranked_metric, row_of, sort_key


def run(state: str = SUCCEEDED, task: str = "text-classification", **results: Any) -> Run:
    spec = {"method": {"kind": "lora", "rank": 8}, "training": {"learning_rate": 0.01}}
    job = Job(state=state, progress={}, error={"error": {"message": "Memory ran out."}} if state == FAILED else None)
    return Run(id="r", name="r", task_type=task, method="lora", job=job, spec=spec, results=results or None)


def row(state: str = SUCCEEDED, **results: Any) -> LeaderboardRow:
    made = run(state, **results)
    return row_of(made, ranked_metric([made]), None)


def test_row_reads_quality_costs_and_change() -> None:
    found = row(
        metrics={"accuracy": 0.9, "loss": 0.4},
        baseline={"linear_probe": {"accuracy": 0.8}},
        test_rows=100,
        train_loss=0.1,
        total_parameters=200,
        trainable_parameters=50,
        seconds={"total": 12.0, "training": 9.0, "phases": {"Testing": 2.0}},
    )
    assert (found.quality, found.base, found.change) == (0.9, 0.8, pytest.approx(0.1))
    assert (found.trainable_share, found.gap, found.training_seconds) == (0.25, pytest.approx(0.3), 9.0)
    assert found.answer_seconds == 0.02 and found.settings == {"rank": 8, "learning_rate": 0.01}
    assert found.interval is not None and found.interval[0] < 0.9 < found.interval[1]


def test_unfinished_run_has_unknown_values() -> None:
    found = row(RUNNING)
    assert (found.quality, found.interval, found.change, found.answer_seconds, found.error) == (None,) * 5
    assert row(FAILED).error == "Memory ran out."


def test_rows_sort_by_quality_then_training_time_then_unfinished() -> None:
    slow = row(metrics={"accuracy": 0.9}, seconds={"training": 9.0})
    fast = row(metrics={"accuracy": 0.9}, seconds={"training": 1.0})
    worse = row(metrics={"accuracy": 0.5}, seconds={"training": 1.0})
    broken = row(metrics={"accuracy": math.nan})
    ordered = [fast, slow, worse, row(RUNNING), row(FAILED)]
    assert sorted([row(FAILED), slow, row(RUNNING), worse, fast], key=lambda found: sort_key(found, True)) == ordered
    assert sort_key(broken, True)[0] == 2


def test_metric_of_a_task_has_its_unit_and_direction() -> None:
    accuracy, perplexity = ranked_metric([run()]), ranked_metric([run(task="chat")])
    assert (accuracy.key, accuracy.unit, accuracy.higher_is_better) == ("accuracy", "share", True)
    assert (perplexity.key, perplexity.unit, perplexity.higher_is_better) == ("perplexity", "number", False)
