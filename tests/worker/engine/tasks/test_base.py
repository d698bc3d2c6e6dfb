"""What all task families have in common: the context of a method, counts in words, and refusals."""

import pytest
import torch
from accelerate import Accelerator

from app.errors import StudioError
from tests.tiny import make_spec
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.base import (
    PredictionRow,
    TaskFamily,
    count_by_split,
    list_counts,
    reload_failed,
    require_rows,
)
from worker.engine.tasks.registry import open_family


def opened(job: TrainingJob) -> TaskFamily:
    torch.manual_seed(0)
    family = open_family(job, ListReport(), Accelerator(cpu=True))
    family.read()
    family.load()
    return family


def test_method_sees_the_same_rows_for_the_same_seed_only(make_job) -> None:
    def batches(seed: int) -> list[torch.Tensor]:
        context = opened(make_job(make_spec({"kind": "eva"}, seed=seed))).run_context(12)
        assert (context.total_steps, context.seed) == (12, seed)
        return [batch["input_ids"] for batch in context.batches]

    first, again, other = batches(1), batches(1), batches(2)
    # Sixteen rows a batch, and no more batches than the method wants or 42 training rows make.
    assert [len(batch) for batch in first] == [16, 16, 10]
    assert all(map(torch.equal, first, again))
    assert first[0].shape != other[0].shape or not torch.equal(first[0], other[0])


def test_loss_of_a_batch_is_the_mean_over_its_rows_without_dropout(make_job) -> None:
    family = opened(make_job(make_spec({"kind": "sparse", "mask": "gradient"})))
    context = family.run_context(12)
    family.model.train()
    loss, again = context.loss(0), context.loss(0)
    assert torch.equal(loss, again)
    # A random head of three labels is about as unsure as ln 3 = 1.1 nats a row.
    assert 0.7 < float(loss) < 1.5
    loss.backward()
    assert family.model.encoder.embeddings.word_embeddings.weight.grad is not None


def test_method_is_applied_to_the_body_alone(make_job) -> None:
    family = opened(make_job(make_spec({"kind": "lora", "rank": 4})))
    before = family.body
    family.adapt(12)
    assert family.body is not before and type(family.body).__name__.startswith("Peft")
    learning = [name for name, weight in family.model.named_parameters() if weight.requires_grad]
    assert all("lora_" in name or name.startswith("head.") for name in learning)


@pytest.mark.parametrize(("setting", "wanted"), [("yes", True), ("no", False), ("auto", False)])
def test_forgetting_is_measured_when_asked_or_cheap(make_job, setting: str, wanted: bool) -> None:
    # The texts hold 9999 tokens; 42 short training rows are far less work than reading those twice.
    family = opened(make_job(make_spec(measure_forgetting=setting)))
    assert family.wants_forgetting([9999]) is wanted


def test_counts_are_reported_by_split_and_empty_splits_are_left_out() -> None:
    counts = count_by_split({"train": [1] * 1200, "validation": [], "test": [1]}, len)
    assert counts == {"train": 1200, "test": 1}
    assert list_counts(counts) == "1,200 of train, 1 of test"


def test_empty_split_is_refused_by_name() -> None:
    require_rows("test", [1])
    with pytest.raises(StudioError, match="The validation part of the data has no rows") as caught:
        require_rows("validation", [])
    assert caught.value.code == "empty_split"


def test_download_that_answers_differently_is_reported_with_the_difference() -> None:
    error = reload_failed("logits differ by 0.5")
    assert error.code == "adapter_check_failed" and "logits differ by 0.5" in error.message


def test_prediction_row_has_its_fields_by_name() -> None:
    row = PredictionRow(3, "text", "a", "b", "a", 0.5)
    assert row.as_json() == {
        "row_id": 3,
        "input": "text",
        "expected": "a",
        "base_answer": "b",
        "answer": "a",
        "score": 0.5,
        "split": "test",
    }


def test_warning_reaches_the_report_with_its_data(make_job) -> None:
    family = opened(make_job(make_spec()))
    family.warn("Rows are cut.", rows=3)
    event = family.report.events[-1]
    assert (event["severity"], event["message"], event["rows"]) == ("warning", "Rows are cut.", 3)
