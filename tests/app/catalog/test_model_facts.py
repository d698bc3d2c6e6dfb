"""Shapes read from configurations, against models that transformers makes of the same configurations."""

from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModel

from app.catalog.blocks import find_blocks
from app.catalog.model_facts import FAMILIES, shape_of
from app.errors import Rejected

ENCODER = {
    "vocab_size": 50,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 66,
}
DECODER = {**ENCODER, "num_key_value_heads": 2, "head_dim": 16}
CONFIGS: dict[str, dict[str, Any]] = {
    "bert": ENCODER,
    "roberta": ENCODER,
    "xlm-roberta": ENCODER,
    "distilbert": {
        "vocab_size": 50,
        "dim": 32,
        "n_layers": 3,
        "n_heads": 4,
        "hidden_dim": 48,
        "max_position_embeddings": 66,
    },
    "llama": DECODER,
    "mistral": DECODER,
    "qwen2": {key: value for key, value in DECODER.items() if key != "head_dim"},
    "qwen3": DECODER,
}
VARIANTS = [*CONFIGS.items(), ("llama", {**DECODER, "attention_bias": True})]


def made(family: str, config: dict[str, Any]) -> torch.nn.Module:
    """The model without memory for its weights."""
    with torch.device("meta"):
        return AutoModel.from_config(AutoConfig.for_model(family, **config))


def size(module: torch.nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def norms(module: torch.nn.Module) -> int:
    return sum(size(part) for part in module.modules() if "Norm" in type(part).__name__)


@pytest.mark.parametrize(("family", "config"), VARIANTS, ids=[name for name, _ in VARIANTS])
def test_shape_is_that_of_the_model(family: str, config: dict[str, Any]) -> None:
    shape, model = shape_of({"model_type": family, **config}), made(family, config)
    blocks = list(find_blocks(model).values())
    linear = [part for part in blocks[0].modules() if isinstance(part, torch.nn.Linear)]
    assert (shape.layers, shape.hidden_size) == (len(blocks), 32)
    assert sorted(shape.linear_shapes) == sorted((part.in_features, part.out_features) for part in linear)
    assert shape.block_parameters == size(blocks[0])
    assert shape.block_norm_parameters == norms(blocks[0])
    assert shape.outer_norm_parameters == norms(model) - len(blocks) * norms(blocks[0])
    assert shape.key_width == linear[1].out_features == shape.linear_shapes[1][1]
    assert (shape.family == "encoder") == (
        shape.load_arguments == (("add_pooling_layer", False),) or family == "distilbert"
    )


def test_every_family_is_compared_with_its_model() -> None:
    assert set(CONFIGS) == set(FAMILIES)


def test_positions_of_roberta_begin_after_the_number_of_the_padding() -> None:
    lengths = {name: shape_of({"model_type": name, **CONFIGS[name]}).context_length for name in CONFIGS}
    assert lengths == {name: 64 if "roberta" in name else 66 for name in CONFIGS}


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        ({"model_type": "llama", "auto_map": {"AutoModel": "x.X"}}, "needs_own_code", "program code"),
        ({"model_type": "mamba"}, "unknown_family", "'mamba'"),
        ({}, "unknown_family", "without a name"),
        ({"model_type": "bert", "hidden_size": 8}, "config_incomplete", "intermediate_size"),
    ],
)
def test_configuration_that_cannot_be_tuned_is_refused_with_its_reason(config: dict, code: str, words: str) -> None:
    with pytest.raises(Rejected) as caught:
        shape_of(config)
    assert caught.value.code == code and words in caught.value.message
