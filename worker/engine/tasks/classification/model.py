"""The network that learns: an encoder, its sentence vector, and a linear answer layer. Knows no data and no training.

The vector is pooled the way the encoder was trained to be pooled; a pooler of its own in front of the answer layer would
have to be learned from nothing and costs 4 points of accuracy on Banking77.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModel

from app.catalog.card import BaseModelCard
from worker.engine.modeling.partly_frozen import PartlyFrozen, padded_rows
from worker.engine.modeling.quantization import keep_learnable, loading_arguments


class PooledClassifier(PartlyFrozen):
    """Encoder, pooling, linear head. ``encoder`` may be wrapped by peft.

    ``known_vectors`` are sentence vectors by the text's name, where nothing in the encoder learns.
    """

    def __init__(self, encoder: nn.Module, head: nn.Linear, card: BaseModelCard) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        self._pool = POOLINGS[card.pooling]
        self._normalize = card.normalize
        self.known_vectors: Mapping[bytes, torch.Tensor] = {}

    def core(self) -> nn.Module:
        """See :class:`PartlyFrozen`."""
        return self.encoder

    def walk(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """See :class:`PartlyFrozen`: hidden states (rows, tokens, hidden)."""
        states: torch.Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return states

    def forget(self) -> None:
        """See :class:`PartlyFrozen`."""
        super().forget()
        self.known_vectors = {}

    def features(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Sentence vectors (rows, hidden) in fp32 for token ids and mask, both (rows, tokens)."""
        if self.known_vectors:
            known = [self.known_vectors.get(each.name) for each in padded_rows(ids, mask)]
            if all(each is not None for each in known):
                return torch.stack([each for each in known if each is not None]).to(ids.device)
        with self.entered(lambda: padded_rows(ids, mask), ids):
            tokens = self.walk(ids, mask)
        # A soft prompt's own tokens come first and are no part of the text.
        tokens = tokens[:, -mask.shape[1] :]
        vectors = self._pool(tokens.float(), mask)
        return nn.functional.normalize(vectors, dim=-1) if self._normalize else vectors

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (rows, labels). The head always computes in fp32: it is small, and the losses stay comparable."""
        vectors = self.features(ids, mask)
        with torch.autocast(vectors.device.type, enabled=False):
            return self.head(vectors)


def _mean(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    weights = mask.unsqueeze(-1).to(tokens.dtype)
    return (tokens * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def _first(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return tokens[:, 0]


POOLINGS = {"mean": _mean, "first": _first}


def load_encoder(folder: Path, card: BaseModelCard, precision: str = "full") -> nn.Module:
    """The untouched encoder, from safetensors only, never running code from the folder.

    ``precision`` is how its matrices are held: ``full`` for fp32, ``nf4`` for 4 bits, ``int8`` for 8 bits.
    """
    # On a CPU the fused kernel's backward pass costs a third of a step at sentence length; plain products do not.
    attention = "sdpa" if torch.cuda.is_available() else "eager"
    encoder = AutoModel.from_pretrained(
        str(folder),
        dtype=torch.float32,
        use_safetensors=True,
        local_files_only=True,
        attn_implementation=attention,
        **dict(card.load_arguments),
        **loading_arguments(precision),
    )
    return keep_learnable(encoder)


def make_head(hidden: int, labels: int) -> nn.Linear:
    """A fresh answer layer of shape (labels, hidden)."""
    return nn.Linear(hidden, labels)
