"""A network whose lower blocks may learn nothing: they are read as in evaluation, and rows may enter above them.

Knows which part holds the blocks and how rows are recognised; who has read them before, and how they are kept, is not its
business.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import torch
from torch import nn

from app.catalog.blocks import find_blocks


class Piece(NamedTuple):
    """A whole text within a batch: its name by :func:`name_of`, its row, and the place in the row where it begins."""

    name: bytes
    row: int
    start: int


class KnownStates(Protocol):
    """What arrives at the first block that learns, of texts that have been read before."""

    def place(self, pieces: Sequence[Piece], shape: torch.Size, device: torch.device) -> torch.Tensor | None:
        """Hidden states (rows, tokens, hidden), zero outside of the pieces; None if one of them is not known.

        Args:
            shape: rows and tokens of the batch.
        """

    def close(self) -> None:
        """Give back what keeping them takes."""


class PartlyFrozen(nn.Module):
    """``frozen_blocks`` at the input never learn and are read without dropout; ``known_states`` spares them known texts."""

    def __init__(self) -> None:
        super().__init__()
        self.frozen_blocks = 0
        self.known_states: KnownStates | None = None
        self._spared: list[nn.Module] = []

    def core(self) -> nn.Module:
        """The part from token ids to the states that the answers are made from; it holds all blocks."""
        raise NotImplementedError

    def walk(self, ids: torch.Tensor, mask: torch.Tensor) -> Any:
        """Send token ids through the network, one text in each row, padded on the right; ``mask`` is 1 for tokens."""
        raise NotImplementedError

    def blocks(self) -> list[nn.Module]:
        """From the input upwards."""
        return list(find_blocks(self.core()).values())

    def freeze(self, count: int) -> None:
        """Let the lower ``count`` blocks, which learn nothing, be read as in evaluation from now on."""
        self.frozen_blocks, self._spared = count, self.blocks()[:count]

    def forget(self) -> None:
        """From now on every text goes all the way, as it must where the number format is another one."""
        if self.known_states:
            self.known_states.close()
        self.known_states = None

    def train(self, mode: bool = True) -> Self:
        """As every module's, but the frozen blocks and what lies below them stay as in evaluation."""
        super().train(mode)
        if mode and self.frozen_blocks:
            self.core().eval()
            for block in self.blocks()[self.frozen_blocks :]:
                block.train()
        return self

    @contextmanager
    def entered(self, pieces: Callable[[], Iterable[Piece]], ids: torch.Tensor) -> Iterator[None]:
        """Within this, the way of a batch (rows, tokens) begins above the frozen blocks if all its texts are known."""
        states = self.known_states.place(list(pieces()), ids.shape, ids.device) if self.known_states else None
        if states is None:
            yield
            return

        def hand_on(*args: Any, **kwargs: Any) -> torch.Tensor:
            return states

        # Where a library has put a way of its own on a block, it gets that back.
        own = [vars(block).get("forward") for block in self._spared]
        for block in self._spared:
            block.forward = hand_on  # type: ignore[method-assign]
        try:
            yield
        finally:
            for block, way in zip(self._spared, own, strict=True):
                del block.forward
                if way is not None:
                    block.forward = way  # type: ignore[method-assign]


def name_of(tokens: Sequence[int] | np.ndarray) -> bytes:
    """What a text is known by: its token ids."""
    return np.asarray(tokens, dtype=np.int32).tobytes()


def padded_rows(ids: torch.Tensor, mask: torch.Tensor) -> Iterator[Piece]:
    """The texts of a batch with one in each row, padded on the right."""
    rows = ids.cpu().numpy()
    for at, length in enumerate(mask.sum(1).tolist()):
        yield Piece(name_of(rows[at, :length]), at, 0)
