"""What a trainer does before its job arrives."""

import sys

import pytest
import torch

from worker.engine.runtime.warm_up import warm_up


@pytest.mark.parametrize("name", ["peft", "sklearn.linear_model"])
def test_library_that_runs_import_inside_functions_is_loaded(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    # As if nobody had imported it; its own modules stay loaded, and it comes back after the test.
    monkeypatch.delitem(sys.modules, name, raising=False)
    warm_up()
    assert name in sys.modules


def test_number_format_of_the_process_stays_as_it_was() -> None:
    warm_up()
    assert not torch.is_autocast_enabled("cpu") and torch.is_grad_enabled()
    assert torch.ones(2, 2).matmul(torch.ones(2, 2)).dtype == torch.float32
