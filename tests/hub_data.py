"""Data sets for the stand-in hub, a few rows each."""

import io
from collections.abc import Mapping
from typing import Any

import pyarrow
from pyarrow import parquet

from tests.standin_hub import Repo

TOPICS = ("refund", "delivery", "account")
CLASS_LABEL = '{"info": {"features": {"text": {"dtype": "string", "_type": "Value"}, "label": {"names": %s, "_type": "ClassLabel"}}}}'


def as_parquet(columns: Mapping[str, list[Any]], metadata: str = "") -> bytes:
    """A Parquet file with these columns, in groups of 50 rows."""
    table = pyarrow.table(dict(columns))
    if metadata:
        table = table.replace_schema_metadata({"huggingface": metadata})
    written = io.BytesIO()
    parquet.write_table(table, written, row_group_size=50)
    return written.getvalue()


def letters(rows: int, start: int = 0) -> bytes:
    """Texts with the numbers of their topics, whose names are in the metadata, as ``datasets`` writes them."""
    numbers = range(start, start + rows)
    texts = [f"My {TOPICS[n % 3]} question number {n} of {n * 7919 % 10007}" for n in numbers]
    names = str(list(TOPICS)).replace("'", '"')
    return as_parquet({"text": texts, "label": [n % 3 for n in numbers]}, CLASS_LABEL % names)


def sharded(**splits: bytes) -> dict[str, bytes]:
    """Files by name, as ``push_to_hub`` names them."""
    return {f"data/{name}-00000-of-00001.parquet": content for name, content in splits.items()}


def letters_repo() -> Repo:
    """A data set with a train and a test split."""
    return Repo(sharded(train=letters(120), test=letters(30, 1000)))
