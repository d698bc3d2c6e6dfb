"""Columns of lists and objects that hold one plain value, or plain fields."""

import json

import pytest

from app.readers import Choices, Table
from app.readers.unfolding import one_value, plain_fields, unfold
from tests.app.readers.reading import cells, codes, read


@pytest.mark.parametrize(
    ("value", "one"),
    [
        (["pests"], "pests"),
        ({"name": "pests", "id": 3}, "pests"),
        ({"water": 0.0, "pests": 1.0, "light": 0.0}, "pests"),
        ([{"label": "pests"}], "pests"),
        ([7], "7"),
        ([{"label": "pests", "score": 0.9}], "pests"),
        ([{"label": "pests", "start": 0, "end": 3}], None),
        ([], None),
        (["a", "b"], None),
        ({"water": 1.0, "pests": 1.0}, None),
        ({"label": "PER", "start": 0, "end": 3}, None),
        ([{"role": "user", "content": "hi"}], None),
    ],
)
def test_one_value_is_read_only_where_there_is_one(value, one):
    assert one_value(value) == one


def test_fields_of_objects_are_named_by_their_path_and_messages_are_left():
    assert plain_fields({"a": {"b": "x"}, "n": 1, "l": ["y"]}) == {"a.b": "x", "n": "1", "l": "y"}
    assert plain_fields({"role": "user", "content": "hi"}) is None
    assert plain_fields({"parts": [1, 2]}) is None


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
def test_lists_of_one_label_are_that_label_in_every_format(tmp_path, name):
    from tests.app import written_files as write

    rows = [(f"text {n}", "xy"[n % 2]) for n in range(8)]
    content = {
        "a.jsonl": b"".join(json.dumps({"text": t, "label": [k]}).encode() + b"\n" for t, k in rows),
        "a.csv": write.as_csv([(t, f"['{k}']") for t, k in rows]),
        "a.parquet": write.columns_as_parquet({"text": [t for t, _ in rows], "label": [[k] for _, k in rows]}),
    }[name]
    table, records = read(tmp_path, name, content)
    assert cells(records) == rows and codes(table) == ["one_value"]
    table, records = read(tmp_path, name, content, repairs={"one_value": False})
    assert records[0][1][1] in ('["x"]', "['x']") and table.found["repairs"] == {"one_value": False}


def test_a_column_with_one_list_of_two_stays_as_it_is(tmp_path):
    rows = [{"text": f"t{n}", "label": ["x"]} for n in range(300)] + [{"text": "last", "label": ["x", "y"]}]
    table, records = read(tmp_path, "a.json", json.dumps(rows).encode())
    assert records[0][1] == ["t0", '["x"]'] and codes(table) == ["nested_value"]


def test_text_one_level_down_becomes_a_column(tmp_path):
    rows = [{"data": {"text": f"t{n}", "lang": "en"}, "label": "x"} for n in range(5)]
    table, records = read(tmp_path, "a.json", json.dumps(rows).encode())
    assert table.columns == ["data.text", "data.lang", "label"] and records[0][1] == ["t0", "en", "x"]
    assert codes(table) == ["nested_fields"]
    table, _ = read(tmp_path, "a.json", json.dumps(rows).encode(), repairs={"nested_fields": False})
    assert table.columns == ["data", "label"]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_value_that_is_no_text_is_left_out_by_its_row(tmp_path, name):
    from tests.app import written_files as write

    rows = [(f"text {n}", json.dumps(["\ud83d" if n == 3 else "x"])) for n in range(8)]
    content = write.as_csv(rows) if name == "a.csv" else write.as_parquet(rows)
    table, records = read(tmp_path, name, content)
    assert "bad_character" in codes(table) and len(records) == 7 and ("text 3", "x") not in cells(records)


def test_key_of_the_only_one_is_text():
    assert one_value({1: 0, 2: 1}) == "2"


def test_conversations_are_not_read_a_second_time():
    cell = json.dumps([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}])
    table = Table("jsonl", "utf-8", ["messages"], iter([(n, [cell]) for n in range(1, 9)]))

    def read_again() -> Table:
        raise AssertionError("read again")

    assert len(list(unfold(table, read_again, Choices()).records)) == 8 and table.columns == ["messages"]
