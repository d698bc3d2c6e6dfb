"""Bottleneck adapters: their formulas by hand, and which configurations are refused."""

import pytest
import torch
from torch import nn
from torch.nn.functional import gelu, relu
from transformers import BertConfig, BertModel

from app.catalog.methods.bottleneck_adapter import BottleneckAdapter
from app.catalog.methods.parallel_adapter import ParallelAdapter
from app.catalog.tuners.bottleneck import PHM, BottleneckConfig, BottleneckLayer

WIDTH = 8


def adapted(base: nn.Module, **settings: object) -> BottleneckLayer:
    """A layer whose adapter has learned something."""
    torch.manual_seed(0)
    layer = BottleneckLayer(base, "default", BottleneckConfig(width=WIDTH, r=2, **settings))
    for weight in layer.bottleneck_up.parameters():
        nn.init.normal_(weight)
    return layer


def test_fresh_adapter_changes_nothing_and_only_it_trains() -> None:
    base = nn.Linear(4, WIDTH)
    layer, x = BottleneckLayer(base, "default", BottleneckConfig(width=WIDTH, r=2)), torch.randn(3, 4)
    assert torch.equal(layer(x), base(x))
    learning = sum(weight.numel() for name, weight in layer.named_parameters() if name.startswith("bottleneck_"))
    # Down and up with their offsets.
    assert learning == (WIDTH * 2 + 2) + (2 * WIDTH + WIDTH)


@pytest.mark.parametrize(("activation", "bend"), [("relu", relu), ("gelu", gelu)])
def test_sequential_adapter_reads_and_adds_to_the_output(activation: str, bend) -> None:
    layer, x = adapted(nn.Linear(4, WIDTH), activation=activation), torch.randn(3, 4)
    y = layer.base_layer(x)
    down, up = layer.bottleneck_down["default"], layer.bottleneck_up["default"]
    assert torch.allclose(layer(x), y + up(bend(down(y))), atol=1e-6)


def test_parallel_adapter_reads_the_input_and_is_scaled() -> None:
    layer, x = adapted(nn.Linear(WIDTH, WIDTH), placement="parallel", scale=4.0), torch.randn(3, WIDTH)
    down, up = layer.bottleneck_down["default"], layer.bottleneck_up["default"]
    assert torch.allclose(layer(x), layer.base_layer(x) + 4 * up(relu(down(x))), atol=1e-5)


def test_parallel_adapter_of_an_encoder_adds_to_the_stream_before_the_norm() -> None:
    """BERT's ``output`` is handed the stream it adds to; the sum there must be the formula of the paper."""
    config = BertConfig(vocab_size=40, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)
    model = ParallelAdapter(reduction=4).apply(BertModel(config, add_pooling_layer=False).eval())
    layer = model.base_model.model.encoder.layer[0].output
    nn.init.normal_(layer.bottleneck_up["default"].weight)
    wide, stream = torch.randn(2, 5, 64), torch.randn(2, 5, 32)
    road = layer.bottleneck_up["default"](relu(layer.bottleneck_down["default"](stream)))
    inner = layer.base_layer
    expected = inner.LayerNorm(inner.dense(wide) + stream + 4.0 * road)
    assert torch.allclose(layer(wide, stream), expected, atol=1e-6)


def test_matrix_of_kronecker_products_is_their_sum() -> None:
    torch.manual_seed(0)
    layer, x = PHM(12, 8, 4, zero=False), torch.randn(3, 12)
    nn.init.normal_(layer.bias)
    matrix = sum(torch.kron(layer.rule[n], layer.left[n] @ layer.right[n]) for n in range(4))
    assert matrix.shape == (8, 12)
    assert torch.allclose(layer(x), x @ matrix.T + layer.bias, atol=1e-5)
    assert not PHM(12, 8, 4, zero=True)(x).any()


def test_second_adapter_is_used_only_when_it_is_active_and_none_when_switched_off() -> None:
    base, x = nn.Linear(4, WIDTH), torch.randn(3, 4)
    layer = adapted(base)
    first = layer(x)
    layer.update_layer("second", BottleneckConfig(width=WIDTH, r=4))
    assert torch.equal(layer(x), first)
    layer.set_adapter("second")
    assert torch.equal(layer(x), base(x))
    layer.set_adapter("default")
    layer.enable_adapters(False)
    assert torch.equal(layer(x), base(x))


def test_adapter_takes_the_number_format_of_its_module() -> None:
    layer = BottleneckLayer(nn.Linear(4, WIDTH).bfloat16(), "default", BottleneckConfig(width=WIDTH, r=2))
    assert {weight.dtype for weight in layer.parameters()} == {torch.bfloat16}
    assert layer(torch.randn(3, 4).bfloat16()).dtype == torch.bfloat16


def test_merge_is_refused_because_the_adapter_is_not_linear() -> None:
    config = BertConfig(vocab_size=40, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64)
    model = BottleneckAdapter(reduction=4).apply(BertModel(config, add_pooling_layer=False))
    with pytest.raises(ValueError, match="not linear"):
        model.merge_and_unload()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"placement": "above"}, "placement is 'above'"),
        ({"activation": "tanh"}, "activation is 'tanh'"),
        ({"width": 8, "r": 3, "phm": 2}, "multiples of phm 2"),
    ],
)
def test_configuration_that_cannot_work_is_refused(settings: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        BottleneckConfig(**settings)
