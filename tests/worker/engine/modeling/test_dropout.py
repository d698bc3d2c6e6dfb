"""Byte dropout: the share it drops, the value it keeps, and where it stands in for torch's."""

import pytest
import torch
from torch import nn
from transformers import AutoModelForCausalLM, GPT2Config, LlamaConfig, PreTrainedConfig

from worker.engine.modeling.dropout import ByteDropout, disable_dropout, use_fast_dropout


def test_the_stated_share_is_dropped_and_the_expected_value_stays() -> None:
    torch.manual_seed(0)
    out = ByteDropout(0.1)(torch.ones(1000, 1000))
    # 26/256 is the nearest share; a million draws have a standard error of 0.0003.
    assert (out == 0).float().mean().item() == pytest.approx(26 / 256, abs=0.0015)
    assert out.mean().item() == pytest.approx(1.0, abs=0.002)


def test_every_position_is_equally_likely() -> None:
    torch.manual_seed(0)
    layer = ByteDropout(0.5)
    dropped = sum((layer(torch.ones(64)) == 0).float() for _ in range(2000)) / 2000
    # Eight bytes come from each draw; a biased byte would show at every eighth place. Standard error 0.011.
    assert (dropped - 0.5).abs().max().item() < 0.06


def test_it_follows_the_seed_and_rests_in_evaluation() -> None:
    layer, values = ByteDropout(0.3), torch.randn(50)
    torch.manual_seed(1)
    first = layer(values)
    torch.manual_seed(1)
    assert torch.equal(first, layer(values))
    assert torch.equal(layer.eval()(values), values)


def test_dropped_elements_get_no_gradient() -> None:
    values = torch.ones(200, requires_grad=True)
    out = ByteDropout(0.5)(values)
    out.sum().backward()
    assert torch.equal(values.grad == 0, out == 0)
    assert 0 < int((out == 0).sum()) < 200


def test_every_dropout_of_a_model_is_replaced() -> None:
    model = nn.Sequential(nn.Dropout(0.2), nn.ModuleDict({"inner": nn.Sequential(nn.Dropout(0.4))}))
    use_fast_dropout(model)
    assert [type(module) for module in model.modules() if "Dropout" in type(module).__name__] == [ByteDropout] * 2
    assert [module.p for module in model.modules() if isinstance(module, ByteDropout)] == [0.2, 0.4]


@pytest.mark.parametrize(
    "config",
    [
        GPT2Config(vocab_size=40, n_embd=16, n_layer=1, n_head=2),
        # Llama keeps the dropout of its attention as a number.
        LlamaConfig(
            vocab_size=40,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            attention_dropout=0.5,
        ),
    ],
    ids=["modules", "number"],
)
@pytest.mark.parametrize("fast", [True, False])
def test_model_without_dropout_says_the_same_in_training(config: PreTrainedConfig, fast: bool) -> None:
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    if fast:
        use_fast_dropout(model)
    ids = torch.arange(2, 30)[None]
    wanted = model.eval()(input_ids=ids).logits
    assert not torch.allclose(model.train()(input_ids=ids).logits, wanted, atol=1e-4)
    disable_dropout(model)
    assert torch.allclose(model(input_ids=ids).logits, wanted, atol=1e-5)
