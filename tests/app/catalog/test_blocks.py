"""Where things are in transformers of several families."""

import pytest
import torch
from torch import nn
from transformers import AutoConfig, AutoModel

from app.catalog.blocks import (
    attention_end,
    count_experts,
    feed_forward,
    feed_forward_end,
    find_blocks,
    find_in_blocks,
    linear_layers,
    stream_width,
    weighty_modules,
)
from app.errors import Rejected

SIZES = {"vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48}
PLACES = {
    "bert": ("encoder.layer", "attention.output.dense", "output.dense", "output"),
    "distilbert": ("transformer.layer", "attention.out_lin", "ffn.lin2", "ffn"),
    "llama": ("layers", "self_attn.o_proj", "mlp.down_proj", "mlp"),
    "gpt2": ("h", "attn.c_proj", "mlp.c_proj", "mlp"),
    "opt": ("decoder.layers", "self_attn.out_proj", "fc2", None),
    "gpt_neox": ("layers", "attention.dense", "mlp.dense_4h_to_h", "mlp"),
    "phi": ("layers", "self_attn.dense", "mlp.fc2", "mlp"),
    "modernbert": ("layers", "attn.Wo", "mlp.Wo", "mlp"),
}
OTHER_NAMES = {
    "distilbert": {"dim": 32, "n_layers": 3, "n_heads": 4, "hidden_dim": 48},
    "gpt2": {"n_embd": 32, "n_layer": 3, "n_head": 4},
    "opt": {**SIZES, "ffn_dim": 48, "word_embed_proj_dim": 32},
}


def made(family: str) -> nn.Module:
    extra = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    with torch.device("meta"):
        return AutoModel.from_config(AutoConfig.for_model(family, **{**OTHER_NAMES.get(family, SIZES), **extra}))


@pytest.mark.parametrize("family", PLACES)
def test_blocks_and_the_ends_of_their_parts_are_found_by_full_name(family: str) -> None:
    model, (blocks, attention, feed_forward_place, whole) = made(family), PLACES[family]
    assert list(find_blocks(model)) == [f"{blocks}.{number}" for number in range(3)]
    ends = ((attention_end, attention), (feed_forward_end, feed_forward_place), (feed_forward, whole))
    for find, place in ends:
        if place is not None:
            assert find_in_blocks(model, find, "end", range(1, 3)) == [f"{blocks}.{n}.{place}" for n in (1, 2)]
            assert model.get_submodule(f"{blocks}.1.{place}") is not None
    assert stream_width(model) == 32


def test_part_that_a_block_lacks_is_refused_in_words() -> None:
    with pytest.raises(Rejected, match="No feed-forward part is known in a model of type OPTModel") as caught:
        find_in_blocks(made("opt"), feed_forward, "feed-forward part", range(3))
    assert caught.value.code == "unknown_architecture"


def test_mixture_of_experts_is_tuned_around_its_experts_and_not_in_its_router() -> None:
    mixture = {**SIZES, "num_local_experts": 4, "num_experts_per_tok": 2, "num_key_value_heads": 2}
    with torch.device("meta"):
        model = AutoModel.from_config(AutoConfig.for_model("mixtral", **mixture))
    block = next(iter(find_blocks(model).values()))
    assert count_experts(block) == 4
    assert list(linear_layers(block)) == [f"self_attn.{side}_proj" for side in "qkvo"]
    assert feed_forward_end(block, 32) == feed_forward(block, 32) == "mlp"


def test_part_that_holds_attention_too_is_no_feed_forward_part() -> None:
    block = next(iter(find_blocks(made("albert")).values()))
    assert feed_forward(block, 32) == "" and feed_forward_end(block, 32).endswith("ffn_output")


def test_lists_of_lists_are_one_list_of_blocks() -> None:
    model = nn.Module()
    model.stages = nn.ModuleList([nn.ModuleList([nn.Linear(2, 2)] * 2), nn.ModuleList([nn.Linear(2, 2)])])
    assert list(find_blocks(model)) == ["stages.0.0", "stages.0.1", "stages.1.0"]


def test_largest_list_of_equal_modules_holds_the_blocks() -> None:
    model = nn.Module()
    model.small = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])
    model.mixed = nn.ModuleList([nn.Linear(90, 90), nn.ReLU()])
    model.large = nn.ModuleList([nn.Linear(9, 9), nn.Linear(9, 9)])
    assert list(find_blocks(model)) == ["large.0", "large.1"]


def test_model_without_blocks_or_width_is_refused() -> None:
    for ask in (find_blocks, stream_width):
        with pytest.raises(Rejected, match="type Linear"):
            ask(nn.Linear(2, 2))


def test_modules_that_own_weights_are_named_and_containers_are_not() -> None:
    block = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.ReLU(), nn.LayerNorm(2)))
    assert weighty_modules(block, "h.0") == ["h.0.0", "h.0.1.1"]
