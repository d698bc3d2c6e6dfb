"""Deals rows out to train, validation and test: a pure function of ids, labels, groups and seed.

Rows of one group (the same text) stay together, so that nothing tested has been learned. Knows no file and no table.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from app.errors import Rejected

SPLITS = ("train", "validation", "test")
STRATIFIED = {"train": 0.8, "validation": 0.1, "test": 0.1}
WITH_OWN_TEST = {"train": 0.9, "validation": 0.1}
# More rows than these say little more: 500 tell checkpoints apart, 5,000 pin an accuracy down to one point. On
# Banking77 500 rows more to learn from are worth half a point.
MOST_ROWS = {"validation": 500, "test": 5000}


@dataclass(eq=False, slots=True)
class _Unit:
    """Rows with one text and the split they are in; ``label`` is that of the first, ``labels`` are all, each once."""

    ids: tuple[int, ...]
    label: str
    labels: tuple[str, ...]
    split: str


def choose_shares(rows: int, own_test: bool = False) -> dict[str, float]:
    """Split name -> share of ``rows`` to learn from, to check while training, and to test unless the user brings those."""
    shares = dict(WITH_OWN_TEST if own_test else STRATIFIED)
    for name, most in MOST_ROWS.items():
        if name in shares and shares[name] * rows > most:
            shares[name] = most / rows
    shares["train"] = 1 - sum(share for name, share in shares.items() if name != "train")
    return shares


def deal(
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
    train, *held_out = shares
    units = _units(ids, labels, groups, train)
    chooser = random.Random(seed)
    by_label: dict[str, list[_Unit]] = defaultdict(list)
    for unit in units:
        by_label[unit.label].append(unit)
    for label in sorted(by_label):
        chooser.shuffle(by_label[label])
    in_train = Counter(label for unit in units for label in unit.labels)
    for name in held_out:
        quotas = _quotas(by_label, shares[name], chooser, in_train)
        for label in sorted(by_label):
            _take(by_label[label], quotas[label], name, train, in_train)
        if all(unit.split != name for unit in units):
            _take_any(units, name, train, in_train)
    return {name: sorted(n for unit in units if unit.split == name for n in unit.ids) for name in shares}


def carry(
    before: Mapping[str, Sequence[int]], ids: Sequence[int], groups: Sequence[Hashable], is_test: Callable[[int], bool]
) -> dict[str, list[int]] | None:
    """The splits of an earlier version for the rows of a changed one, so that scores of both can be compared.

    Rows stay where they were. New ones join the rows with the same text, else the training rows; a text that an edit
    brought into two splits goes to the first of them. ``is_test`` names rows of the person's own evaluation file, which
    stay in ``test``. None when a split would be left without rows; deal anew then.
    """
    home = {row_id: name for name in SPLITS for row_id in before[name]}
    of_group: dict[Hashable, str] = {}
    for row_id, group in zip(ids, groups, strict=True):
        if row_id in home and not is_test(row_id):
            known = of_group.get(group)
            of_group[group] = min(home[row_id], known or home[row_id], key=SPLITS.index)
    kept: dict[str, list[int]] = {name: [] for name in SPLITS}
    for row_id, group in zip(ids, groups, strict=True):
        kept["test" if is_test(row_id) else of_group.get(group, "train")].append(row_id)
    return {name: sorted(rows) for name, rows in kept.items()} if all(kept.values()) else None


def _units(ids: Sequence[int], labels: Sequence[str], groups: Sequence[Hashable], split: str) -> list[_Unit]:
    members: dict[Hashable, list[tuple[int, str]]] = defaultdict(list)
    for row_id, label, group in sorted(zip(ids, labels, groups, strict=True), key=lambda row: row[0]):
        members[group].append((row_id, label))
    return [
        _Unit(tuple(row_id for row_id, _ in rows), rows[0][1], tuple(dict.fromkeys(label for _, label in rows)), split)
        for rows in members.values()
    ]


def _quotas(
    by_label: Mapping[str, list[_Unit]], share: float, chooser: random.Random, in_train: Counter[str]
) -> dict[str, int]:
    """Rows of each label for a split: whole parts first, then one more where the remainder is largest."""
    exact = {label: share * sum(len(unit.ids) for unit in by_label[label]) for label in sorted(by_label)}
    quotas = {label: int(value) for label, value in exact.items()}
    missing = max(1, round(sum(exact.values()))) - sum(quotas.values())
    order = sorted(label for label in exact if in_train[label] > 1)
    chooser.shuffle(order)
    order.sort(key=lambda label: exact[label] - quotas[label], reverse=True)
    for label in order[:missing]:
        quotas[label] += 1
    return quotas


def _take(units: Sequence[_Unit], quota: int, name: str, train: str, in_train: Counter[str]) -> None:
    for unit in units:
        if quota <= 0:
            return
        if unit.split == train and len(unit.ids) <= quota and _can_leave(unit, in_train):
            _move(unit, name, in_train)
            quota -= len(unit.ids)


def _take_any(units: Sequence[_Unit], name: str, train: str, in_train: Counter[str]) -> None:
    """The smallest text that can be spared, for data in which no quota could be met."""
    spare = [unit for unit in units if unit.split == train and _can_leave(unit, in_train)]
    if not spare:
        raise Rejected(
            "too_few_rows",
            f"There are too few different texts ({len(units)}) to keep some aside for {name}.",
            "Add examples, at least three different texts for one of the labels.",
        )
    _move(min(spare, key=lambda unit: (len(unit.ids), unit.ids)), name, in_train)


def _can_leave(unit: _Unit, in_train: Counter[str]) -> bool:
    return all(in_train[label] > 1 for label in unit.labels)


def _move(unit: _Unit, name: str, in_train: Counter[str]) -> None:
    unit.split = name
    in_train.subtract(unit.labels)
