"""The Parquet file of rows that an import writes."""

from pathlib import Path

import pytest
from pyarrow import parquet

from app.errors import TooLarge
from app.readers import Limits, Table
from app.readers.rows_file import PORTION_ROWS, RowsFile


def table(columns: list[str], *records: tuple[int, list[str | None]]) -> Table:
    return Table("csv", "utf-8", columns, iter(records))


def written(path: Path) -> list[dict]:
    return parquet.read_table(path).to_pylist()


def test_tables_with_different_columns_become_one(tmp_path):
    with RowsFile(tmp_path / "rows", ["text", "label"], Limits()) as rows:
        rows.write(table(["label", "text"], (2, ["a", "one"])))
        rows.write(table(["text"], (7, ["two"])))
    assert written(tmp_path / "rows") == [
        {"_id": 0, "_line": 2, "text": "one", "label": "a"},
        {"_id": 1, "_line": 7, "text": "two", "label": None},
    ]


def test_ids_go_on_from_one_portion_to_the_next(tmp_path):
    count = PORTION_ROWS + 3
    with RowsFile(tmp_path / "rows", ["text"], Limits()) as rows:
        rows.write(table(["text"], *((line, ["x"]) for line in range(count))))
    assert rows.next_id == count and [row["_id"] for row in written(tmp_path / "rows")] == list(range(count))


def test_rows_of_all_tables_count_towards_the_limit(tmp_path):
    with RowsFile(tmp_path / "rows", ["text"], Limits(rows=2)) as rows:
        rows.write(table(["text"], (1, ["a"]), (2, ["b"])))
        with pytest.raises(TooLarge, match="more than 2 rows"):
            rows.write(table(["text"], (1, ["c"])))


def test_text_beyond_the_limit_is_refused(tmp_path):
    with RowsFile(tmp_path / "rows", ["text"], Limits(text=5)) as rows, pytest.raises(TooLarge, match="5 characters"):
        rows.write(table(["text"], (1, ["abcdef"])))
