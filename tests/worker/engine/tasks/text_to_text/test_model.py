"""An encoder-decoder learns by teacher forcing: the logits are those that transformers computes its own loss from."""

from pathlib import Path

import pytest
import torch

from app.catalog.card import BaseModelCard
from app.errors import StudioError
from worker.engine.batching.packing import IGNORED
from worker.engine.tasks.text_to_text.model import EncoderDecoderLM, load_encoder_decoder, start_token


class Row:
    def __init__(self, source: list[int], target: list[int]) -> None:
        self.ids, self.loss_mask = source + target, [False] * len(source) + [True] * len(target)


ROWS = [Row([7, 8, 9], [20, 21, 1]), Row([5, 6, 7, 8, 9], [30, 1])]


@pytest.fixture(scope="module")
def model(encoder_decoder: tuple[BaseModelCard, Path]) -> EncoderDecoderLM:
    card, folder = encoder_decoder
    network = load_encoder_decoder(folder, card)
    return EncoderDecoderLM(network, start_token(network), 0).eval()


@torch.no_grad()
def test_loss_is_the_one_that_transformers_computes(model: EncoderDecoderLM) -> None:
    batch = model.make_batch(ROWS, 0)
    logits, targets = model(batch), batch.targets[batch.targets != IGNORED]
    assert targets.tolist() == [20, 21, 1, 30, 1]
    own = torch.nn.functional.cross_entropy(logits, targets)
    theirs = model.network(input_ids=batch.ids, attention_mask=batch.mask, labels=batch.targets).loss
    assert float(own) == pytest.approx(float(theirs), abs=1e-5)


@torch.no_grad()
def test_padding_changes_nothing(model: EncoderDecoderLM) -> None:
    together = model(model.make_batch(ROWS, 0))
    alone = torch.cat([model(model.make_batch([row], 0)) for row in ROWS])
    assert torch.allclose(together, alone, atol=1e-4)


def test_decoder_sees_the_start_token_and_what_came_before(model: EncoderDecoderLM) -> None:
    start = start_token(model.network)
    assert model.shifted(model.make_batch(ROWS, 0).targets).tolist() == [[start, 20, 21], [start, 30, 1]]


def test_model_without_a_start_token_is_refused(model: EncoderDecoderLM, monkeypatch: pytest.MonkeyPatch) -> None:
    for settings in (model.network.generation_config, model.network.config):
        for name in ("decoder_start_token_id", "bos_token_id"):
            monkeypatch.setattr(settings, name, None, raising=False)
    with pytest.raises(StudioError, match="with which token"):
        start_token(model.network)
