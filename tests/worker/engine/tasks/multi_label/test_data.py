"""Rows with sets of labels."""

from pathlib import Path
from typing import cast

from app.catalog.task_types import task_type
from app.catalog.task_types.multi_label_classification import MultiLabelClassification
from tests.tiny import write_rows
from worker.engine.tasks.multi_label.data import indicators, names_of, read_examples


def test_rows_are_read_by_the_roles_of_their_columns(tmp_path: Path) -> None:
    write_rows(tmp_path, {"t": ["x", "y", "z", "w"], "A": ["1", "0", "0", "1"], "B": ["1", "1", "0", "0"]})
    task = cast(MultiLabelClassification, task_type("multi-label-classification"))
    columns = {"text": "t", "label:a": "A", "label:b": "B"}
    found = read_examples(tmp_path / "rows.parquet", tmp_path / "splits.json", task, columns)
    train = found["train"]
    assert [(row.text, row.label) for row in train] == [("x", '["a", "b"]'), ("y", '["b"]'), ("z", "[]")]
    table = indicators(train, ["a", "b"])
    assert table.tolist() == [[True, True], [False, True], [False, False]]
    assert names_of(table, ["a", "b"]) == [row.label for row in train]
