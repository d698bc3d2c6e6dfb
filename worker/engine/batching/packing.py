"""Packs several examples into one row of a batch, so that nothing is padded, and keeps them apart.

Positions restart with each example; from that, transformers' models build attention that ends at its borders. What is left of a row
is filled with padding that is not in the loss.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import torch

from worker.engine.modeling.partly_frozen import RowSpan, row_key

# Rows are at least this long: on short examples longer rows make better use of the machine, while attention, which grows
# with the square of the length, stays a small part of the work.
MIN_LENGTH = 256
LENGTH_MULTIPLE = 8
IGNORED = -100


class PackableExample(Protocol):
    """Token ids and which of them are predicted."""

    @property
    def ids(self) -> list[int]:
        """Token ids."""

    @property
    def loss_mask(self) -> list[bool]:
        """Which of them are predicted."""


@dataclass(frozen=True)
class PackedBatch:
    """A batch of examples; all tensors are (rows, tokens).

    Attributes:
        targets: the next token where it is predicted, else :data:`IGNORED`.
        owners: the number of the example within the batch, -1 for padding.
        mask: the attention mask if nothing is packed; otherwise restarting ``positions`` keep the examples apart.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    targets: torch.Tensor
    owners: torch.Tensor
    mask: torch.Tensor | None = None

    def to(self, device: torch.device) -> "PackedBatch":
        """The same on a device."""
        mask = None if self.mask is None else self.mask.to(device)
        ids, positions = self.ids.to(device), self.positions.to(device)
        return PackedBatch(ids, positions, self.targets.to(device), self.owners.to(device), mask)

    def spans(self) -> Iterator[RowSpan]:
        """Its examples and where they are."""
        ids = self.ids.cpu().numpy()
        for row, owners in enumerate(self.owners.tolist()):
            start = 0
            for owner, tokens in groupby(owners):
                end = start + len(list(tokens))
                if owner >= 0:
                    yield RowSpan(row_key(ids[row, start:end]), row, start)
                start = end


def make_batch(examples: Sequence[PackableExample], pad_id: int, *, packed: bool = True) -> PackedBatch:
    """Examples, packed or one per row with padding on the right."""
    lengths = [len(example.ids) for example in examples]
    bins = pack(lengths, max(MIN_LENGTH, *lengths)) if packed else [[number] for number in range(len(examples))]
    longest = max(sum(lengths[number] for number in numbers) for numbers in bins)
    width = -(-longest // LENGTH_MULTIPLE) * LENGTH_MULTIPLE
    shape = (len(bins), width)
    ids = torch.full(shape, pad_id, dtype=torch.long)
    positions = torch.zeros(shape, dtype=torch.long)
    targets = torch.full(shape, IGNORED, dtype=torch.long)
    owners = torch.full(shape, -1, dtype=torch.long)
    for row, numbers in enumerate(bins):
        start = 0
        for number in numbers:
            example, end = examples[number], start + lengths[number]
            tokens = torch.tensor(example.ids, dtype=torch.long)
            ids[row, start:end] = tokens
            positions[row, start:end] = torch.arange(end - start)
            owners[row, start:end] = number
            predicted = torch.tensor(example.loss_mask[1:], dtype=torch.bool)
            targets[row, start : end - 1] = torch.where(predicted, tokens[1:], IGNORED)
            start = end
        positions[row, start:] = torch.arange(width - start)
    mask = None if packed else (owners >= 0).long()
    return PackedBatch(ids, positions, targets, owners, mask)


def pack(lengths: Sequence[int], capacity: int) -> list[list[int]]:
    """Numbers of the examples for each row of ``capacity`` tokens, by first-fit decreasing."""
    bins: list[list[int]] = []
    free: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda number: (-lengths[number], number)):
        fitting = next((bin_ for bin_, room in enumerate(free) if room >= lengths[number]), None)
        if fitting is None:
            bins.append([])
            free.append(capacity)
            fitting = len(bins) - 1
        bins[fitting].append(number)
        free[fitting] -= lengths[number]
    return bins
