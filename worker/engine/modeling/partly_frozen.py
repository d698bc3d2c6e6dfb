"""A network whose lower blocks may be frozen: they run as in evaluation, and cached hidden states may enter above them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import torch
from torch import nn

from app.catalog.blocks import find_blocks


class RowSpan(NamedTuple):
    """A whole text within a batch: its :func:`row_key`, its row in the batch, and the position where it begins."""

    key: bytes
    row: int
    start: int


class HiddenStateSource(Protocol):
    """Hidden states at the first block that trains, of texts that were computed before."""

    def gather(self, spans: Sequence[RowSpan], shape: torch.Size, device: torch.device) -> torch.Tensor | None:
        """Hidden states (rows, tokens, hidden), zero outside of the spans; None if one of them is not cached.

        Args:
            shape: rows and tokens of the batch.
        """

    def close(self) -> None:
        """Free the disk."""


class PartlyFrozen(nn.Module):
    """The lower ``frozen_blocks`` run without dropout; texts in ``hidden_states`` skip them."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen_blocks = 0
        self.hidden_states: HiddenStateSource | None = None
        self._skipped: list[nn.Module] = []

    def core(self) -> nn.Module:
        """The part from token ids to the last hidden states; it holds all blocks."""
        raise NotImplementedError

    def run_core(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
        """Run token ids, one text per row padded on the right, through the network; ``mask`` is 1 for tokens."""
        raise NotImplementedError

    def blocks(self) -> list[nn.Module]:
        """From the input upwards."""
        return list(find_blocks(self.core()).values())

    def freeze(self, count: int) -> None:
        """Run the lower ``count`` blocks, which do not train, as in evaluation from now on."""
        self.frozen_blocks, self._skipped = count, self.blocks()[:count]

    def drop_caches(self) -> None:
        """Compute every text in full from now on, as another number format requires."""
        if self.hidden_states:
            self.hidden_states.close()
        self.hidden_states = None

    def train(self, mode: bool = True) -> Self:
        """As of every module, but the frozen blocks and what lies below them stay in evaluation mode."""
        super().train(mode)
        if mode and self.frozen_blocks:
            self.core().eval()
            for block in self.blocks()[self.frozen_blocks :]:
                block.train()
        return self

    @contextmanager
    def cached_below(self, spans: Callable[[], Iterable[RowSpan]], ids: torch.Tensor) -> Iterator[None]:
        """Within this, a batch (rows, tokens) skips the frozen blocks if all its texts are cached."""
        states = self.hidden_states.gather(list(spans()), ids.shape, ids.device) if self.hidden_states else None
        if states is None:
            yield
            return

        def return_states(*args: Any, **kwargs: Any) -> torch.Tensor:
            return states

        # Where a library has replaced a block's forward, that is put back.
        replaced = [vars(block).get("forward") for block in self._skipped]
        for block in self._skipped:
            block.forward = return_states
        try:
            yield
        finally:
            for block, forward in zip(self._skipped, replaced, strict=True):
                del block.forward
                if forward is not None:
                    block.forward = forward


def row_key(tokens: Sequence[int] | np.ndarray) -> bytes:
    """The key of a text in a cache: its token ids."""
    return np.asarray(tokens, dtype=np.int32).tobytes()


def padded_rows(ids: torch.Tensor, mask: torch.Tensor) -> Iterator[RowSpan]:
    """The texts of a batch with one text per row, padded on the right."""
    rows = ids.cpu().numpy()
    for row, length in enumerate(mask.sum(1).tolist()):
        yield RowSpan(row_key(rows[row, :length]), row, 0)
