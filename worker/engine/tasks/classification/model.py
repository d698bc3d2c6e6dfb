"""A classifier of texts: an encoder, a pooled sentence vector, and a linear head; and how it is loaded.

The vector is pooled as the encoder was trained to be pooled; a new pooler before the head would have to train from random weights,
which costs 4 points of accuracy on Banking77.
"""

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import PeftModel
from torch import nn
from transformers import AutoModel

from app.catalog.card import BaseModelCard
from worker.engine.modeling.attention import reading_attention
from worker.engine.modeling.partly_frozen import PartlyFrozen, padded_rows, row_key
from worker.engine.modeling.quantization import keep_differentiable, loading_arguments


class PooledClassifier(PartlyFrozen):
    """Encoder, pooling, linear head. ``encoder`` may be wrapped by peft.

    ``cached_vectors`` are sentence vectors by row key, used where nothing in the encoder trains. ``token_types`` are those of rows
    with two texts, by row key; of other rows they are 0.
    """

    def __init__(self, encoder: nn.Module, head: nn.Linear, card: BaseModelCard) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        self._pool = POOLINGS[card.pooling]
        self._normalize = card.normalize
        self.cached_vectors: Mapping[bytes, torch.Tensor] = {}
        self.token_types: Mapping[bytes, bytes] = {}
        self.reads_token_types = _reads_token_types(encoder)

    def core(self) -> nn.Module:
        """See :class:`PartlyFrozen`."""
        return self.encoder

    def run_core(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """See :class:`PartlyFrozen`: hidden states (rows, tokens, hidden)."""
        types = self.token_types_of(ids, mask)
        states: torch.Tensor = self.encoder(input_ids=ids, attention_mask=mask, **types).last_hidden_state
        return states

    def tell_apart(self, tokens: Sequence[Sequence[int]], types: Sequence[Sequence[int]] | None) -> None:
        """Remember which tokens of these rows belong to the second text, if the encoder can tell."""
        if types is not None and self.reads_token_types:
            self.token_types = {row_key(row): bytes(own) for row, own in zip(tokens, types, strict=True)}

    def token_types_of(self, ids: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """``token_type_ids`` (rows, tokens) of a batch; none where every type is 0, or a soft prompt stands before the tokens."""
        if not self.token_types or _has_soft_prompt(self.encoder):
            return {}
        types = np.zeros(ids.shape, dtype=np.int64)
        for span in padded_rows(ids, mask):
            known = np.frombuffer(self.token_types.get(span.key, b""), dtype=np.uint8)
            types[span.row, : len(known)] = known
        return {"token_type_ids": torch.from_numpy(types).to(ids.device)} if types.any() else {}

    def drop_caches(self) -> None:
        """See :class:`PartlyFrozen`."""
        super().drop_caches()
        self.cached_vectors = {}

    def features(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Sentence vectors (rows, hidden) in fp32 for token ids and mask, both (rows, tokens)."""
        if self.cached_vectors:
            cached = [self.cached_vectors.get(span.key) for span in padded_rows(ids, mask)]
            vectors = [vector for vector in cached if vector is not None]
            if len(vectors) == len(cached):
                return torch.stack(vectors).to(ids.device)
        with self.cached_below(lambda: padded_rows(ids, mask), ids):
            tokens = self.run_core(ids, mask)
        # The tokens of a soft prompt come first and are no part of the text.
        tokens = tokens[:, -mask.shape[1] :]
        pooled = self._pool(tokens.float(), mask)
        return nn.functional.normalize(pooled, dim=-1) if self._normalize else pooled

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (rows, labels). The head always computes in fp32: it is small, and the losses stay comparable."""
        vectors = self.features(ids, mask)
        with torch.autocast(vectors.device.type, enabled=False):
            logits: torch.Tensor = self.head(vectors)
        return logits


def _reads_token_types(encoder: nn.Module) -> bool:
    """Whether a token's vector depends on which of two texts it belongs to."""
    network = encoder.get_base_model() if isinstance(encoder, PeftModel) else encoder
    types = int(getattr(getattr(network, "config", None), "type_vocab_size", 0) or 0)
    return types > 1 and "token_type_ids" in inspect.signature(network.forward).parameters


def _has_soft_prompt(encoder: nn.Module) -> bool:
    """Whether peft puts vectors before the tokens, for which it leaves out all token types."""
    config = getattr(encoder, "active_peft_config", None) if isinstance(encoder, PeftModel) else None
    return bool(getattr(config, "is_prompt_learning", False))


def _mean(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    weights = mask.unsqueeze(-1).to(tokens.dtype)
    return (tokens * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def _first(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return tokens[:, 0]


def _last(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    # Rows are padded on the right; a row without any token has none that could be last.
    return tokens[torch.arange(len(tokens), device=tokens.device), mask.sum(1).clamp(min=1) - 1]


POOLINGS = {"mean": _mean, "first": _first, "last": _last}


def load_encoder(folder: Path, card: BaseModelCard, precision: str = "full") -> nn.Module:
    """The base model's encoder, from safetensors only, never running code from the folder.

    ``precision`` is how its matrices are held: ``full`` for fp32, ``nf4`` for 4 bits, ``int8`` for 8 bits.
    """
    encoder: Any = AutoModel.from_pretrained(
        str(folder),
        dtype=torch.float32,
        use_safetensors=True,
        local_files_only=True,
        attn_implementation=reading_attention(card.fused_attention),
        **dict(card.load_arguments),
        **loading_arguments(precision),
    )
    # A decoder would keep keys and values of every token, which nobody asks for again.
    encoder.config.use_cache = False
    return keep_differentiable(encoder)


def make_head(hidden: int, labels: int) -> nn.Linear:
    """A head with random weights of shape (labels, hidden)."""
    return nn.Linear(hidden, labels)
