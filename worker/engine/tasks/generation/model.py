"""A causal language model that computes logits only for the tokens in the loss, and how it is loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, Self, cast

import torch
from torch import nn
from transformers import AutoModelForCausalLM

from app.catalog.card import BaseModelCard
from worker.engine.batching.packing import IGNORED, PackableExample, PackedBatch, make_batch
from worker.engine.modeling.attention import writing_attention
from worker.engine.modeling.partly_frozen import PartlyFrozen
from worker.engine.modeling.quantization import keep_differentiable, loading_arguments

# Two examples in one row must be read as each alone; fp32 leaves only rounding.
APART_TOLERANCE = 1e-3


class WritingBatch(Protocol):
    """Examples as tensors; ``targets`` are the predicted tokens, else :data:`IGNORED`, and ``owners`` the example of each."""

    @property
    def targets(self) -> torch.Tensor:
        """(rows, tokens)."""

    @property
    def owners(self) -> torch.Tensor:
        """(rows, tokens)."""

    def to(self, device: torch.device) -> Self:
        """The same on a device."""


class WritingModel(PartlyFrozen):
    """A network that writes, perhaps wrapped by peft; ``forward`` gives the logits of the predicted tokens of a batch."""

    @staticmethod
    def make_batch(examples: Sequence[PackableExample], pad_id: int, *, packed: bool = True) -> WritingBatch:
        """Examples as the model reads them; ``packed``: several share a row."""
        raise NotImplementedError


class CausalLM(WritingModel):
    """A decoder, perhaps wrapped by peft; ``forward`` gives the logits of the predicted tokens."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    @staticmethod
    def make_batch(examples: Sequence[PackableExample], pad_id: int, *, packed: bool = True) -> PackedBatch:
        """See :class:`WritingModel`."""
        return make_batch(examples, pad_id, packed=packed)

    def forward(self, batch: PackedBatch) -> torch.Tensor:
        """Logits (targets, vocabulary) in fp32, in the order of ``batch.targets``.

        Only their states go through the output layer, which is a large part of a small model.
        """
        predicted = batch.targets != IGNORED
        if batch.mask is None:
            inputs: dict[str, Any] = {"position_ids": batch.positions, "use_cache": False}
        else:
            inputs = {"attention_mask": batch.mask}

        def keep_predicted(layer: nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
            # A soft prompt stands before the tokens of the batch.
            states = args[0][:, -predicted.shape[1] :]
            return (states[predicted].unsqueeze(0), *args[1:])

        output = cast(Any, self.decoder).get_output_embeddings()
        handle = output.register_forward_pre_hook(keep_predicted)
        try:
            with self.cached_below(batch.spans, batch.ids):
                logits: torch.Tensor = self.decoder(input_ids=batch.ids, **inputs).logits
        finally:
            handle.remove()
        return logits[0].float()

    def core(self) -> nn.Module:
        """See :class:`PartlyFrozen`."""
        return self.decoder

    def run_core(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
        """See :class:`PartlyFrozen`: the decoder's own output."""
        return self.decoder(input_ids=ids, attention_mask=mask, use_cache=False)


def load_decoder(folder: Path, card: BaseModelCard, precision: str = "full") -> nn.Module:
    """The base model as a decoder; see :func:`load_writing_model`."""
    return load_writing_model(AutoModelForCausalLM, folder, card, precision)


def load_writing_model(auto_class: Any, folder: Path, card: BaseModelCard, precision: str) -> nn.Module:
    """The base model, from safetensors only, never running code from the folder; see :func:`load_encoder`.

    Args:
        auto_class: transformers' auto class that builds it.
    """
    model = auto_class.from_pretrained(
        str(folder),
        dtype=torch.float32,
        use_safetensors=True,
        local_files_only=True,
        attn_implementation=writing_attention(card.fused_attention),
        **loading_arguments(precision),
    )
    return keep_differentiable(model)


class _Trial:
    def __init__(self, ids: list[int]) -> None:
        self.ids, self.loss_mask = ids, [True] * len(ids)


@torch.no_grad()
def keeps_apart(model: CausalLM, device: torch.device) -> bool:
    """Whether this model reads packed examples as each alone; architectures differ, so it is tried."""
    model.eval()
    trials = [_Trial([1, 5, 3, 7, 2]), _Trial([4, 2, 6, 1])]
    alone = [CausalLM.forward(model, make_batch([trial], 0, packed=False).to(device)) for trial in trials]
    together = CausalLM.forward(model, make_batch(trials, 0).to(device))
    scale = max(1.0, float(torch.cat(alone).abs().max()))
    return float((together - torch.cat(alone)).abs().max()) <= APART_TOLERANCE * scale
