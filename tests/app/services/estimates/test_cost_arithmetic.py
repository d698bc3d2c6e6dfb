"""Cost arithmetic: counts as the engine computes, scales with the work, and is corrected by observations of earlier runs."""

from dataclasses import replace

import pytest

from app.catalog import workload
from app.catalog.base_models import base_model, base_model_path
from app.catalog.methods import METHODS
from app.catalog.training import TrainingSettings
from app.catalog.workload import LEARNING_TOKENS, LENGTH_MULTIPLE, WorkloadInputs, count_learning, count_rest
from app.services.estimates.cost_arithmetic import LEARNING_START, REFERENCE, Observation, correct, count
from worker.engine.batching import batches
from worker.engine.loop import inference_time
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks import forgetting, forgetting_limits
from worker.engine.tasks.classification import classification
from worker.engine.tasks.generation import general_text_loss, generation, samples

RELATED_TO = ("classification", "starter-encoder", "lora")


def workload_of(kind: str = "lora", model: str = "starter-encoder", **training: object) -> WorkloadInputs:
    method = next(method for method in METHODS if method.model_fields["kind"].default == kind)
    settings = TrainingSettings.model_validate(training)
    return WorkloadInputs(
        base_model(model), method.model_validate({"kind": kind}), settings, 1000, 100, 100, 20.0, 60.0, 8
    )


def observation(ratio: float, family: str, model: str, method: str) -> Observation:
    return Observation(family, model, method, {"memory": ratio, "learning": ratio, "rest": ratio})


def test_arithmetic_and_engine_use_the_same_constants() -> None:
    assert (LEARNING_TOKENS, LENGTH_MULTIPLE) == (batches.TOKEN_BUDGET, batches.LENGTH_MULTIPLE)
    assert batches.READING_BUDGET["cpu"] == workload.READING_TOKENS
    answered = (workload.ANSWERED_ROWS, workload.ANSWERED_AT_ONCE, workload.ANSWER_TOKENS)
    assert answered == (generation.ANSWERED_ROWS, samples.BATCH_ROWS, samples.MAX_TOKENS)
    assert (workload.SHOWN_ROWS, workload.SHOWN_TOKENS) == (generation.SAMPLED_ROWS, generation.SAMPLED_TOKENS)
    assert workload.RELOAD_ROWS == {
        "classification": classification.RELOAD_ROWS,
        "generation": generation.RELOAD_ROWS,
    }
    assert workload.RELOAD_ANSWERS == generation.RELOAD_ANSWERS
    assert (workload.TIMED_ROWS, workload.TIMED_PASSES) == (inference_time.ROWS, 2 * inference_time.REPEATS)


def test_forgetting_is_counted_as_the_engine_measures_it() -> None:
    readers = {
        "classification": forgetting.encode,
        "generation": lambda tokenizer: general_text_loss.make_examples(tokenizer, 512),
    }
    models = {"classification": "starter-encoder", "generation": "starter-chat"}
    for family, read in readers.items():
        found = read(load_tokenizer(base_model_path(models[family])))
        tokens = sum(found.lengths if family == "classification" else [len(example.ids) for example in found])
        assert tokens == workload.FORGETTING_TOKENS[family]
    assert pytest.approx(forgetting_limits.CHEAP * forgetting_limits.LEARNING) == workload.FORGETTING_SHARE
    off, on = workload_of(measure_forgetting="no"), workload_of(measure_forgetting="yes")
    assert count_rest(on).exact_flops > 2 * count_rest(off).exact_flops


def test_adapter_computations_are_counted() -> None:
    without, lora = count_learning(workload_of("chosen-layers")), count_learning(workload_of("lora"))
    assert without.beside == 0 < lora.beside and lora.learn_calls > without.learn_calls
    bottleneck = count_learning(workload_of("bottleneck-adapter")).beside
    assert 0 < count_learning(workload_of("parallel-adapter")).beside < bottleneck < lora.beside


def test_longer_answers_and_soft_prompts_take_longer_to_generate() -> None:
    short = replace(workload_of("lora", "starter-chat"), length=20.0)
    assert count_rest(replace(short, length=60.0)).written > 1.5 * count_rest(short).written
    assert count_learning(workload_of("prompt-tuning", "starter-chat")).written > 2 * count_learning(short).written > 0
    assert count_rest(workload_of()).written == 0


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
