"""The folds of a cross-validation: every row is held out once, groups stay together, labels are spread."""

import json
from collections import Counter
from pathlib import Path

from app.catalog.task_types import task_type
from tests.tiny import write_rows
from worker.engine.loop.folds import RowGroup, all_rows_split, deal, fold_splits, read_groups

COLUMNS = {"text": "text", "label": "label"}
TASK = task_type("text-classification")


def groups_of(folder: Path, labels: list[str], together: list[list[int]]) -> list[RowGroup]:
    write_rows(folder, {"text": [f"text {number}" for number in range(len(labels))], "label": labels})
    path = folder / "splits.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "kept_together": together}))
    return read_groups(folder / "rows.parquet", path, TASK, COLUMNS)


def test_every_row_is_held_out_once_and_rows_that_belong_together_stay_together(tmp_path: Path) -> None:
    labels = ["a"] * 30 + ["b"] * 20 + ["c"] * 10
    groups = groups_of(tmp_path, labels, [[0, 7, 9], [31, 32]])
    splits = json.loads((tmp_path / "splits.json").read_text())
    folds = fold_splits(groups, splits, 5, seed=0)
    assert sorted(row for fold in folds for row in fold["test"]) == list(range(60))
    for fold in folds:
        assert sorted(row for rows in fold.values() for row in rows) == list(range(60))
        for name in fold:
            assert {0, 7, 9} <= set(fold[name]) or not {0, 7, 9} & set(fold[name])
            assert {31, 32} <= set(fold[name]) or not {31, 32} & set(fold[name])
        # 12 rows of 60, of each label its share.
        assert Counter(labels[row] for row in fold["test"]) == {"a": 6, "b": 4, "c": 2}
        assert 6 <= len(fold["validation"]) <= 10


def test_the_same_seed_gives_the_same_folds_and_another_seed_others(tmp_path: Path) -> None:
    groups = groups_of(tmp_path, ["a", "b"] * 20, [])
    splits = json.loads((tmp_path / "splits.json").read_text())
    assert fold_splits(groups, splits, 4, 1) == fold_splits(list(reversed(groups)), splits, 4, 1)
    assert fold_splits(groups, splits, 4, 1) != fold_splits(groups, splits, 4, 2)


def test_a_rare_label_stays_among_the_training_rows(tmp_path: Path) -> None:
    labels = ["a"] * 18 + ["rare", "rare"]
    groups = groups_of(tmp_path, labels, [])
    for fold in fold_splits(groups, json.loads((tmp_path / "splits.json").read_text()), 5, 0):
        held_out = sum(labels[row] == "rare" for row in fold["test"])
        assert any(labels[row] == "rare" for row in fold["train"]) or held_out == 2
        assert fold["validation"] and fold["train"]


def test_large_groups_are_dealt_before_small_ones() -> None:
    groups = [RowGroup("a", tuple(range(6))), *(RowGroup("a", (row,)) for row in range(6, 12))]
    assert sorted(sum(len(group.row_ids) for group in part) for part in deal(groups, 2, 0)) == [6, 6]


def test_the_model_that_is_kept_learns_from_the_test_rows_too() -> None:
    assert all_rows_split({"train": [1, 4], "validation": [2], "test": [0, 3]}) == {
        "train": [0, 1, 3, 4],
        "validation": [2],
        "test": [2],
    }
