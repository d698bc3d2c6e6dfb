"""Gradient checkpointing: the same loss curve and adapter, each block computed twice; and bases in fewer bits for any method."""

from pathlib import Path

import pytest
import torch
from torch import nn

from app.catalog.blocks import find_blocks
from tests.tiny import make_spec
from tests.tiny_generation import make_chat_card, make_chat_rows, make_chat_spec
from worker.engine.loop.train import train
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often a feed-forward part was computed while the model was in training mode."""
    calls = [0]
    plain = nn.Linear.forward

    def forward(self: nn.Linear, x: torch.Tensor) -> torch.Tensor:
        calls[0] += self.training and torch.is_grad_enabled()
        return plain(self, x)

    monkeypatch.setattr(nn.Linear, "forward", forward)
    return calls


@pytest.mark.parametrize(
    "method", [{"kind": "full"}, {"kind": "lora", "rank": 4}, {"kind": "lora", "layers": "last 1"}]
)
def test_the_run_is_the_same_and_blocks_are_computed_again(make_job, counted: list[int], method: dict) -> None:
    curves, weights, calls = [], [], []
    for checkpointing in (False, True):
        counted[0] = 0
        job, report = make_job(make_spec(method, gradient_checkpointing=checkpointing)), ListReport()
        train(job, report)
        curves.append([value for _, value in report.curve("train/loss")])
        weights.append([path.read_bytes() for path in sorted((job.folder / "adapter").glob("*.safetensors"))])
        calls.append(counted[0])
    assert curves[0] == curves[1] and weights[0] == weights[1]
    assert calls[1] > 1.5 * calls[0]


def test_models_that_write_learn_the_same(tmp_path: Path) -> None:
    card = make_chat_card(folder := tmp_path / "base")
    make_chat_rows(tmp_path)
    curves = []
    for checkpointing in (False, True):
        spec = make_chat_spec({"kind": "lora"}, epochs=1, gradient_checkpointing=checkpointing)
        (tmp_path / str(checkpointing)).mkdir()
        job = TrainingJob(
            spec, card, folder, tmp_path / "rows.parquet", tmp_path / "splits.json", tmp_path / str(checkpointing)
        )
        report = ListReport()
        train(job, report)
        curves.append([value for _, value in report.curve("train/loss")])
    assert curves[0] == pytest.approx(curves[1], rel=1e-5)


@pytest.mark.parametrize(
    ("method", "held", "layer"),
    [
        ({"kind": "ia3"}, "4-bit", "Linear4bit"),
        ({"kind": "ia3"}, "8-bit", "Linear8bitLt"),
        ({"kind": "head-only"}, "4-bit", "Linear4bit"),
        ({"kind": "qlora"}, "auto", "Linear4bit"),
        ({"kind": "qlora", "bits": "8"}, "auto", "Linear8bitLt"),
    ],
)
def test_any_method_that_can_learns_on_a_base_in_fewer_bits(
    make_job, monkeypatch: pytest.MonkeyPatch, method: dict, held: str, layer: str
) -> None:
    from worker.engine.tasks import encoder_head

    seen: list[set[str]] = []
    load = encoder_head.load_encoder

    def look(*args: object) -> nn.Module:
        encoder = load(*args)
        seen.append({type(module).__name__ for block in find_blocks(encoder).values() for module in block.modules()})
        return encoder

    monkeypatch.setattr(encoder_head, "load_encoder", look)
    job = make_job(make_spec(method, base_precision=held, epochs=8, learning_rate=3e-3))
    report = ListReport()
    train(job, report)
    assert layer in seen[0]
    curve = [value for _, value in report.curve("train/loss")]
    epoch = len(curve) // 8
    # Single updates see eight rows, so whole passes are compared.
    assert sum(curve[-epoch:]) < sum(curve[:epoch])
    assert "BitsAndBytesConfig" in (job.folder / "adapter" / "use_me.py").read_text()
