"""Small files of texts with two labels, with and without rows in need of repair; and what a version of them holds."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyarrow import parquet
from sqlalchemy import func, select

from app import storage
from app.db import transaction
from app.models import Dataset, DatasetVersion
from app.services.datasets import datasets

ROWS = [(f"sentence number {n} about {'fruit' if n % 2 else 'music'}", "ab"[n % 2]) for n in range(100)]
BAD_ROWS = [("", "a"), ("  ", "b"), ("something", ""), (ROWS[0][0], "a"), ("=HYPERLINK(1)", "a")]


def write(path: Path, rows: Sequence[Sequence[str]], columns: Sequence[str] = ("text", "label")) -> Path:
    """A CSV file with a header row."""
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([columns, *rows])
    return path


def newest(dataset: Dataset) -> DatasetVersion:
    return datasets.latest_version(dataset)


def folder_of(version: DatasetVersion) -> Path:
    return storage.dataset_dir(version.id)


def splits_of(version: DatasetVersion) -> dict[str, Any]:
    return storage.read_json(folder_of(version) / "splits.json")


def table_of(version: DatasetVersion) -> Any:
    """The stored rows as a table of pyarrow."""
    return parquet.read_table(folder_of(version) / "rows.parquet")


def codes(version: DatasetVersion) -> dict[str, int]:
    """Code of every problem of a version -> how many rows it touches."""
    return {problem["code"]: problem["count"] for problem in version.report["problems"]}


def nothing_stored() -> bool:
    """Whether neither database nor data folder hold a dataset."""
    folder = storage.data_dir() / "datasets"
    with transaction() as session:
        counts = [session.scalar(select(func.count(table.id))) for table in (Dataset, DatasetVersion)]
    return counts == [0, 0] and (not folder.exists() or list(folder.iterdir()) == [])
