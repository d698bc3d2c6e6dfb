"""Stratified train, validation and test splits: a pure function of ids, labels, groups and seed.

Rows of one group (the same text) stay in one split, so that no test row is trained on.
"""

import random
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from app.errors import Rejected
from app.languages import stated

SPLITS = ("train", "validation", "test")
STRATIFIED = {"train": 0.8, "validation": 0.1, "test": 0.1}
WITH_OWN_TEST = {"train": 0.9, "validation": 0.1}
# More rows improve little: 500 suffice to compare checkpoints, 5,000 give an accuracy within one point. On Banking77, 500
# more training rows raise it by half a point.
MAX_ROWS = {"validation": 500, "test": 5000}


def choose_shares(rows: int, own_test: bool = False) -> dict[str, float]:
    """Split name -> share of ``rows``; without ``test`` where the person has an evaluation file."""
    shares = dict(WITH_OWN_TEST if own_test else STRATIFIED)
    for name, max_rows in MAX_ROWS.items():
        if name in shares and shares[name] * rows > max_rows:
            shares[name] = max_rows / rows
    shares["train"] = 1 - sum(share for name, share in shares.items() if name != "train")
    return shares


def assign_splits(
    ids: Sequence[int],
    labels: Sequence[str],
    groups: Sequence[Hashable],
    seed: int,
    shares: Mapping[str, float] = STRATIFIED,
) -> dict[str, list[int]]:
    """Split name -> row ids in ascending order; every id is in exactly one split.

    Each label is spread in proportion, fractions going to the labels with the largest remainders, so that small data
    gets its tenths too. Every label keeps rows in ``train``, which comes first in ``shares``.

    Raises:
        Rejected: ``too_few_rows`` when there are not enough different texts to fill every split.
    """
    units = _Units(ids, labels, groups)
    train, *held_out = shares
    rng = random.Random(seed)
    by_label = units.by_label()
    for label in sorted(by_label):
        rng.shuffle(by_label[label])
    for number, name in enumerate(held_out, start=1):
        quotas = _quotas(units, by_label, shares[name], rng)
        for label in sorted(by_label):
            units.take(by_label[label], quotas[label], number)
        if not (units.split == number).any():
            units.take_any(number, name)
    return {name: units.ids_of(number) for number, name in enumerate((train, *held_out))}


def carry_over(
    previous: Mapping[str, Sequence[int]], ids: np.ndarray, groups: np.ndarray, is_test: np.ndarray
) -> dict[str, list[int]] | None:
    """The splits of an earlier version for the rows of a changed one, so that scores of both can be compared.

    Rows keep their split. New ones join the rows with the same text, else ``train``; a text that an edit brought into two
    splits goes to the first of them. None when a split would be empty.

    Args:
        ids: int64.
        groups: the same number for rows of one group.
        is_test: bool, rows of the person's own evaluation file, which stay in ``test``.
    """
    none = len(SPLITS)
    split = np.full(len(ids), none, dtype=np.int8)
    for number, name in enumerate(SPLITS):
        split[np.isin(ids, np.asarray(previous[name], dtype=np.int64))] = number
    _, group = np.unique(groups, return_inverse=True)
    of_group = np.full(int(group.max(initial=-1)) + 1, none, dtype=np.int8)
    np.minimum.at(of_group, group[~is_test], split[~is_test])
    wanted = of_group[group]
    wanted[wanted == none] = SPLITS.index("train")
    wanted[is_test] = SPLITS.index("test")
    carried = {name: sorted(ids[wanted == number].tolist()) for number, name in enumerate(SPLITS)}
    return carried if all(carried.values()) else None


