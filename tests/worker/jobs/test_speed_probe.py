"""The probe of a machine's speed."""

import json
import os
import sys
from collections.abc import Iterator

import pytest
import torch

from worker.jobs import speed_probe


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Steps of 512 and 8 tokens, each measured twice."""
    monkeypatch.setattr(speed_probe, "LARGE", (16, 32))
    monkeypatch.setattr(speed_probe, "TRIES", {(16, 32): 2, speed_probe.SMALL: 2})
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_many_tokens_take_longer_than_few() -> None:
    found = speed_probe.measure(threads=1)
    assert set(found) == {"learn", "calls"}
    assert 0 < found["calls"] < found["learn"] < 60
    assert torch.get_num_threads() == 1


def test_result_is_one_line_of_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    torch.set_num_threads(2)
    # Lowering the priority of the tests could not be undone.
    monkeypatch.setattr(os, "nice", lambda _: 0)
    monkeypatch.setattr(sys, "argv", ["speed_probe", "1"])
    assert speed_probe.main() == 0
    assert set(json.loads(capsys.readouterr().out)) == {"learn", "calls"}
    assert torch.get_num_threads() == 1
