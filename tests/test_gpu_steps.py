"""The benchmark of steps on its tiny model: it measures what it says, the same learning in both ways."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import gpu_steps
from benchmarks.gpu_steps import Load, measure_size, operations, run, summary, write_model

CPU = torch.device("cpu")
LOAD = Load(rows=4, length=64, portions=2, steps=1)


def test_both_ways_and_methods_are_measured_on_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    table = list(measure_size("tiny", LOAD, CPU, rate=1e12))
    assert [(item.method, item.way) for item in table] == [
        ("lora", "studio"),
        ("lora", "plain"),
        ("qlora", "studio"),
        ("qlora", "plain"),
    ]
    for studio, plain in (table[:2], table[2:]):
        # Adapters begin at zero, so after few updates both have the base model's loss but for rounding in bf16.
        assert studio.loss == pytest.approx(plain.loss, rel=0.01)
        assert studio.tokens_per_second > 0 and studio.peak_bytes > 1e7 and studio.attention == "flash"
    assert table[0].loss != table[2].loss
    text = summary(table)
    assert "tiny lora x" in text and "tiny qlora x" in text


def test_the_operations_are_those_that_are_done(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_model("tiny", tmp_path, CPU)
    # Adapters as narrow as can be, whose own products are left out of the count.
    monkeypatch.setattr(gpu_steps, "RANK", 1)
    monkeypatch.setattr(gpu_steps, "WARM_UP", 0)
    with FlopCounterMode(display=False) as counter:
        run("plain", "lora", tmp_path, LOAD, CPU)
    counted = counter.get_total_flops() / (LOAD.rows * LOAD.length)
    attention = 2 * 8 * LOAD.length * 64
    assert counted == pytest.approx(operations("tiny", LOAD.length) - attention, rel=0.12)
