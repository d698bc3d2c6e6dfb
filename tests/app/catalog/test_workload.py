"""Work counted as the engine does it: the same constants, and sizes by hand."""

from dataclasses import replace

import pytest

from app.catalog import workload
from app.catalog.base_models import base_model, base_model_path
from app.catalog.methods import METHODS
from app.catalog.training import TrainingSettings
from app.catalog.workload import (
    LEARNING_TOKENS,
    LENGTH_MULTIPLE,
    WorkloadInputs,
    count_learning,
    count_rest,
    largest_portion,
    output_flops,
    reading_flops,
    written_tokens,
)
from worker.engine.batching import batches
from worker.engine.loop import inference_time
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks import base, forgetting, forgetting_limits
from worker.engine.tasks.generation import general_text_loss, generation, samples


def workload_of(kind: str = "lora", model: str = "starter-encoder", **training: object) -> WorkloadInputs:
    method = next(method for method in METHODS if method.model_fields["kind"].default == kind)
    settings = TrainingSettings.model_validate(training)
    return WorkloadInputs(
        base_model(model), method.model_validate({"kind": kind}), settings, 1000, 100, 100, 20.0, 60.0, 8
    )


def test_arithmetic_and_engine_use_the_same_constants() -> None:
    assert (LEARNING_TOKENS, LENGTH_MULTIPLE) == (batches.TOKEN_BUDGET, batches.LENGTH_MULTIPLE)
    assert batches.READING_BUDGET["cpu"] == workload.READING_TOKENS
    answered = (workload.ANSWERED_ROWS, workload.ANSWERED_AT_ONCE, workload.ANSWER_TOKENS)
    assert answered == (generation.ANSWERED_ROWS, samples.BATCH_ROWS, samples.MAX_TOKENS)
    assert (workload.SHOWN_ROWS, workload.SHOWN_TOKENS) == (generation.SAMPLED_ROWS, generation.SAMPLED_TOKENS)
    assert workload.RELOAD_ROWS == {
        "classification": base.RELOAD_ROWS,
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


def test_updates_checks_and_padding_by_hand() -> None:
    job = workload_of("prompt-tuning", epochs=2.5, batch_size=64, evaluations_per_epoch=2)
    # 1,000 rows make 16 updates of 64 rows, the last of them smaller.
    # Five checks, and one of the linear probe that it starts from.
    assert (job.steps, job.checks) == (40, 6)
    job = workload_of("lora", "starter-chat", epochs=2.5, evaluations_per_epoch=2)
    assert (job.steps, job.checks) == (80, 5)
    job = workload_of("prompt-tuning", epochs=2.5, batch_size=64, evaluations_per_epoch=2)
    # Twenty tokens, half of the rounding to multiples of eight, and the soft prompt.
    assert job.padded == 20 + LENGTH_MULTIPLE / 2 + job.method.virtual_tokens
    assert workload_of("prompt-tuning", "starter-chat").packed is False
    assert workload_of("lora", "starter-chat").packed and not job.packed
    # Eight labels, each with 384 weights and an offset.
    assert (job.head, workload_of("lora", "starter-chat").head) == (8 * 385, 0)


def test_vocabulary_is_what_is_left_of_the_weights() -> None:
    # MiniLM has 30,522 words, 512 positions and two kinds of sentences.
    assert workload_of().vocabulary == 30_522 + 512 + 2
    assert output_flops(workload_of()) == 0
    assert output_flops(workload_of("lora", "starter-chat")) == 2 * 256 * workload_of("lora", "starter-chat").vocabulary


def test_operations_of_a_block_by_hand() -> None:
    matrices = 4 * 384 * 384 + 2 * 384 * 1536
    # Two operations for each weight, and 24 of attention per unit and padded token.
    assert reading_flops(workload_of(), 100) == 2 * matrices + 24 * 24 * 384
    # Texts that share a row of the 2,048 tokens of a reading attend over all of it.
    job = workload_of("lora", "starter-chat")
    small = 4 * 256 * 256 + 3 * 256 * 704
    assert reading_flops(job, 1000) == 2 * small + 4 * 2048 * 256
    assert reading_flops(job, 2) == 2 * small + 4 * 40 * 256


def test_largest_portion_is_bounded_by_memory_and_by_one_row() -> None:
    assert largest_portion(workload_of(batch_size=32), 20) == 32 * 20
    assert largest_portion(workload_of(batch_size=32, accumulation=4), 20) == 8 * 20
    assert largest_portion(workload_of(batch_size=1024), 20) == LEARNING_TOKENS
    assert largest_portion(workload_of(batch_size=1024), 9000) == 9000


def test_rows_written_at_once_cost_little_more_than_one() -> None:
    assert written_tokens(1, 16, 40) == pytest.approx(40)
    # One batch of sixteen: 0.95 for the batch, and 0.05 for each row.
    assert written_tokens(16, 16, 40) == pytest.approx(40 * (0.95 + 16 * 0.05))
    assert written_tokens(17, 16, 40) == pytest.approx(40 * (2 * 0.95 + 17 * 0.05))


def test_frozen_blocks_are_read_once_if_their_states_can_be_kept() -> None:
    def read(rows: int, epochs: int) -> float:
        job = replace(workload_of("chosen-layers", epochs=epochs), train_rows=rows, validation_rows=0)
        return count_learning(job).read_flops

    assert read(1000, 9) == read(1000, 1) > 0
    # Ten million rows of 20 tokens and 384 numbers of two bytes are far more than the 4 GiB that are kept.
    assert read(10**7, 9) == pytest.approx(9 * 10**4 * read(1000, 1))


def test_counts_are_reported_by_name_and_saving_takes_three_numbers_for_each_weight() -> None:
    counted = count_learning(workload_of(epochs=1)).as_dict()
    assert set(counted) == set(workload.Workload.__dataclass_fields__)
    weights = workload_of().adapter + workload_of().head
    # Weight and two moments of the optimizer, four bytes each, at the check of the probe and at the one after the pass.
    assert counted["saved_bytes"] == 2 * 3 * 4 * weights
