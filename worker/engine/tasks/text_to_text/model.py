"""An encoder-decoder with the logits of its targets, and how it is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from transformers import AutoModelForSeq2SeqLM

from app.catalog.card import BaseModelCard
from app.errors import StudioError
from worker.engine.batching.packing import IGNORED, PackableExample
from worker.engine.tasks.generation.model import WritingModel, load_writing_model


@dataclass(frozen=True)
class SourceTargetBatch:
    """Sources (rows, source tokens) padded on the right with their ``mask``, and targets (rows, target tokens).

    Attributes:
        targets: the tokens to be written, then :data:`IGNORED`.
        owners: the number of the example within the batch, -1 for padding; the shape of ``targets``.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    targets: torch.Tensor
    owners: torch.Tensor

    def to(self, device: torch.device) -> "SourceTargetBatch":
        """The same on a device."""
        return SourceTargetBatch(*(tensor.to(device) for tensor in (self.ids, self.mask, self.targets, self.owners)))


def split_sides(example: PackableExample) -> tuple[list[int], list[int]]:
    """The tokens of the source, none of which is predicted, and of the target, all of which are."""
    start = example.loss_mask.index(True)
    return example.ids[:start], example.ids[start:]


def make_source_batch(sources: Sequence[Sequence[int]], pad_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask of sources, both (rows, tokens), padded on the right."""
    ids = torch.full((len(sources), max(map(len, sources))), pad_id, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, source in enumerate(sources):
        ids[row, : len(source)] = torch.tensor(source, dtype=torch.long)
        mask[row, : len(source)] = 1
    return ids, mask


class EncoderDecoderLM(WritingModel):
    """An encoder-decoder, perhaps wrapped by peft; learns by teacher forcing."""

    def __init__(self, network: nn.Module, start: int, pad_id: int) -> None:
        super().__init__()
        self.network, self._start, self._pad_id = network, start, pad_id

    @staticmethod
    def make_batch(examples: Sequence[PackableExample], pad_id: int, *, packed: bool = True) -> SourceTargetBatch:
        """See :class:`WritingModel`; examples never share a row."""
        sides = [split_sides(example) for example in examples]
        ids, mask = make_source_batch([source for source, _target in sides], pad_id)
        targets = torch.full((len(sides), max(len(target) for _source, target in sides)), IGNORED, dtype=torch.long)
        owners = torch.full_like(targets, -1)
        for row, (_source, target) in enumerate(sides):
            targets[row, : len(target)] = torch.tensor(target, dtype=torch.long)
            owners[row, : len(target)] = row
        return SourceTargetBatch(ids, mask, targets, owners)

    def forward(self, batch: SourceTargetBatch) -> torch.Tensor:
        """Logits (targets, vocabulary) in fp32, in the order of ``batch.targets``."""
        logits: torch.Tensor = self.network(
            input_ids=batch.ids,
            attention_mask=batch.mask,
            decoder_input_ids=self.shifted(batch.targets),
            use_cache=False,
        ).logits
        return logits[batch.targets != IGNORED].float()

    def shifted(self, targets: torch.Tensor) -> torch.Tensor:
        """What the decoder has written before each target: the start token, then all targets but the last; (rows, tokens)."""
        given = targets.roll(1, dims=1)
        given[:, 0] = self._start
        return given.masked_fill(given == IGNORED, self._pad_id)

    def core(self) -> nn.Module:
        """See :class:`PartlyFrozen`."""
        return self.network


def load_encoder_decoder(folder: Path, card: BaseModelCard, precision: str = "full") -> nn.Module:
    """The base model as an encoder-decoder; see :func:`load_writing_model`."""
    return load_writing_model(AutoModelForSeq2SeqLM, folder, card, precision)


def start_token(network: nn.Module) -> int:
    """The token that the decoder begins with, as generation begins.

    Raises:
        StudioError: ``no_start_token``: the model's files name none.
    """
    model = cast(Any, network)
    for settings in (model.generation_config, model.config):
        for name in ("decoder_start_token_id", "bos_token_id"):
            value = getattr(settings, name, None)
            if isinstance(value, int):
                return value
    raise StudioError(
        "no_start_token",
        "The base model's files do not say with which token its decoder begins.",
        "Choose another model, or add decoder_start_token_id to its config.json.",
    )
