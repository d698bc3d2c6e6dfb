"""What a method says to leave untouched stays so: below the first chosen layer nothing learns and nothing differs."""

from pathlib import Path

import pytest
import torch

from app.catalog.card import BaseModelCard
from app.catalog.methods import METHODS
from app.catalog.methods.base import Method, RunContext
from app.catalog.methods.capabilities import SEQUENCES
from tests.methods.choice import every, make
from tests.tiny import make_base
from worker.engine.loop.hidden_state_cache import count_frozen_blocks, run_frozen_blocks
from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head

WITH_LAYERS = [candidate for candidate in METHODS if "layers" in candidate.model_fields]
IDS = torch.arange(4, 20).reshape(2, 8)
MASK = torch.ones_like(IDS)
BATCH = {"input_ids": IDS, "attention_mask": MASK}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[BaseModelCard, Path]:
    folder = tmp_path_factory.mktemp("tiny")
    return make_base(folder), folder


@pytest.mark.parametrize("method", WITH_LAYERS, ids=lambda method: method.model_fields["kind"].default)
def test_below_the_last_layer_the_model_is_the_base(tiny: tuple[BaseModelCard, Path], method: type) -> None:
    card, folder = tiny
    settings = method.model_validate({"kind": method.model_fields["kind"].default, "layers": "last 1"})
    model = applied(settings, card, folder)
    untouched = count_frozen_blocks(model, IDS, MASK)
    # What is declared, and counted by estimates, is what the model shows.
    assert untouched == settings.frozen_blocks(card.layers)
    base = PooledClassifier(load_encoder(folder, card, settings.base_precision).eval(), make_head(32, 2), card)
    model.freeze(1)
    base.freeze(1)
    assert torch.equal(run_frozen_blocks(model, IDS, MASK), run_frozen_blocks(base, IDS, MASK))


@pytest.mark.parametrize("kind", every())
def test_on_all_layers_what_is_declared_as_untouched_is(tiny: tuple[BaseModelCard, Path], kind: str) -> None:
    card, folder = tiny
    settings = make(kind)
    if SEQUENCES not in settings.capabilities.models:
        return
    assert count_frozen_blocks(applied(settings, card, folder), IDS, MASK) == settings.frozen_blocks(card.layers)


def applied(settings: Method, card: BaseModelCard, folder: Path) -> PooledClassifier:
    """The tiny encoder with a method."""
    encoder = load_encoder(folder, card, settings.base_precision).eval()
    context = RunContext(
        total_steps=20, batches=[BATCH] * 4, loss=lambda number: encoder(**BATCH).last_hidden_state.square().mean()
    )
    return PooledClassifier(settings.apply(encoder, context), make_head(32, 2), card).eval()
