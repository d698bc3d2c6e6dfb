"""JSON values as cells: text as it was written, with nested, mixed and unusable values named."""

import json

import pytest

from app.readers.json_values import MAX_DEPTH, MAX_VALUES, RefusedValue, check_count, check_depth
from tests.app.readers.reading import flawed_rows, read

GOOD = b'{"text": "a", "label": "b"}\n'


def test_numbers_and_truth_values_become_the_text_they_were_written_as(tmp_path):
    content = b'[{"a": 1.10, "b": 7, "c": true, "d": null, "e": "x", "f": 1e3}]'
    _, records = read(tmp_path, "a.json", content)
    assert records == [(1, ["1.10", "7", "true", None, "x", "1e3"])]


def test_nested_and_mixed_values_are_flaws_of_their_column(tmp_path):
    content = b'[{"a": 1, "b": "x"}, {"a": "1", "b": ["y"]}, {"a": 2, "b": "z"}, {"a": 3}]'
    table, records = read(tmp_path, "a.json", content)
    assert [cells for _, cells in records] == [["1", "x"], ["1", '["y"]'], ["2", "z"], ["3", None]]
    found = {(flaw.code, flaw.column): flaw.rows for flaw in table.flaws.all()}
    assert found == {("mixed_types", "a"): [2], ("nested_value", "b"): [2], ("mixed_keys", ""): [4]}


def test_odd_rows_are_named_and_not_the_many_others(tmp_path):
    rows = [{"ask": f"q{n}", "say": "x"} for n in range(20)]
    rows[3] = {"ask": "q3", "reply": "x"}
    rows[0]["note"] = "first"
    table, _ = read(tmp_path, "a.json", json.dumps(rows).encode())
    (flaw,) = table.flaws.all()
    assert flaw.rows == [1, 4]
    assert all(
        words in flaw.message for words in ("'say' is missing in 1", "'reply' is there in 1", "'note' is there in 1")
    )


def test_rows_with_lone_surrogates_or_nul_are_named(tmp_path):
    table, records = read(tmp_path, "a.jsonl", GOOD + b'{"text": "\\ud800"}\n{"text": "\\u0000"}\n' + GOOD)
    assert [line for line, _ in records] == [1, 4]
    assert flawed_rows(table)["bad_character"] == [2, 3]


def test_nesting_is_limited():
    nested: list[object] = []
    for _ in range(MAX_DEPTH):
        nested = [nested]
    check_depth(nested)
    with pytest.raises(RefusedValue, match=f"{MAX_DEPTH} deep"):
        check_depth({"more": nested})


def test_number_of_values_in_one_row_is_limited_before_they_are_parsed():
    check_count("[" + "1," * (MAX_VALUES - 2) + "1]")
    with pytest.raises(RefusedValue, match=f"{MAX_VALUES:,} values"):
        check_count("[" + "1," * (MAX_VALUES + 1) + "1]")
