"""What stays untouched is read once: the same losses as with reading it in every pass, and the same answers."""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file

from app.run_report import Stopped
from tests import tiny_tokens
from tests.tiny import make_spec
from tests.tiny_generation import make_chat_card, make_chat_rows, make_chat_spec
from worker.engine.loop import hidden_state_cache
from worker.engine.loop.train import train
from worker.engine.modeling.partly_frozen import RowSpan, row_key
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.classification.classification import Classification
from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head

SETTINGS = [
    {"kind": "head-only"},
    {"kind": "chosen-layers", "layers": "last 1"},
    {"kind": "lora", "rank": 4, "layers": "last 1"},
    {"kind": "bottleneck-adapter", "layers": "last 1", "reduction": 4},
]
some = pytest.mark.parametrize("method", SETTINGS, ids=lambda settings: settings["kind"])


def losses(job: TrainingJob) -> tuple[list[float], dict[str, Any]]:
    report = ListReport()
    results = train(job, report)
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
    make_job, monkeypatch: pytest.MonkeyPatch, method: dict
) -> None:
    # Dropout is on above the frozen part; below it there is none, so both runs draw the same masks.
    spec = make_spec(method, epochs=3, learning_rate=1e-2)
    remembered = losses(make_job(spec))
    forbid(monkeypatch)
    again = losses(make_job(spec))
    assert remembered[0] == pytest.approx(again[0], abs=1e-5)
    assert remembered[1] == pytest.approx(again[1], abs=1e-5)


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every row go all the way in every pass."""
    monkeypatch.setattr(hidden_state_cache, "MAX_STATE_BYTES", 0)
    monkeypatch.setattr(Classification, "use_cached_vectors", lambda self: False)


@pytest.fixture(params=["words", "chat"])
def other_order(request: pytest.FixtureRequest, make_job, tmp_path: Path) -> Callable[[], TrainingJob]:
    """Jobs for another task than sorting texts, in which only the last block learns."""
    method = {"kind": "lora", "rank": 4, "layers": "last 1"}
    rows, base = tmp_path / "rows", tmp_path / "base"
    rows.mkdir()
    base.mkdir()
    if request.param == "words":
        tiny_tokens.make_rows(rows)
        spec, base_of = tiny_tokens.make_spec(method, epochs=3), {}
    else:
        make_chat_rows(rows, 32)
        spec, base_of = make_chat_spec(method, epochs=3), {"base": make_chat_card(base), "base_folder": base}
    places = {"rows": rows / "rows.parquet", "splits": rows / "splits.json"}
    return lambda: replace(make_job(spec), **places, **base_of)


def test_marked_words_and_conversations_learn_the_same_too(
    other_order: Callable[[], TrainingJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = hidden_state_cache.HiddenStateCache.gather
    found: Counter[bool] = Counter()

    def counted(self: Any, pieces: list[RowSpan], *rest: Any) -> torch.Tensor | None:
        states = kept(self, pieces, *rest)
        found[states is not None] += len(pieces)
        return states

    monkeypatch.setattr(hidden_state_cache.HiddenStateCache, "gather", counted)
    remembered = stopped_losses(other_order())
    # Nothing but rows that are known was asked for, in training and in checks alike.
    assert found[True] > 0
    assert not found[False]
    forbid(monkeypatch)
    again = stopped_losses(other_order())
    assert found[False] == 0
    assert len(again) > 8
    assert remembered == pytest.approx(again, abs=1e-5)


def stopped_losses(job: TrainingJob) -> list[float]:
    """Losses of training and checks up to an update after the first pass; what comes after learning is left out."""
    report = ListReport(stop_at=8)
    with pytest.raises(Stopped):
        train(job, report)
    return [value for curve in ("train/loss", "eval/loss") for _, value in report.curve(curve)]


def test_the_test_rows_go_all_the_way_in_full_precision(make_job, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = make_spec({"kind": "lora", "rank": 4, "layers": "last 1"})
    seen: Counter[bool] = Counter()
    forward = PooledClassifier.forward

    def watched(self: PooledClassifier, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen[self.hidden_states is not None] += len(ids)
        return forward(self, ids, mask)

    def tested(self: Classification) -> None:
        assert seen[True] > 0
        seen.clear()
        test(self)
        assert seen == {False: len(self.examples["test"])}

    test = Classification.test
    monkeypatch.setattr(PooledClassifier, "forward", watched)
    monkeypatch.setattr(Classification, "test", tested)
    train(make_job(spec), ListReport())


def test_rows_that_need_too_much_disk_are_read_anew_and_it_is_reported(make_job) -> None:
    report = ListReport()
    job = replace(make_job(make_spec({"kind": "lora", "rank": 4, "layers": "last 1"})), free_disk_bytes=2**60)
    with pytest.raises(Exception, match=r"disk is full.*are kept free"):
        train(job, report)
    assert any("goes through them in every pass" in event["message"] for event in report.events)


def test_what_is_kept_is_reported_and_leaves_no_file(make_job) -> None:
    report, job = ListReport(), make_job(make_spec({"kind": "lora", "rank": 4, "layers": "last 1"}))
    train(job, report)
    assert any("went through them once" in event["message"] for event in report.events)
    assert not (job.folder / hidden_state_cache.FILE).exists()
    held = [os.path.realpath(f"/proc/self/fd/{entry}") for entry in os.listdir("/proc/self/fd")]
    assert not [entry for entry in held if str(job.folder) in entry]


def test_a_number_too_large_for_sixteen_bits_is_not_kept(tmp_path: Path) -> None:
    states = hidden_state_cache.HiddenStateCache([[2, 5, 3]], 4, torch.float16)
    states.open(tmp_path, Accelerator())
    with pytest.raises(OverflowError):
        states.put([2, 5, 3], torch.full((3, 4), 1e6))
    states.close()


@some
def test_the_untouched_part_is_read_once_not_in_every_pass(
    make_job, monkeypatch: pytest.MonkeyPatch, method: dict
) -> None:
    passes = count_block_passes(monkeypatch)
    # One check alone: of a single pass nothing is cached.
    train(make_job(make_spec(method, epochs=1, head_start="random")), ListReport())
    once = passes[0]
    passes.clear()
    train(make_job(make_spec(method, epochs=6)), ListReport())
    assert passes[0] == once
    if method["kind"] != "head-only":
        assert passes[1] > once


@some
def test_stopped_and_resumed_equals_its_uninterrupted_twin(make_job, method: dict) -> None:
    spec = make_spec(method)
    twin, stopped = make_job(spec), make_job(spec)
    train(twin, ListReport())
    with pytest.raises(Stopped):
        train(stopped, ListReport(stop_at=8))
    resumed = make_job(spec, resume_from=stopped.folder / "checkpoints" / "step-8")
    train(resumed, ListReport())
    assert learned(resumed) == learned(twin)


def learned(job: TrainingJob) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(job.folder, "adapter").glob("*.safetensors")}


def test_a_method_that_learns_below_its_first_layer_remembers_nothing(make_job) -> None:
    job = make_job(make_spec({"kind": "trainable-tokens", "layers": "last 1", "tokens": 8, "rank": 2}))
    train(job, ListReport())
    kept = load_file(job.folder / "adapter" / "adapter_model.safetensors")
    (name,) = [name for name in kept if "trainable_tokens" in name]
    start = load_file(job.base_folder / "model.safetensors")["embeddings.word_embeddings.weight"]
    assert not any(torch.equal(vector, old) for vector in kept[name] for old in start)


@pytest.mark.parametrize(("learning", "untouched"), [("encoder.layer.1", 1), ("embeddings", 0), ("", 2)])
def test_what_is_untouched_follows_from_what_learns(tiny_base, learning: str, untouched: int) -> None:
    card, folder = tiny_base
    model = PooledClassifier(load_encoder(folder, card).requires_grad_(False), make_head(32, 3), card)
    if learning:
        model.encoder.get_submodule(learning).requires_grad_(True)
    ids = torch.tensor([[2, 5, 3]])
    assert hidden_state_cache.count_frozen_blocks(model, ids, torch.ones_like(ids)) == untouched


def test_kept_rows_come_back_where_they_stand_in_a_batch(tmp_path: Path) -> None:
    rows = [[2, 5, 3], [2, 6, 7, 3]]
    states = hidden_state_cache.HiddenStateCache(rows, 4, torch.float32)
    states.open(tmp_path, Accelerator())
    values = [torch.randn(len(row), 4) for row in rows]
    for row, value in zip(rows, values, strict=True):
        states.put(row, value)
    pieces = [RowSpan(row_key(rows[1]), 0, 1), RowSpan(row_key(rows[0]), 1, 0)]
    found = states.gather(pieces, torch.Size((2, 6)), torch.device("cpu"))
    assert found is not None
    assert torch.equal(found[0, 1:5], values[1])
    assert torch.equal(found[1, :3], values[0])
    assert not found[0, 0].any() and not found[1, 3:].any()
    assert states.gather([RowSpan(row_key([9]), 0, 0)], torch.Size((1, 1)), torch.device("cpu")) is None
    states.close()
