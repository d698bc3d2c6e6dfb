"""Routed adapters: who answers a token, by hand; that it equals peft's own Arrow is tested in ``test_arrow_routing``."""

import math

import pytest
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from app.catalog.tuners.arrow import ArrowConfig, ArrowLayer


def routed(top_k: int, temperature: float = 1.0) -> ArrowLayer:
    """Three adapters of widths 1, 2 and 1 on a layer of zeros; adapter n adds 10**n times its share to output n."""
    base = nn.Linear(3, 3, bias=False)
    nn.init.zeros_(base.weight)
    layer = ArrowLayer(base, "default", ArrowConfig(ranks=[1, 2, 1], top_k=top_k, temperature=temperature))
    with torch.no_grad():
        # The third input is always 1; what reaches the wide adapter is halved over its two columns.
        layer.arrow_down["default"].weight.copy_(torch.tensor([[0, 0, 1], [0, 0, 0.5], [0, 0, 0.5], [0, 0, 1]]))
        layer.arrow_up["default"].weight.copy_(torch.tensor([[1.0, 0, 0, 0], [0, 10, 10, 0], [0, 0, 0, 100]]))
        layer.arrow_prototypes["default"].weight.copy_(torch.tensor([[1.0, 0, 0], [0, 1, 0], [-1, 0, 0]]))
    return layer


def test_fresh_layer_changes_nothing() -> None:
    base, x = nn.Linear(4, 2), torch.randn(5, 4)
    assert torch.equal(ArrowLayer(base, "default", ArrowConfig(ranks=[2]))(x), base(x))


def test_each_token_is_answered_by_those_that_are_most_alike() -> None:
    x = torch.tensor([[0.0, 5.0, 1.0], [3.0, 2.0, 1.0]])
    # The first token is like the second adapter alone; the other is as like the first as the third.
    first, second = routed(top_k=1)(x).tolist()
    assert first == [0, 10, 0]
    assert second in ([1, 0, 0], [0, 0, 100])
    # Two of equal likeness share the token, whatever the sign of their direction.
    assert routed(top_k=2)(x[1:]).tolist()[0] == pytest.approx([0.5, 0, 50])


def test_shares_are_the_softmax_of_likeness_over_temperature() -> None:
    x = torch.tensor([[0.0, 2.0, 1.0]])
    weights = [1.0, math.exp(2.0 / 0.5), 1.0]
    expected = [10**n * weight / sum(weights) for n, weight in enumerate(weights)]
    assert routed(top_k=3, temperature=0.5)(x).tolist()[0] == pytest.approx(expected, rel=1e-5)


def test_more_adapters_per_token_than_there_are_means_all() -> None:
    x = torch.tensor([[1.0, 2.0, 1.0]])
    assert torch.equal(routed(top_k=9)(x), routed(top_k=3)(x))


def test_layer_that_keeps_its_matrix_the_other_way_round_is_adapted_too() -> None:
    base = Conv1D(5, 3)
    layer = ArrowLayer(base, "default", ArrowConfig(ranks=[2, 2]))
    assert layer.arrow_down["default"].weight.shape == (4, 3) and layer.arrow_up["default"].weight.shape == (5, 4)
    assert layer(torch.randn(2, 3)).shape == (2, 5)


def test_switched_off_it_is_the_base_layer_and_it_cannot_be_merged() -> None:
    layer, x = routed(top_k=3), torch.tensor([[1.0, 2.0, 1.0]])
    assert layer(x).any()
    layer.enable_adapters(False)
    assert not layer(x).any()
    with pytest.raises(ValueError, match="cannot be merged"):
        layer.merge()


@pytest.mark.parametrize(
    "settings", [{"ranks": []}, {"ranks": [0]}, {"ranks": [2], "top_k": 0}, {"ranks": [2], "temperature": 0}]
)
def test_configuration_that_cannot_work_is_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match="must"):
        ArrowConfig(**settings)
