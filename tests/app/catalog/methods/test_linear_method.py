"""Methods on linear layers: which layers are meant, and how they are named."""

import pytest
import torch
from torch import nn
from transformers import GPT2Config, GPT2Model
from transformers.pytorch_utils import Conv1D

from app.catalog.base_models import STARTER_ENCODER
from app.catalog.blocks import is_linear, part_of, shape_of
from app.catalog.methods.linear_method import largest_divisor, shorten
from app.errors import Rejected
from tests.methods import models
from tests.methods.choice import make
from tests.methods.models import CAUSAL, SEQUENCES


@pytest.mark.parametrize(
    ("limit", "shapes", "divisor"),
    [(16, [(32, 64)], 16), (16, [(24, 36)], 12), (5, [(12, 12)], 4), (8, [(7, 14)], 7), (6, [(7, 9)], 1)],
)
def test_largest_divisor_of_all_widths_up_to_the_limit(limit: int, shapes: list, divisor: int) -> None:
    assert largest_divisor(limit, shapes) == divisor


def test_transposed_layers_are_linear_and_their_shape_is_inputs_and_outputs() -> None:
    assert is_linear(nn.Linear(2, 3)) and is_linear(Conv1D(3, 2)) and not is_linear(nn.Embedding(2, 3))
    assert shape_of(nn.Linear(2, 3)) == shape_of(Conv1D(3, 2)) == (2, 3)


@pytest.mark.parametrize(
    ("name", "part"),
    [("self_attn.q_proj", "attention"), ("attention.output.dense", "attention"), ("output.dense", "feed-forward")],
)
def test_part_is_recognised_by_the_name_within_the_block(name: str, part: str) -> None:
    assert part_of(name) == part


def test_names_are_shortened_only_where_nothing_else_ends_alike() -> None:
    everything = ["h.0.q", "h.0.k", "h.1.q", "h.1.k", "head.k"]
    assert shorten(["h.0.q", "h.1.q"], everything) == ["q"]
    assert shorten(["h.1.q"], everything) == ["h.1.q"]
    assert shorten(["h.0.k", "h.1.k"], everything) == ["h.0.k", "h.1.k"]


@pytest.mark.parametrize(("targets", "names"), [("attention", 4), ("feed-forward", 3), ("all linear", 7)])
@pytest.mark.parametrize(("layers", "count"), [("all", 3), ("last 1", 1), ("1-2", 2)])
def test_card_and_model_agree_on_the_layers(targets: str, names: int, layers: str, count: int) -> None:
    method = make("lora", targets=targets, layers=layers)
    shapes = method.shapes(models.card(CAUSAL))
    assert len(shapes) == names * count
    assert sorted(shapes) == sorted(method.model_shapes(models.make_model(CAUSAL)))
    assert method.adapter_shapes(models.card(CAUSAL)) == shapes
    assert method.frozen_blocks(3) == (2 if layers == "last 1" else 0)


def test_parts_of_an_encoder_are_distinguished() -> None:
    names = list(make("lora", targets="attention").modules(models.make_model(SEQUENCES)))
    assert len(names) == 4 * models.LAYERS and all("attention" in name for name in names)
    assert make("lora", targets="feed-forward").shapes(STARTER_ENCODER) == [(384, 1536), (1536, 384)] * 6


def test_model_without_such_layers_is_refused() -> None:
    model = GPT2Model(GPT2Config(n_layer=1, n_embd=8, n_head=1, vocab_size=9))
    for block in model.h:
        block.mlp = nn.Identity()
    with pytest.raises(Rejected, match="No layers of the kind `feed-forward`"):
        make("lora", targets="feed-forward").target_names(model)
    assert isinstance(make("lora").modules(model)["h.0.attn.c_attn"], torch.nn.Module)
