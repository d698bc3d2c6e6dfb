"""Results as they stand in ``result.json``: what was not measured is left out."""

import json
from dataclasses import replace

import pytest

from worker.engine.reporting.results import ClassificationResults, ForgettingResult, RunResults

TASK = ClassificationResults(
    metrics={"accuracy": 0.9},
    intervals={"accuracy": [0.8, 0.95]},
    baseline={"majority": {"accuracy": 0.5}},
    labels=["a", "b"],
    test_rows=20,
    cut_rows=1,
    confusion=[[9, 1], [1, 9]],
    per_class=[],
    answer_seconds=0.01,
)
RUN = RunResults(
    task=TASK,
    validation={"loss": 0.3},
    train_loss=0.2,
    trainable_parameters=10,
    total_parameters=100,
    best_step=6,
    total_steps=12,
    train_rows=42,
    device="CPU",
    precision="fp32",
    versions={"torch": "2"},
)
LOST = ForgettingResult(
    task="facts", unit="share", before=0.9, after=0.8, change=-0.1, rows=160, level="red", limits=[]
)


def test_fields_of_run_and_task_stand_beside_each_other() -> None:
    content = json.loads(json.dumps(RUN.as_json()))
    assert content["metrics"] == {"accuracy": 0.9} and content["confusion"] == [[9, 1], [1, 9]]
    assert (content["best_step"], content["train_loss"], content["test_rows"]) == (6, 0.2, 20)
    assert "task" not in content


@pytest.mark.parametrize("name", ["learning_rate", "devices", "rate_race", "origin", "forgetting"])
def test_unset_optional_fields_are_left_out(name: str) -> None:
    assert name not in RUN.as_json()


def test_set_optional_fields_are_there() -> None:
    content = replace(RUN, learning_rate=1e-3, devices=2, rate_race={"chosen": 1}, origin={"kind": "merged"}).as_json()
    assert (content["learning_rate"], content["devices"]) == (1e-3, 2)
    assert (content["rate_race"], content["origin"]) == ({"chosen": 1}, {"kind": "merged"})


def test_required_field_without_a_value_stays() -> None:
    assert replace(RUN, train_loss=None).as_json()["train_loss"] is None


def test_forgetting_of_a_loss_adds_perplexity_and_interval() -> None:
    share = replace(RUN, task=replace(TASK, forgetting=LOST)).as_json()["forgetting"]
    assert share["change"] == -0.1 and not {"perplexity", "interval"} & set(share)
    loss = replace(LOST, unit="loss", perplexity=[3.0, 4.0], interval=[0.1, 0.2]).as_json()
    assert (loss["perplexity"], loss["interval"]) == ([3.0, 4.0], [0.1, 0.2])