class _Units:
    """Groups of rows that stay together; the label of a unit is that of its first row, its split is 0 (train) at first.

    Labels are numbers in the order of their names. Stored as arrays, since there may be millions of units.
    """

    def __init__(self, ids: Sequence[int], labels: Sequence[str], groups: Sequence[Hashable]) -> None:
        numbers = np.asarray(ids, dtype=np.int64)
        order = np.argsort(numbers, kind="stable")
        self._ids = numbers[order]
        _, first, inverse = np.unique(_codes(groups)[order], return_index=True, return_inverse=True)
        # Units are numbered by the ids of their first rows.
        rank = np.empty(len(first), dtype=np.int64)
        rank[np.argsort(first)] = np.arange(len(first))
        self._unit = rank[inverse]
        names = {name: number for number, name in enumerate(sorted(set(labels)))}
        codes = np.fromiter((names[name] for name in labels), dtype=np.int32, count=len(labels))[order]
        self.label = codes[np.sort(first)]
        self.size = np.bincount(self._unit, minlength=len(first))
        self.split = np.zeros(len(first), dtype=np.int8)
        pairs = np.unique(self._unit * len(names) + codes) if names else np.zeros(0, dtype=np.int64)
        self._unit_of_pair, self._label_of_pair = np.divmod(pairs, max(1, len(names)))
        self.in_train = np.bincount(self._label_of_pair, minlength=len(names))

    def by_label(self) -> dict[int, list[int]]:
        """Label -> its units, ascending."""
        found: dict[int, list[int]] = {int(label): [] for label in np.unique(self.label)}
        for unit, label in enumerate(self.label.tolist()):
            found[label].append(unit)
        return found

    def ids_of(self, split: int) -> list[int]:
        """Row ids of a split, ascending."""
        ids: list[int] = self._ids[self.split[self._unit] == split].tolist()
        return ids

    def take(self, units: Sequence[int], quota: int, split: int) -> None:
        """Move units into a split until the quota of rows is filled."""
        for unit in units:
            if quota <= 0:
                return
            if self.split[unit] == 0 and self.size[unit] <= quota and self._can_leave(unit):
                self._move(unit, split)
                quota -= int(self.size[unit])

    def take_any(self, split: int, name: str) -> None:
        """Move the smallest unit that train can spare, for data in which no quota could be filled."""
        movable = [unit for unit in range(len(self.split)) if self.split[unit] == 0 and self._can_leave(unit)]
        if not movable:
            raise Rejected(
                "too_few_rows",
                stated(
                    "There are too few different texts ({count}) to keep some aside for {name}.",
                    count=len(self.split),
                    name=name,
                ),
                stated("Add examples, at least three different texts for one of the labels."),
            )
        self._move(min(movable, key=lambda unit: (int(self.size[unit]), unit)), split)

    def _labels_of(self, unit: int) -> np.ndarray:
        start, end = np.searchsorted(self._unit_of_pair, (unit, unit + 1))
        found: np.ndarray = self._label_of_pair[start:end]
        return found

    def _can_leave(self, unit: int) -> bool:
        return bool((self.in_train[self._labels_of(unit)] > 1).all())

    def _move(self, unit: int, split: int) -> None:
        self.split[unit] = split
        self.in_train[self._labels_of(unit)] -= 1


def _codes(groups: Sequence[Hashable]) -> np.ndarray:
    if isinstance(groups, np.ndarray):
        return groups
    known: dict[Hashable, int] = {}
    return np.fromiter((known.setdefault(group, len(known)) for group in groups), dtype=np.int64, count=len(groups))


def _quotas(units: _Units, by_label: Mapping[int, Sequence[int]], share: float, rng: random.Random) -> dict[int, int]:
    """Rows of each label for a split, by the largest remainder method."""
    exact = {label: share * int(units.size[by_label[label]].sum()) for label in sorted(by_label)}
    quotas = {label: int(value) for label, value in exact.items()}
    missing = max(1, round(sum(exact.values()))) - sum(quotas.values())
    order = sorted(label for label in exact if units.in_train[label] > 1)
    rng.shuffle(order)
    order.sort(key=lambda label: exact[label] - quotas[label], reverse=True)
    for label in order[:missing]:
        quotas[label] += 1
    return quotas
