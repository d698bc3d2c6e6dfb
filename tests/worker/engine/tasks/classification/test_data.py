"""From rows to tokens with label numbers."""

from pathlib import Path
from typing import Any

import pytest

from app.run_report import Stopped
from tests.tiny import write_rows
from worker.engine.batching.token_cache import TokenCache
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.classification.data import LabelledExample, encode, read_examples

EXAMPLES = [LabelledExample(4, "my card", "a"), LabelledExample(7, "late late late late late", "b")]
NUMBERS = {"b": 0, "a": 1}


def number(example: LabelledExample) -> int:
    return NUMBERS[example.label]


def test_labels_lose_surrounding_spaces_and_missing_texts_are_empty(tmp_path: Path) -> None:
    write_rows(tmp_path, {"t": ["x", None, "y", "z"], "l": [" a ", "b", None, "a"]})
    found = read_examples(tmp_path / "rows.parquet", tmp_path / "splits.json", {"text": "t", "label": "l"})
    assert {name: [(row.row_id, row.text, row.label) for row in rows] for name, rows in found.items()} == {
        "train": [(0, "x", "a"), (1, "", "b"), (2, "y", "")],
        "validation": [],
        "test": [(3, "z", "a")],
    }


def test_long_text_is_cut_and_counted_with_its_end_mark_kept(tokenizer: Any) -> None:
    data = encode(EXAMPLES, number, tokenizer, 6, ListReport())
    # [CLS] and [SEP] take two of the six.
    assert data.lengths == [4, 6] and [row[-1] for row in data.tokens] == [3, 3]
    assert (data.labels, data.cut_rows) == ([1, 0], 1)
    assert encode(EXAMPLES, number, tokenizer, 7, ListReport()).cut_rows == 0


def test_tokens_are_read_back_and_labels_are_not(tokenizer: Any, tmp_path: Path) -> None:
    cache = TokenCache(tmp_path, "data/train")
    first = encode(EXAMPLES, number, tokenizer, 6, ListReport(), cache)
    # A report that stops at once would end any new reading.
    stopped = ListReport(stop_at=-1)
    again = encode(EXAMPLES, lambda example: {"a": 0, "b": 1}[example.label], tokenizer, 6, stopped, cache)
    assert (again.tokens, again.cut_rows, again.labels) == (first.tokens, first.cut_rows, [0, 1])
    for rows, length in ((EXAMPLES[::-1], 6), (EXAMPLES, 5)):
        with pytest.raises(Stopped):
            encode(rows, number, tokenizer, length, stopped, cache)


def test_second_text_is_read_where_it_has_a_column(tmp_path: Path, tokenizer: Any) -> None:
    write_rows(tmp_path, {"a": ["my card", "late", "x", "y"], "b": ["the bank", None, "x", "y"], "l": ["1", "0"] * 2})
    columns = {"text": "a", "text_pair": "b", "label": "l"}
    rows = read_examples(tmp_path / "rows.parquet", tmp_path / "splits.json", columns)["train"]
    assert [row.texts for row in rows] == [("my card", "the bank"), ("late", ""), ("x", "x")]
    assert [row.input for row in rows[:2]] == ['["my card", "the bank"]', '["late", ""]']
    cache = TokenCache(tmp_path, "data/train")
    data = encode(rows, lambda example: int(example.label), tokenizer, 16, ListReport(), cache)
    assert data.token_types is not None and data.token_types[0] == [0, 0, 0, 0, 1, 1, 1]
    assert encode(rows, lambda example: 0, tokenizer, 16, ListReport(stop_at=-1), cache).token_types == data.token_types
    # The first texts alone are other tokens of the same rows.
    alone = [LabelledExample(row.row_id, row.text, row.label) for row in rows]
    assert encode(alone, lambda example: 0, tokenizer, 16, ListReport(), cache).token_types is None
