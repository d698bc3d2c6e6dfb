"""What stays untouched is read once: the same losses as with reading it in every pass, and the same answers."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.tiny import make_spec
from worker.engine import frozen_rows
from worker.engine.model import load_encoder
from worker.engine.report import ListReport, Stopped
from worker.engine.train import Order, train

SETTINGS = [
    {"kind": "head-only"},
    {"kind": "chosen-layers", "layers": "last 1"},
    {"kind": "lora", "rank": 4, "layers": "last 1"},
    {"kind": "bottleneck-adapter", "layers": "last 1", "reduction": 4},
]
some = pytest.mark.parametrize("method", SETTINGS, ids=lambda each: each["kind"])


def losses(order: Order) -> tuple[list[float], dict[str, Any]]:
    report = ListReport()
    results = train(order, report)
    return [value for _, value in report.curve("train/loss")], results["metrics"]


def count_block_passes(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """Rows that went through each block of the encoder."""
    from transformers.models.bert.modeling_bert import BertLayer

    passes: Counter[int] = Counter()
    plain = BertLayer.forward

    def counted(self: Any, hidden_states: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        passes[self.attention.self.layer_idx] += len(hidden_states)
        return plain(self, hidden_states, *args, **kwargs)

    monkeypatch.setattr(BertLayer, "forward", counted)
    return passes


@some
def test_remembered_and_read_anew_the_losses_are_the_same(
    make_order, monkeypatch: pytest.MonkeyPatch, method: dict
) -> None:
    # Dropout is on above the frozen part; below it there is none, so both runs draw the same masks.
    spec = make_spec(method, epochs=3, learning_rate=1e-2)
    remembered = losses(make_order(spec))
    monkeypatch.setattr(frozen_rows, "MOST_BYTES", 0)
    if method["kind"] == "head-only":
        monkeypatch.setattr(frozen_rows.KnownVectors, "add", lambda self, tokens, vectors: None)
    again = losses(make_order(spec))
    assert remembered[0] == pytest.approx(again[0], abs=1e-5)
    assert remembered[1] == pytest.approx(again[1], abs=1e-5)


@some
def test_the_untouched_part_is_read_once_not_in_every_pass(
    make_order, monkeypatch: pytest.MonkeyPatch, method: dict
) -> None:
    passes = count_block_passes(monkeypatch)
    train(make_order(make_spec(method, epochs=1)), ListReport())
    once = passes[0]
    passes.clear()
    train(make_order(make_spec(method, epochs=6)), ListReport())
    assert passes[0] == once
    if method["kind"] != "head-only":
        assert passes[1] > once


@some
def test_stopped_and_resumed_equals_its_uninterrupted_twin(make_order, method: dict) -> None:
    spec = make_spec(method)
    twin, stopped = make_order(spec), make_order(spec)
    train(twin, ListReport())
    with pytest.raises(Stopped):
        train(stopped, ListReport(stop_at=8))
    resumed = make_order(spec, resume_from=stopped.folder / "checkpoints" / "step-8")
    train(resumed, ListReport())
    assert learned(resumed) == learned(twin)


def learned(order: Order) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(order.folder, "adapter").glob("*.safetensors")}


def test_a_method_that_learns_below_its_first_layer_remembers_nothing(make_order) -> None:
    order = make_order(make_spec({"kind": "trainable-tokens", "layers": "last 1", "tokens": 8, "rank": 2}))
    train(order, ListReport())
    kept = load_file(order.folder / "adapter" / "adapter_model.safetensors")
    (name,) = [name for name in kept if "trainable_tokens" in name]
    start = load_file(order.base_folder / "model.safetensors")["embeddings.word_embeddings.weight"]
    assert not any(torch.equal(vector, old) for vector in kept[name] for old in start)


def test_a_wrong_claim_of_untouched_layers_is_noticed(tiny_base) -> None:
    card, folder = tiny_base
    encoder = load_encoder(folder, card).requires_grad_(False)
    frozen_rows.check_untouched(encoder, 2)
    encoder.encoder.layer[1].requires_grad_(True)
    frozen_rows.check_untouched(encoder, 1)
    with pytest.raises(RuntimeError, match="layer.1"):
        frozen_rows.check_untouched(encoder, 2)


def test_a_row_that_was_never_read_takes_the_ordinary_way() -> None:
    known = frozen_rows.KnownVectors()
    known.add([[2, 5, 3]], torch.ones(1, 4))
    ids, mask = torch.tensor([[2, 5, 3, 0], [2, 6, 7, 3]]), torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]])
    assert known.vectors(ids, mask, lambda ids, mask: ids) is None
    assert torch.equal(known.vectors(ids[:1], mask[:1], lambda ids, mask: ids), torch.ones(1, 4))
