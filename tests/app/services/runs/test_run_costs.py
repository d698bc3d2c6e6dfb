"""Cost of a run: its estimate is stored when it starts, its actual cost when it ends, and later estimates are corrected."""

import math
from pathlib import Path

import pytest

from app.db import transaction
from app.models import Run
from app.models_costs import RunCost
from app.services.datasets import datasets
from app.services.estimates import observations
from app.services.estimates.cost_arithmetic import REFERENCE
from app.services.queue import machine_speeds
from app.services.runs import run_costs, runs


def queue(owner: str, folder: Path) -> Run:
    path = folder / "rows.csv"
    rows = [f"letter number {number} arrived,{'no' if number % 2 else 'yes'}" for number in range(40)]
    path.write_text("text,label\n" + "\n".join(rows))
    dataset = datasets.import_file(owner, (path, path.name))
    return runs.submit(
        owner,
        runs.RunRequest(
            dataset_id=dataset.id,
            base_model="starter-encoder",
            task_type="text-classification",
            method={"kind": "lora"},
        ),
    )


def test_finished_run_corrects_the_next_estimate(owner, any_database, tmp_path) -> None:
    machine = machine_speeds.training_machine(here=True).name
    machine_speeds.store_speed(machine, dict(REFERENCE))
    run = queue(owner, tmp_path)
    run_costs.store_estimate(run.id)
    before = run_costs.read(owner, run.id).estimate
    seconds = {"total": 3 * before["seconds_likely"], "phases": {"Training": 2 * before["seconds_likely"]}}
    with transaction() as session:
        found = runs.find(session, owner, run.id)
        run_costs.store_actual(session, found, {"seconds": seconds, "peak_memory_bytes": 1.5 * before["memory_likely"]})
    report = run_costs.read(owner, run.id)
    assert report.estimate == before and report.actual["seconds"] == pytest.approx(3 * before["seconds_likely"])
    after = run_costs.estimate_for(
        run.dataset_version,
        base_model="starter-encoder",
        method={"kind": "lora"},
        training=run.spec["training"],
        here=True,
    ).cost
    assert after.seconds_likely == pytest.approx(3 * before["seconds_likely"], rel=0.02)
    assert after.memory_likely == pytest.approx(1.5 * before["memory_likely"], rel=0.02)
    assert "1 finished run with this method and model" in after.basis
    (accuracy,) = observations.accuracy()
    assert (accuracy.machine, accuracy.runs) == (machine, 1)
    assert accuracy.time_error == pytest.approx(2 / 3, rel=0.01)


def test_run_of_two_attempts_shows_its_cost_and_is_no_observation(owner, tmp_path) -> None:
    run = queue(owner, tmp_path)
    run_costs.store_estimate(run.id)
    with transaction() as session:
        found = runs.find(session, owner, run.id)
        found.job.attempt = 2
        run_costs.store_actual(session, found, {"seconds": {"total": 50.0, "training": 9.0}, "peak_memory_bytes": 9e8})
    assert run_costs.read(owner, run.id).actual["seconds"] == 50.0
    with transaction() as session:
        assert session.get_one(RunCost, run.id).finished_at is None
    assert observations.observations_of(machine_speeds.training_machine(here=True).name) == []
    assert math.isfinite(run_costs.read(owner, run.id).estimate["seconds_likely"])
