"""Folds of a cross-validation: which rows are held out in each, and what the other rows do there.

A pure function of the dataset version's splits, the labels and the seed, so that every attempt at a run has the same folds.
"""

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.catalog.task_types.base import TaskType
from worker.engine.batching.training_rows import SPLITS, read_rows

Split = dict[str, list[int]]


@dataclass(frozen=True)
class RowGroup:
    """Rows that stay in one fold, because they are the same text or nearly; ``label`` is what folds are stratified by."""

    label: str
    row_ids: tuple[int, ...]


def read_groups(rows: Path, splits: Path, task: TaskType, columns: Mapping[str, str]) -> list[RowGroup]:
    """The rows of a version in the groups that its splits keep together, by the id of their first row.

    The label of a group is that of its first row; of a row with several, the rarest.
    """
    answers = {
        row_id: task.answers(cells, columns)
        for split in read_rows(rows, splits, columns.values()).values()
        for row_id, cells in split
    }
    frequency = Counter(label for labels in answers.values() for label in set(labels))
    together: list[list[int]] = json.loads(splits.read_text(encoding="utf-8")).get("kept_together") or []
    grouped = {row_id for ids in together for row_id in ids}
    groups = [*together, *([row_id] for row_id in answers if row_id not in grouped)]
    return [
        RowGroup(min(answers[ids[0]], key=lambda label: (frequency[label], label), default=""), tuple(ids))
        for ids in sorted(map(sorted, groups))
    ]


def deal(groups: Sequence[RowGroup], parts: int, seed: int) -> list[list[RowGroup]]:
    """The groups in so many parts of nearly equal size, each label spread in proportion.

    Label by label and the largest groups first, each group goes to the part with the fewest rows of its label; of equal ones to
    the part with the fewest rows.
    """
    order = sorted(groups, key=lambda group: group.row_ids)
    random.Random(seed).shuffle(order)
    order.sort(key=lambda group: (group.label, -len(group.row_ids)))
    dealt: list[list[RowGroup]] = [[] for _ in range(parts)]
    rows, of_label = [0] * parts, [Counter[str]() for _ in range(parts)]
    for group in order:
        part = min(range(parts), key=lambda at: (of_label[at][group.label], rows[at], at))
        dealt[part].append(group)
        rows[part] += len(group.row_ids)
        of_label[part][group.label] += len(group.row_ids)
    return dealt


def fold_splits(groups: Sequence[RowGroup], splits: Mapping[str, Sequence[int]], folds: int, seed: int) -> list[Split]:
    """For each fold what ``splits.json`` would say: its own rows are the test, the validation rows are as many as in ``splits``.

    Args:
        splits: the version's own.
    """
    share = len(splits["validation"]) / sum(len(splits[name]) for name in SPLITS)
    dealt = deal(groups, folds, seed)
    found = []
    for number, held_out in enumerate(dealt):
        others = [group for other in range(folds) if other != number for group in dealt[other]]
        parts = max(2, round((folds - 1) / folds / share))
        validation, *training = deal(others, min(parts, len(others)), seed)
        train, validation = _with_every_label([group for part in training for group in part], validation)
        found.append({"train": _ids(train), "validation": _ids(validation), "test": _ids(held_out)})
    return found


def _with_every_label(train: list[RowGroup], validation: list[RowGroup]) -> tuple[list[RowGroup], list[RowGroup]]:
    """A label that only validation rows have goes to the training rows, unless nothing would be left to validate on."""
    known = {group.label for group in train}
    kept = [group for group in validation if group.label in known]
    if not kept:
        return train, validation
    return [*train, *(group for group in validation if group.label not in known)], kept


def all_rows_split(splits: Mapping[str, Sequence[int]]) -> Split:
    """The split of the model that is kept: no row is held back for a test, and the validation rows choose the checkpoint.

    They also take the place of the test rows, on which the download is compared with the model in memory.
    """
    validation = sorted(splits["validation"])
    return {"train": sorted([*splits["train"], *splits["test"]]), "validation": validation, "test": validation}


def read_splits(path: Path) -> Mapping[str, Any]:
    """The content of a ``splits.json``."""
    content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _ids(groups: Sequence[RowGroup]) -> list[int]:
    return sorted(row_id for group in groups for row_id in group.row_ids)
