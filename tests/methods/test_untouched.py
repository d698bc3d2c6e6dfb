"""What a method says to leave untouched stays so: below the first chosen layer nothing learns and nothing differs."""

from pathlib import Path

import pytest
import torch

from app.catalog.base_models import BaseModelCard
from app.catalog.methods import METHODS
from app.catalog.methods.base import RunContext
from tests.tiny import make_base
from worker.engine.frozen_rows import KnownStates, check_untouched
from worker.engine.model import load_encoder

WITH_LAYERS = [each for each in METHODS if "layers" in each.model_fields]
IDS = torch.arange(4, 20).reshape(2, 8)
BATCH = {"input_ids": IDS, "attention_mask": torch.ones_like(IDS)}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[BaseModelCard, Path]:
    folder = tmp_path_factory.mktemp("tiny")
    return make_base(folder), folder


@pytest.mark.parametrize("method", WITH_LAYERS, ids=lambda each: each.model_fields["kind"].default)
def test_below_the_last_layer_the_model_is_the_base(tiny: tuple[BaseModelCard, Path], method: type) -> None:
    card, folder = tiny
    settings = method.model_validate({"kind": method.model_fields["kind"].default, "layers": "last 1"})

    def load() -> torch.nn.Module:
        return load_encoder(folder, card, settings.base_precision).eval()

    wanted = KnownStates(load(), 1)._below(**_named(BATCH))
    encoder = load()
    context = RunContext(
        total_steps=20, batches=[BATCH] * 4, loss=lambda number: encoder(**BATCH).last_hidden_state.square().mean()
    )
    model = settings.apply(encoder, context).eval()
    if frozen := settings.frozen_blocks(card.layers):
        check_untouched(model, frozen)
    assert torch.equal(KnownStates(model, 1)._below(**_named(BATCH)), wanted)


def _named(batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {"ids": batch["input_ids"], "mask": batch["attention_mask"]}
