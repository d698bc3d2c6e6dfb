"""The key-value cache of a running batch, whose rows join and leave between steps.

Rows are padded on the left, so that the next token of all rows has the same index; the padding is masked, and position ids
count from each row's own first token.
"""

import inspect
from collections.abc import Sequence
from typing import Any, cast

import torch
from peft import PeftModel
from torch.nn.functional import pad
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from worker.engine.serving.sampler import supports_generation_config

# How far a row's logits may be from those it has alone, relative to their size, in fp32 and in lower precision.
FP32_TOLERANCE, HALF_TOLERANCE = 1e-3, 5e-2


class BatchCache:
    """Keys and values of a batch: ``lengths`` tokens for each row, padded on the left to the longest."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self._cache: DynamicCache | None = None

    @property
    def _width(self) -> int:
        return max(self.lengths, default=0)

    def add(self, cache: DynamicCache, length: int) -> None:
        """Add a row of ``length`` tokens, computed by :func:`prefill`."""
        if self._cache is None:
            self._cache = cache
        else:
            width = max(self._width, length)
            for layer, added in zip(_layers(self._cache), _layers(cache), strict=True):
                layer.keys = _concatenate(layer.keys, added.keys, width)
                layer.values = _concatenate(layer.values, added.values, width)
        self.lengths.append(length)

    def select(self, rows: Sequence[int]) -> None:
        """Keep only these rows, in this order, and free what no row needs any more."""
        self.lengths = [self.lengths[row] for row in rows]
        if not rows or self._cache is None:
            self._cache = None
            return
        for layer in _layers(self._cache):
            index = torch.tensor(rows, device=layer.keys.device)
            layer.keys = layer.keys.index_select(0, index)[:, :, -self._width :].contiguous()
            layer.values = layer.values.index_select(0, index)[:, :, -self._width :].contiguous()

    def step(self, model: torch.nn.Module, tokens: Sequence[int]) -> torch.Tensor:
        """Append one token to every row; returns the logits (rows, vocabulary) of the next one, in fp32."""
        assert self._cache is not None
        device = _layers(self._cache)[0].keys.device
        lengths = torch.tensor(self.lengths, device=device).unsqueeze(1)
        positions = torch.arange(self._width + 1, device=device).unsqueeze(0)
        output = model(
            input_ids=torch.tensor(tokens, device=device).unsqueeze(1),
            attention_mask=(positions >= self._width - lengths).long(),
            position_ids=lengths,
            past_key_values=self._cache,
            use_cache=True,
        )
        self.lengths = [length + 1 for length in self.lengths]
        return cast(torch.Tensor, output.logits[:, -1].float())


def prefill(model: torch.nn.Module, ids: torch.Tensor) -> tuple[DynamicCache, torch.Tensor]:
    """The cache of a prompt (1, tokens), and the logits (vocabulary,) of its next token, in fp32."""
    cache = DynamicCache(config=model.config)  # type: ignore[arg-type]
    last_only: dict[str, Any] = {"logits_to_keep": 1} if _can_keep_last(model) else {}
    output = model(
        input_ids=ids, attention_mask=torch.ones_like(ids), past_key_values=cache, use_cache=True, **last_only
    )
    return cache, output.logits[0, -1].float()


@torch.no_grad()
def supports_batching(model: torch.nn.Module) -> bool:
    """Whether rows of different lengths in one batch get the logits that each gets alone; tried, as architectures differ."""
    config = model.generation_config
    if config is None or not supports_generation_config(config):  # type: ignore[arg-type]
        return False
    device = next(model.parameters()).device
    prompts = [torch.tensor([ids], device=device) for ids in ([1, 5, 3, 7, 2], [4, 2])]
    try:
        batch, alone = BatchCache(), []
        for ids in prompts:
            cache, _ = prefill(model, ids)
            if any(type(layer) is not DynamicLayer for layer in cache.layers):
                return False
            batch.add(cache, ids.shape[1])
            longer = torch.cat([ids, torch.tensor([[6, 3]], device=device)], dim=1)
            alone.append(prefill(model, longer)[1])
        batch.step(model, [6, 6])
        found = batch.step(model, [3, 3])
    except (TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError):
        # Its forward takes no position ids or cache from outside.
        return False
    expected = torch.stack(alone)
    fp32 = all(parameter.dtype == torch.float32 for parameter in model.parameters())
    scale = max(1.0, float(expected.abs().max()))
    return float((found - expected).abs().max()) <= (FP32_TOLERANCE if fp32 else HALF_TOLERANCE) * scale


def _concatenate(first: torch.Tensor, second: torch.Tensor, width: int) -> torch.Tensor:
    """Both (rows, heads, tokens, size), padded on the left to ``width`` tokens."""
    return torch.cat([pad(rows, (0, 0, width - rows.shape[2], 0)) for rows in (first, second)])


def _layers(cache: DynamicCache) -> list[Any]:
    return list(cache.layers)


def _can_keep_last(model: torch.nn.Module) -> bool:
    inner = model.get_base_model() if isinstance(model, PeftModel) else model
    return "logits_to_keep" in inspect.signature(inner.forward).parameters
