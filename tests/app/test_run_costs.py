"""Estimates before and actuals after: exact counts, corrections that learn, and what would make a run fit."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from app.catalog import workload
from app.catalog.base_models import base_model, base_model_path
from app.catalog.methods import METHODS
from app.catalog.training import TrainingSettings
from app.catalog.workload import LEARNING_TOKENS, LENGTH_MULTIPLE, WorkloadInputs, count_learning, count_rest
from app.db import transaction
from app.models_costs import RunCost
from app.services.datasets import datasets
from app.services.estimates import observations
from app.services.estimates.cost_arithmetic import LEARNING_START, REFERENCE, Observation, correct, count
from app.services.estimates.estimates import estimate
from app.services.queue import machine_speeds
from app.services.runs import run_costs, runs
from worker.engine.batching import batches
from worker.engine.loop import inference_time
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks import forgetting, forgetting_limits
from worker.engine.tasks.classification import classification
from worker.engine.tasks.generation import general_text_loss, generation, samples

LIKE = ("classification", "starter-encoder", "lora")
PLACE = {"machine": "here", "gpu": False, "available_bytes": 16e9}


def job(kind: str = "lora", model: str = "starter-encoder", **training: object) -> WorkloadInputs:
    method = next(each for each in METHODS if each.model_fields["kind"].default == kind)
    settings = TrainingSettings.model_validate(training)
    return WorkloadInputs(
        base_model(model), method.model_validate({"kind": kind}), settings, 1000, 100, 100, 20.0, 60.0, 8
    )


def lesson(ratio: float, family: str, model: str, method: str) -> Observation:
    return Observation(family, model, method, {"memory": ratio, "learning": ratio, "rest": ratio})


def queue(owner: str, folder: Path) -> runs.Run:
    path = folder / "rows.csv"
    path.write_text(
        "text,label\n" + "\n".join(f"letter number {at} arrived,{'no' if at % 2 else 'yes'}" for at in range(40))
    )
    dataset = datasets.import_file(owner, path, path.name)
    return runs.submit(
        owner,
        runs.RunRequest(
            dataset_id=dataset.id,
            base_model="starter-encoder",
            task_type="text-classification",
            method={"kind": "lora"},
        ),
    )


def test_the_arithmetic_cuts_rows_as_the_engine_does() -> None:
    assert (LEARNING_TOKENS, LENGTH_MULTIPLE) == (batches.TOKEN_BUDGET, batches.LENGTH_MULTIPLE)
    assert batches.READING_BUDGET["cpu"] == workload.READING_TOKENS
    answered = (workload.ANSWERED_ROWS, workload.ANSWERED_AT_ONCE, workload.ANSWER_TOKENS)
    assert answered == (generation.ANSWERED_ROWS, samples.ROWS_AT_ONCE, samples.MOST_TOKENS)
    assert (workload.SHOWN_ROWS, workload.SHOWN_TOKENS) == (generation.SHOWN_ROWS, generation.SHOWN_TOKENS)
    assert workload.RELOAD_ROWS == {
        "classification": classification.RELOAD_ROWS,
        "generation": generation.RELOAD_ROWS,
    }
    assert workload.RELOAD_ANSWERS == generation.RELOAD_ANSWERS
    assert (workload.TIMED_ROWS, workload.TIMED_PASSES) == (inference_time.ROWS, 2 * inference_time.REPEATS)


def test_the_arithmetic_measures_forgetting_where_the_engine_does() -> None:
    readers = {"classification": forgetting.encode, "generation": lambda each: general_text_loss.examples(each, 512)}
    models = {"classification": "starter-encoder", "generation": "starter-chat"}
    for family, read in readers.items():
        found = read(load_tokenizer(base_model_path(models[family])))
        tokens = sum(found.lengths if family == "classification" else [len(each.ids) for each in found])
        assert tokens == workload.FORGETTING_TOKENS[family]
    assert pytest.approx(forgetting_limits.CHEAP * forgetting_limits.LEARNING) == workload.FORGETTING_SHARE
    silent, told = job(measure_forgetting="no"), job(measure_forgetting="yes")
    assert count_rest(told).exact_flops > 2 * count_rest(silent).exact_flops


def test_what_is_computed_beside_layers_is_counted() -> None:
    alone, beside = count_learning(job("chosen-layers")), count_learning(job("lora"))
    assert alone.beside == 0 < beside.beside and beside.learn_calls > alone.learn_calls
    stations = count_learning(job("bottleneck-adapter")).beside
    assert 0 < count_learning(job("parallel-adapter")).beside < stations < beside.beside


def test_longer_answers_and_soft_prompts_take_longer_to_write() -> None:
    short = replace(job("lora", "starter-chat"), length=20.0)
    assert count_rest(replace(short, length=60.0)).written > 1.5 * count_rest(short).written
    assert count_learning(job("prompt-tuning", "starter-chat")).written > 2 * count_learning(short).written > 0
    assert count_rest(job()).written == 0


def test_twice_the_rows_are_twice_the_work_and_no_more_memory() -> None:
    small, large = job(), replace(job(), train_rows=2000)
    assert count_learning(large).learn_flops == pytest.approx(2 * count_learning(small).learn_flops)
    assert count(large, gpu=False, speed=None).memory == pytest.approx(
        count(small, gpu=False, speed=None).memory, rel=0.03
    )
    slower = {name: 2 * value for name, value in REFERENCE.items()}
    assert count(small, gpu=False, speed=slower).learning > 1.9 * count(small, gpu=False, speed=None).learning - 1


def test_more_cards_learn_faster_and_more_processes_on_one_processor_do_not() -> None:
    one, two = (count(job("full", devices=number), gpu=True, speed=None) for number in (1, 2))
    assert 0.5 < (two.learning - LEARNING_START) / (one.learning - LEARNING_START) < 0.6
    assert two.rest == one.rest and two.memory == one.memory
    alone, shared = (count(job("full", devices=number), gpu=False, speed=None) for number in (1, 2))
    assert shared.learning == alone.learning


def test_a_card_needs_no_libraries_and_frozen_layers_keep_nothing() -> None:
    on_card, on_processor = count(job(), gpu=True, speed=None).memory, count(job(), gpu=False, speed=None).memory
    assert on_card < on_processor - 5e8
    assert count(job("head-only"), gpu=False, speed=None).memory < on_processor


def test_closer_runs_weigh_more_and_one_odd_run_does_not_decide() -> None:
    far = [lesson(2.0, "generation", "starter-chat", "full")] * 5
    assert correct("rest", [], LIKE, measured=True).factor == 1.0
    assert correct("rest", far, LIKE, measured=True).factor == pytest.approx(2.0)
    near = [lesson(1.2, *LIKE)] * 4
    told = correct("rest", [*near, lesson(30.0, *LIKE), *far], LIKE, measured=True)
    assert told.level == "method" and told.runs == 5 and 1.15 < told.factor < 1.4
    assert (
        correct("learning", [], LIKE, measured=False).spread > correct("learning", [], LIKE, measured=True).spread > 1
    )


def test_what_does_not_fit_says_what_would(studio_home) -> None:
    full = {
        "base_model": "starter-encoder",
        "method": {"kind": "full"},
        "rows": 1000,
        "longest": 512.0,
        "tokens_per_row": 300.0,
    }
    training = {"max_length": 512, "batch_size": 32}
    told = estimate(**full, training=training, room={**PLACE, "available_bytes": 3.4e9})
    assert told["fit"] == "too large" and told["remedies"]
    for remedy in told["remedies"]:
        method = remedy.get("method", {"kind": "full"})
        again = estimate(
            **{**full, "method": method},
            training={**training, **remedy.get("training", {})},
            room={**PLACE, "available_bytes": 3.4e9},
        )
        assert again["fit"] == "fits", remedy
    assert estimate(**full, training=training, room={**PLACE, "available_bytes": 64e9})["remedies"] == []


def test_a_finished_run_corrects_the_next_estimate(owner, any_database, tmp_path) -> None:
    place = machine_speeds.room(here=True)["machine"]
    machine_speeds.note_speed(place, dict(REFERENCE))
    run = queue(owner, tmp_path)
    run_costs.expect(run.id)
    before = run_costs.read(owner, run.id)["estimate"]
    seconds = {"total": 3 * before["seconds_likely"], "phases": {"Training": 2 * before["seconds_likely"]}}
    with transaction() as session:
        found = runs.find(session, owner, run.id)
        run_costs.settle(session, found, {"seconds": seconds, "peak_memory_bytes": 1.5 * before["memory_likely"]})
    told = run_costs.read(owner, run.id)
    assert told["estimate"] == before and told["actual"]["seconds"] == pytest.approx(3 * before["seconds_likely"])
    after = run_costs.estimate_for(
        run.dataset_version,
        base_model="starter-encoder",
        method={"kind": "lora"},
        training=run.spec["training"],
        here=True,
    )
    assert after["seconds_likely"] == pytest.approx(3 * before["seconds_likely"], rel=0.02)
    assert after["memory_likely"] == pytest.approx(1.5 * before["memory_likely"], rel=0.02)
    assert "1 finished run with this method and model" in after["basis"]
    (machine,) = observations.accuracy()["machines"]
    assert (
        machine["machine"] == place and machine["runs"] == 1 and machine["time_error"] == pytest.approx(2 / 3, rel=0.01)
    )


def test_a_run_that_was_tried_twice_is_shown_but_teaches_nothing(owner, tmp_path) -> None:
    run = queue(owner, tmp_path)
    run_costs.expect(run.id)
    with transaction() as session:
        found = runs.find(session, owner, run.id)
        found.job.attempt = 2
        run_costs.settle(session, found, {"seconds": {"total": 50.0, "training": 9.0}, "peak_memory_bytes": 9e8})
    assert run_costs.read(owner, run.id)["actual"]["seconds"] == 50.0
    with transaction() as session:
        assert session.get_one(RunCost, run.id).finished_at is None
    assert observations.observations_of(machine_speeds.room(here=True)["machine"]) == []
    assert math.isfinite(run_costs.read(owner, run.id)["estimate"]["seconds_likely"])
