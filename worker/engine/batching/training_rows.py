"""Reads the rows of a dataset version, split as the version's frozen splits say."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pyarrow import parquet

SPLITS = ("train", "validation", "test")


class SplitRow(NamedTuple):
    """A row of a split: its id in the dataset version, and its cells by column."""

    row_id: int
    cells: dict[str, Any]


def read_rows(rows: Path, splits: Path, columns: Iterable[str]) -> dict[str, list[SplitRow]]:
    """Split name -> its rows in the split's order.

    Args:
        rows: the version's ``rows.parquet``.
        splits: the version's ``splits.json``: row ids by split.
        columns: only these are read.
    """
    names = ["_id", *dict.fromkeys(columns)]
    by_id = {
        cells["_id"]: SplitRow(cells["_id"], cells) for cells in parquet.read_table(rows, columns=names).to_pylist()
    }
    frozen = json.loads(splits.read_text(encoding="utf-8"))
    return {name: [by_id[row_id] for row_id in frozen[name]] for name in SPLITS}
