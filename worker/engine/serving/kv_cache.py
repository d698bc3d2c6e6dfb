"""Rows of one batch, each an answer in the making: they share a step of the model and a memory of what was read.

Rows come and go between steps. Every row's memory ends at the right edge, so the next token of all of them has one place;
what is left of a shorter row is masked, and positions count from the row's own first token.
"""

import inspect
from collections.abc import Sequence
from typing import Any, cast

import torch
from peft import PeftModel
from torch.nn.functional import pad
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from worker.engine.serving.sampler import is_known

# How far a row's scores may be from those it has alone, relative to their size: rounding, not a wrong mask.
APART_TOLERANCE, COARSE_TOLERANCE = 1e-3, 5e-2


class SequenceBatch:
    """The memory of a batch: ``lengths`` tokens for each row, padded on the left to the longest."""

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self._memory: DynamicCache | None = None

    @property
    def _width(self) -> int:
        return max(self.lengths, default=0)

    def join(self, memory: DynamicCache, length: int) -> None:
        """Add a row that has been read by :func:`read`."""
        if self._memory is None:
            self._memory = memory
        else:
            width = max(self._width, length)
            for mine, theirs in zip(_layers(self._memory), _layers(memory), strict=True):
                mine.keys = _together(mine.keys, theirs.keys, width)
                mine.values = _together(mine.values, theirs.values, width)
        self.lengths.append(length)

    def keep(self, rows: Sequence[int]) -> None:
        """Only these rows stay, in this order; what nobody needs any more is given back."""
        self.lengths = [self.lengths[row] for row in rows]
        if not rows or self._memory is None:
            self._memory = None
            return
        for layer in _layers(self._memory):
            chosen = torch.tensor(rows, device=layer.keys.device)
            layer.keys = layer.keys.index_select(0, chosen)[:, :, -self._width :].contiguous()
            layer.values = layer.values.index_select(0, chosen)[:, :, -self._width :].contiguous()

    def step(self, model: torch.nn.Module, tokens: Sequence[int]) -> torch.Tensor:
        """Read one more token in every row; logits (rows, vocabulary) in fp32 of what may follow."""
        assert self._memory is not None
        device = _layers(self._memory)[0].keys.device
        lengths = torch.tensor(self.lengths, device=device).unsqueeze(1)
        places = torch.arange(self._width + 1, device=device).unsqueeze(0)
        told = model(
            input_ids=torch.tensor(tokens, device=device).unsqueeze(1),
            attention_mask=(places >= self._width - lengths).long(),
            position_ids=lengths,
            past_key_values=self._memory,
            use_cache=True,
        )
        self.lengths = [length + 1 for length in self.lengths]
        return cast(torch.Tensor, told.logits[:, -1].float())


def read(model: torch.nn.Module, ids: torch.Tensor) -> tuple[DynamicCache, torch.Tensor]:
    """Read a conversation (1, tokens): its memory, and the logits (vocabulary,) in fp32 of what may follow."""
    memory = DynamicCache(config=model.config)  # type: ignore[arg-type]
    less: dict[str, Any] = {"logits_to_keep": 1} if _can_keep_last(model) else {}
    told = model(input_ids=ids, attention_mask=torch.ones_like(ids), past_key_values=memory, use_cache=True, **less)
    return memory, told.logits[0, -1].float()


@torch.no_grad()
def can_share_steps(model: torch.nn.Module) -> bool:
    """Whether rows of different lengths in one batch are answered as each alone; architectures differ, so it is tried."""
    config = model.generation_config
    if config is None or not is_known(config):  # type: ignore[arg-type]
        return False
    device = next(model.parameters()).device
    texts = [torch.tensor([ids], device=device) for ids in ([1, 5, 3, 7, 2], [4, 2])]
    try:
        together, alone = SequenceBatch(), []
        for ids in texts:
            memory, _ = read(model, ids)
            if any(type(layer) is not DynamicLayer for layer in memory.layers):
                return False
            together.join(memory, ids.shape[1])
            longer = torch.cat([ids, torch.tensor([[6, 3]], device=device)], dim=1)
            alone.append(read(model, longer)[1])
        together.step(model, [6, 6])
        found = together.step(model, [3, 3])
    except (TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError):
        # It does not take positions or a memory from outside; it is answered one by one.
        return False
    expected = torch.stack(alone)
    fine = all(each.dtype == torch.float32 for each in model.parameters())
    scale = max(1.0, float(expected.abs().max()))
    return float((found - expected).abs().max()) <= (APART_TOLERANCE if fine else COARSE_TOLERANCE) * scale


def _together(mine: torch.Tensor, theirs: torch.Tensor, width: int) -> torch.Tensor:
    return torch.cat([pad(each, (0, 0, width - each.shape[2], 0)) for each in (mine, theirs)])


def _layers(memory: DynamicCache) -> list[Any]:
    return list(memory.layers)


def _can_keep_last(model: torch.nn.Module) -> bool:
    inner = model.get_base_model() if isinstance(model, PeftModel) else model
    return "logits_to_keep" in inspect.signature(inner.forward).parameters
