"""Words with tags, text with spans, text with tags in it: which rows are left out, and what is read and written."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.catalog.task_types import task_type
from tests.app.catalog.task_types.checking import check, reported
from tests.app.catalog.task_types.tagged_rows import spanned, tagged

TASK = task_type("token-classification")


@pytest.mark.parametrize(
    ("code", "words", "tags"),
    [
        ("length_mismatch", ["Bo", "left"], ["B-PER"]),
        ("unknown_tag", ["Bo", "left"], ["1PER", "O"]),
        ("unknown_tag", ["Bo", "left"], [1, 0]),
        ("empty_text", [], []),
        ("empty_text", [" ", ""], ["O", "O"]),
        ("not_a_list", [["Bo"], "left"], ["O", "O"]),
    ],
)
def test_words_and_tags_that_teach_nothing_are_left_out_by_row(
    tmp_path: Path, code: str, words: Any, tags: Any
) -> None:
    report = check(tmp_path, tagged((words, tags)))
    assert (report["task"], report["columns"]) == ("token-classification", {"tokens": "tokens", "tags": "tags"})
    assert reported(report) == [(code, "error", [13])]
    assert report["rows"] == {"total": 13, "usable": 12} and report["labels"] == {"LOC": 12, "PER": 12}


@pytest.mark.parametrize(
    ("code", "spans"),
    [
        ("span_outside", [[0, 99, "PER"]]),
        ("span_outside", [[3, 3, "PER"]]),
        ("overlapping_spans", [[0, 6, "PER"], [3, 9, "PER"]]),
        ("not_spans", [["Bo", 2, "PER"]]),
        ("not_spans", "Bo is a person"),
    ],
)
def test_spans_that_cannot_be_are_left_out_by_row(tmp_path: Path, code: str, spans: Any) -> None:
    report = check(tmp_path, spanned(spans))
    assert (report["task"], report["columns"]) == ("token-classification", {"text": "text", "spans": "spans"})
    assert reported(report) == [(code, "error", [13])]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    report = check(tmp_path, [{"a": "x y", "b": 1}] * 12, "token-classification", columns={"tokens": "a"})
    assert report["problems"][0]["code"] == "missing_column" and "Tags" in report["problems"][0]["message"]


def test_the_repair_says_the_same_in_bio() -> None:
    columns = {"tokens": "tokens", "tags": "tags"}
    row = {"tokens": '["Anna", "Kovac", "slept"]', "tags": "I-PER I-PER O"}
    mended = {**row, **TASK.rewritten(row, columns, {})}
    assert json.loads(mended["tags"]) == ["B-PER", "I-PER", "O"]
    assert TASK.marked(mended, columns) == TASK.marked(row, columns)
    spans = {"text": "Bo met Al.", "spans": '[[7, 8, "Per"]]'}
    row = TASK.rewritten(spans, {"text": "text", "spans": "spans"}, {"Per": "PER"})
    assert json.loads(row["spans"]) == [[7, 9, "PER"]]
    assert TASK.rewritten({"t": "Bo/I-PER left/O"}, {"text": "t"}, {}) == {"t": "Bo/B-PER left/O"}


def test_splits_are_balanced_over_the_types_and_copies_stay_together() -> None:
    columns = {"tokens": "w", "tags": "t"}
    row, other = {"w": "Anna met Bo", "t": "B-PER O B-PER"}, {"w": "Anna met Bo", "t": "O O O"}
    assert TASK.answers(row, columns) == ("PER", "PER") and TASK.answers(other, columns) == ()
    assert TASK.identity(row, columns) == TASK.identity(other, columns) == "Anna met Bo"
    assert TASK.labels([row, other], columns) == {"PER": 2}
    assert (
        TASK.answers({"w": "Anna", "t": "1x"}, columns) == () and TASK.readable({"w": "Anna", "t": "1x"}, columns) == ""
    )


def test_answer_layer_tells_beginning_and_inside_of_each_type_from_nothing() -> None:
    assert TASK.outputs(3) == 7
