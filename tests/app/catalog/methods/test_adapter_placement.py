"""Places and sizes of adapter modules, by hand and in a model."""

import pytest

from app.catalog.base_models import STARTER_ENCODER
from app.errors import Rejected
from tests.methods import models
from tests.methods.choice import make
from tests.methods.models import CAUSAL, SEQUENCES


def test_size_is_two_matrices_and_two_offsets_for_each_place() -> None:
    method = make("bottleneck-adapter", reduction=16, layers="last 2")
    # A width of 384 becomes 24; two places in each of two blocks.
    assert method.narrow(384) == 24 and method.narrow(8) == 1
    assert method.adapter_parameters(384) == 384 * 24 + 24 + 24 * 384 + 384
    assert method.trainable_parameters(STARTER_ENCODER) == 4 * method.adapter_parameters(384)
    assert method.adapter_shapes(STARTER_ENCODER) == [(384, 384)] * 4
    assert method.frozen_blocks(6) == 4


@pytest.mark.parametrize(
    ("kind", "settings", "model", "ends"),
    [
        ("bottleneck-adapter", {"placement": "houlsby"}, CAUSAL, {"self_attn.o_proj", "mlp.down_proj"}),
        ("bottleneck-adapter", {"placement": "pfeiffer"}, CAUSAL, {"mlp.down_proj"}),
        ("compacter", {"placement": "pfeiffer"}, SEQUENCES, {"output.dense"}),
        ("parallel-adapter", {}, CAUSAL, {"mlp"}),
        ("parallel-adapter", {}, SEQUENCES, {"output"}),
    ],
)
def test_configuration_names_the_modules_of_the_chosen_blocks(
    kind: str, settings: dict, model: str, ends: set[str]
) -> None:
    config = make(kind, layers="2-3", **settings).config(models.make_model(model))
    blocks = "model.layers" if model == CAUSAL else "bert.encoder.layer"
    assert config.target_modules == {f"{blocks}.{number}.{end}" for number in (1, 2) for end in ends}
    assert (config.width, config.placement) == (32, "parallel" if kind == "parallel-adapter" else "sequential")


def test_layers_that_the_model_does_not_have_are_refused() -> None:
    with pytest.raises(Rejected, match="last 9"):
        make("bottleneck-adapter", layers="last 9").check(STARTER_ENCODER)
