"""Puts several examples into one row of a batch, so that nothing is padded, and keeps them apart. Knows no model.

Positions begin anew with each example; from that, transformers' models build attention that ends at its borders. What is
left of a row is filled with an example of padding that nobody learns from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import torch

from worker.engine.modeling.partly_frozen import Piece, name_of

# Rows are at least this long: on short examples longer rows make better use of the machine, while attention, which grows
# with the square of the length, stays a small part of the work.
LEAST_LENGTH = 256
LENGTH_MULTIPLE = 8
NOTHING = -100


class PackableExample(Protocol):
    """What is packed: token ids, and which of them are to be predicted."""

    @property
    def ids(self) -> list[int]:
        """Token ids."""

    @property
    def learned(self) -> list[bool]:
        """Which of them are to be predicted."""


@dataclass(frozen=True)
class PackedBatch:
    """All (rows, tokens): ``targets`` holds the next token where it is to be predicted, else ``NOTHING``; ``owners`` the
    number of the example within the batch. ``mask`` is there instead of restarting positions when nothing is packed."""

    ids: torch.Tensor
    positions: torch.Tensor
    targets: torch.Tensor
    owners: torch.Tensor
    mask: torch.Tensor | None = None

    def to(self, device: torch.device) -> "PackedBatch":
        """The same on a device."""
        mask = None if self.mask is None else self.mask.to(device)
        ids, positions, targets, owners = (
            each.to(device) for each in (self.ids, self.positions, self.targets, self.owners)
        )
        return PackedBatch(ids, positions, targets, owners, mask)

    def pieces(self) -> Iterator[Piece]:
        """Its examples and where they stand."""
        ids = self.ids.cpu().numpy()
        for row, owners in enumerate(self.owners.tolist()):
            at = 0
            for owner, places in groupby(owners):
                end = at + len(list(places))
                if owner >= 0:
                    yield Piece(name_of(ids[row, at:end]), row, at)
                at = end


def make_batch(examples: Sequence[PackableExample], pad_id: int, *, packed: bool = True) -> PackedBatch:
    """Examples, packed or one per row with padding on the right."""
    lengths = [len(each.ids) for each in examples]
    bins = fill(lengths, max(LEAST_LENGTH, *lengths)) if packed else [[number] for number in range(len(examples))]
    longest = max(sum(lengths[number] for number in each) for each in bins)
    width = -(-longest // LENGTH_MULTIPLE) * LENGTH_MULTIPLE
    shape = (len(bins), width)
    ids = torch.full(shape, pad_id, dtype=torch.long)
    positions = torch.zeros(shape, dtype=torch.long)
    targets = torch.full(shape, NOTHING, dtype=torch.long)
    owners = torch.full(shape, -1, dtype=torch.long)
    for row, numbers in enumerate(bins):
        at = 0
        for number in numbers:
            each, end = examples[number], at + lengths[number]
            tokens = torch.tensor(each.ids, dtype=torch.long)
            ids[row, at:end] = tokens
            positions[row, at:end] = torch.arange(end - at)
            owners[row, at:end] = number
            wanted = torch.tensor(each.learned[1:], dtype=torch.bool)
            targets[row, at : end - 1] = torch.where(wanted, tokens[1:], NOTHING)
            at = end
        positions[row, at:] = torch.arange(width - at)
    mask = None if packed else (owners >= 0).long()
    return PackedBatch(ids, positions, targets, owners, mask)


def fill(lengths: Sequence[int], room: int) -> list[list[int]]:
    """Numbers of the examples for each row of ``room`` tokens: the longest first, each where it fits first."""
    bins: list[list[int]] = []
    left: list[int] = []
    for number in sorted(range(len(lengths)), key=lambda each: (-lengths[each], each)):
        place = next((at for at, free in enumerate(left) if free >= lengths[number]), None)
        if place is None:
            bins.append([])
            left.append(room)
            place = len(bins) - 1
        bins[place].append(number)
        left[place] -= lengths[number]
    return bins
