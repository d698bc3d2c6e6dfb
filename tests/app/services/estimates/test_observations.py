"""Finished runs as observations: which runs count, their ratios, and the accuracy of estimates by machine."""

from app.db import transaction
from app.models_costs import RunCost
from app.services.estimates import observations
from app.services.estimates.cost_arithmetic import FORMULA
from app.services.queue import machine_speeds
from tests.factories import make_run, make_version

COUNTED = {"memory": 100.0, "learning": 10.0, "rest": 5.0}


def finish(owner: str, factor: float, *, machine: str = "here", formula: int = FORMULA, finished: bool = True) -> None:
    """A run that took ``factor`` times its estimated 15 seconds, and all of its estimated memory."""
    run = make_run(owner, make_version(owner))
    actual = {"memory": 100.0, "learning": 10 * factor, "rest": 5 * factor, "seconds": 15 * factor}
    with transaction() as session:
        session.add(
            RunCost(
                run_id=run.id,
                machine=machine,
                family="classification",
                base_model="starter-encoder",
                method="lora",
                formula=formula,
                counted=COUNTED,
                estimate={"memory_likely": 100.0, "seconds_likely": 15.0},
                actual=actual if finished else None,
                finished_at=1000.0 + factor if finished else None,
            )
        )


def test_finished_runs_of_the_machine_and_formula_are_observations(owner: str) -> None:
    finish(owner, 2.0)
    finish(owner, 4.0)
    finish(owner, 8.0, machine="elsewhere")
    finish(owner, 16.0, formula=FORMULA - 1)
    finish(owner, 32.0, finished=False)
    observed = observations.observations_of("here")
    assert [observation.ratios for observation in observed] == [
        {"memory": 1.0, "learning": 4.0, "rest": 4.0},
        {"memory": 1.0, "learning": 2.0, "rest": 2.0},
    ]
    assert (observed[0].family, observed[0].base_model, observed[0].method) == (
        "classification",
        "starter-encoder",
        "lora",
    )


def test_accuracy_is_the_median_relative_error_of_each_machine(owner: str) -> None:
    for factor in (1.5, 2.0, 5.0):
        finish(owner, factor)
    finish(owner, 0.5, machine="elsewhere")
    machine_speeds.store_speed("measured only", {"learn": 0.4})
    by_name = {accuracy.machine: accuracy for accuracy in observations.accuracy()}
    assert by_name["here"].runs == 3 and by_name["here"].memory_error == 0
    assert abs(by_name["here"].time_error - 0.5) < 1e-9, "actual 30 s, estimated 15 s"
    assert abs(by_name["elsewhere"].time_error - 1.0) < 1e-9
    idle = by_name["measured only"].as_dict()
    assert (idle["runs"], idle["time_error"]) == (0, None) and idle["measured_at"] is not None


def test_machine_without_runs_has_no_observations(owner: str) -> None:
    assert observations.observations_of("here") == [] and observations.accuracy() == []
