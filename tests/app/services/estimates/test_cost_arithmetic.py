"""Cost arithmetic: counts as the engine computes, scales with the work, and is corrected by observations of earlier runs."""

from dataclasses import replace

import pytest

from app.catalog.base_models import base_model
from app.catalog.methods import METHODS
from app.catalog.training import TrainingSettings
from app.catalog.workload import WorkloadInputs, count_learning
from app.services.estimates.cost_arithmetic import LEARNING_START, REFERENCE, Observation, correct, count

RELATED_TO = ("classification", "starter-encoder", "lora")


def workload_of(kind: str = "lora", model: str = "starter-encoder", **training: object) -> WorkloadInputs:
    method = next(method for method in METHODS if method.model_fields["kind"].default == kind)
    settings = TrainingSettings.model_validate(training)
    return WorkloadInputs(
        base_model(model), method.model_validate({"kind": kind}), settings, 1000, 100, 100, 20.0, 60.0, 8
    )


def observation(ratio: float, family: str, model: str, method: str) -> Observation:
    return Observation(family, model, method, {"memory": ratio, "learning": ratio, "rest": ratio})


def test_doubling_rows_doubles_work_and_not_memory() -> None:
    small, large = workload_of(), replace(workload_of(), train_rows=2000)
    assert count_learning(large).learn_flops == pytest.approx(2 * count_learning(small).learn_flops)
    assert count(large, gpu=False, speed=None).memory == pytest.approx(
        count(small, gpu=False, speed=None).memory, rel=0.03
    )
    slower = {name: 2 * value for name, value in REFERENCE.items()}
    assert count(small, gpu=False, speed=slower).learning > 1.9 * count(small, gpu=False, speed=None).learning - 1


def test_further_gpus_speed_up_training_and_further_processes_on_a_processor_do_not() -> None:
    one, two = (count(workload_of("full", devices=number), gpu=True, speed=None) for number in (1, 2))
    assert 0.5 < (two.learning - LEARNING_START) / (one.learning - LEARNING_START) < 0.6
    assert two.rest == one.rest and two.memory == one.memory
    alone, shared = (count(workload_of("full", devices=number), gpu=False, speed=None) for number in (1, 2))
    assert shared.learning == alone.learning


def test_gpu_memory_excludes_libraries_and_frozen_layers_keep_no_activations() -> None:
    on_gpu, on_processor = (
        count(workload_of(), gpu=True, speed=None).memory,
        count(workload_of(), gpu=False, speed=None).memory,
    )
    assert on_gpu < on_processor - 5e8
    assert count(workload_of("head-only"), gpu=False, speed=None).memory < on_processor


def test_related_runs_weigh_more_and_an_outlier_does_not_decide() -> None:
    far = [observation(2.0, "generation", "starter-chat", "full")] * 5
    assert correct("rest", [], RELATED_TO, measured=True).factor == 1.0
    assert correct("rest", far, RELATED_TO, measured=True).factor == pytest.approx(2.0)
    near = [observation(1.2, *RELATED_TO)] * 4
    correction = correct("rest", [*near, observation(30.0, *RELATED_TO), *far], RELATED_TO, measured=True)
    assert correction.level == "method" and correction.runs == 5 and 1.15 < correction.factor < 1.4
    assert (
        correct("learning", [], RELATED_TO, measured=False).spread
        > correct("learning", [], RELATED_TO, measured=True).spread
        > 1
    )
