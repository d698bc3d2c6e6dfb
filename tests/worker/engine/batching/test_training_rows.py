"""Rows of a dataset version, by its frozen splits."""

import json
from pathlib import Path

import pyarrow
from pyarrow import parquet

from worker.engine.batching.training_rows import read_rows


def test_rows_come_in_the_order_of_their_split_with_the_named_columns(tmp_path: Path) -> None:
    table = pyarrow.table({"_id": [1, 2, 3, 4], "text": ["a", "b", None, "d"], "label": ["x"] * 4, "note": ["-"] * 4})
    parquet.write_table(table, tmp_path / "rows.parquet")
    (tmp_path / "splits.json").write_text(json.dumps({"train": [4, 1], "validation": [3], "test": [2]}))
    splits = read_rows(tmp_path / "rows.parquet", tmp_path / "splits.json", ["text", "label", "text"])
    assert {name: [row.row_id for row in rows] for name, rows in splits.items()} == {
        "train": [4, 1],
        "validation": [3],
        "test": [2],
    }
    assert splits["train"][0].cells == {"_id": 4, "text": "d", "label": "x"}
    assert splits["validation"][0].cells["text"] is None
