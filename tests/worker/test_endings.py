"""Which cause an exception of the trainer is taken for: each has an answer of its own."""

import errno

import pytest
import torch

from worker import trainer
from worker.jobs import failure_messages


def test_memory_that_cannot_be_had_is_told_as_such() -> None:
    with pytest.raises(RuntimeError) as refused:
        torch.empty(1 << 50)
    assert trainer._explain(refused.value).code == failure_messages.OUT_OF_MEMORY
    assert trainer._explain(MemoryError()).code == failure_messages.OUT_OF_MEMORY
    assert trainer._explain(torch.OutOfMemoryError("CUDA out of memory")).code == failure_messages.OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), failure_messages.DISK_FULL),
        (RuntimeError("I/O error: No space left on device (os error 28)"), failure_messages.DISK_FULL),
        (RuntimeError("CUDA error: uncorrectable ECC error encountered"), failure_messages.DEVICE_LOST),
        (KeyError("text"), "training_failed"),
    ],
)
def test_other_causes_are_told_apart(error: Exception, code: str) -> None:
    told = trainer._explain(error)
    assert told.code == code and told.hint


@pytest.mark.parametrize(
    ("portions", "training", "wanted"),
    [
        (1, {"batch_size": 32}, 2),
        (8, {"batch_size": 32}, 16),
        (16, {"batch_size": 64}, None),
        (2, {"batch_size": 2}, None),
        (1, {"batch_size": 8, "accumulation": 8}, None),
    ],
)
def test_portions_are_halved_until_that_cannot_help(portions: int, training: dict, wanted: int | None) -> None:
    assert failure_messages.next_portions({"portions": portions}, training) == wanted
