"""Passes over rows without training."""

import pytest
import torch
from accelerate import Accelerator

from app.run_report import Stopped
from worker.engine.batching.batches import READING_BUDGET
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.evaluation import EvaluationLoop

LENGTHS = [5, 900, 7, 300, 12] * 20


def make_loop(report: ListReport) -> EvaluationLoop:
    return EvaluationLoop(Accelerator(cpu=True), report, pad_id=9)


def test_every_row_is_in_one_batch_within_the_budget() -> None:
    batches = list(make_loop(ListReport()).batches(LENGTHS))
    assert sorted(row for batch in batches for row in batch) == list(range(len(LENGTHS)))
    assert all(max(LENGTHS[row] for row in batch) * len(batch) <= READING_BUDGET["cpu"] for batch in batches)


def test_one_process_has_the_whole_share() -> None:
    loop = make_loop(ListReport())
    assert list(loop.batches(LENGTHS, sharded=True)) == list(loop.batches(LENGTHS))


def test_a_request_to_stop_is_obeyed_between_batches() -> None:
    report = ListReport(stop_at=3)
    batches = make_loop(report).batches(LENGTHS)
    next(batches)
    report.progress(step=3)
    with pytest.raises(Stopped):
        next(batches)


def test_rows_are_padded_with_the_pad_token_and_masked() -> None:
    ids, mask = make_loop(ListReport()).collate([[1, 2], [3]], [1, 0])
    assert ids[:, :2].tolist() == [[3, 9], [1, 2]] and mask.sum(1).tolist() == [1, 2]
    assert ids.dtype == mask.dtype == torch.long
