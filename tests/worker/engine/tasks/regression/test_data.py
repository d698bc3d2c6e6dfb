"""Rows with numbers."""

from pathlib import Path

from app.catalog.task_types import task_type
from tests.tiny import write_rows
from worker.engine.tasks.regression.data import read_examples


def test_numbers_are_read_as_the_roles_of_their_columns_say(tmp_path: Path) -> None:
    write_rows(
        tmp_path, {"t": ["x", "y", "z", "w"], "A": ["1,250", "0,5", "2", "3"], "B": ["4/5", "3/5", "1/5", "2/5"]}
    )
    columns = {"text": "t", "score,:A": "A", "score:B": "B"}
    found = read_examples(tmp_path / "rows.parquet", tmp_path / "splits.json", task_type("regression"), columns)
    assert [row.label for row in found["train"]] == [
        '{"A": 1.25, "B": 4.0}',
        '{"A": 0.5, "B": 3.0}',
        '{"A": 2.0, "B": 1.0}',
    ]
    single = read_examples(
        tmp_path / "rows.parquet", tmp_path / "splits.json", task_type("regression"), {"text": "t", "score.": "A"}
    )
    assert single["train"][0].label == "1250.0"
