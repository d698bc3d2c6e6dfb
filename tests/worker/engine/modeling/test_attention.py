"""Which implementation of attention is asked for."""

import pytest
import torch

from worker.engine.modeling.attention import reading_attention, writing_attention


def test_model_without_the_fused_kernel_is_never_asked_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert reading_attention(fused=False) == writing_attention(fused=False) == "eager"
    assert reading_attention(fused=True) == writing_attention(fused=True) == "sdpa"


def test_readers_take_plain_products_on_a_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert (reading_attention(fused=True), writing_attention(fused=True)) == ("eager", "sdpa")
