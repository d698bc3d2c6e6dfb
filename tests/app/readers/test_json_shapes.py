"""JSON files that begin with an object: rows under a key, or a list for each column."""

import json

import pytest

from app.errors import Rejected
from app.readers import open_table

ROWS = [[f"text number {n} of many", ("yes", "no")[n % 2]] for n in range(40)]
NAMES = ["text", "label"]
OBJECTS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]


def read(tmp_path, value, name="a.json"):
    path = tmp_path / "stored"
    path.write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), encoding="utf-8")
    table = open_table(path, name)
    return table, list(table.records)


@pytest.mark.parametrize(
    "value",
    [
        {"data": OBJECTS},
        {"version": "1.1", "data": OBJECTS, "about": {"made": {"by": "ann"}}},
        {"text": [row[0] for row in ROWS], "label": [row[1] for row in ROWS]},
        {name: {str(n): row[at] for n, row in enumerate(ROWS)} for at, name in enumerate(NAMES)},
        {"columns": NAMES, "index": list(range(40)), "data": ROWS},
    ],
    ids=["under a key", "among other keys", "lists side by side", "as pandas writes", "split as pandas does"],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_shapes_of_json_give_the_same_rows(tmp_path, value, indent):
    table, records = read(tmp_path, json.dumps(value, indent=indent))
    assert table.columns == NAMES and records == [(n, row) for n, row in enumerate(ROWS, start=1)]
    left = [flaw.message for flaw in table.flaws.all()]
    assert bool(left) == ("version" in value) and all("'version', 'about'" in message for message in left)


def test_rows_under_ids_keep_their_ids_unless_these_only_count(tmp_path):
    table, records = read(tmp_path, {f"r{n}": row for n, row in enumerate(OBJECTS)})
    assert table.columns == ["id", *NAMES] and records[1] == (2, ["r1", *ROWS[1]])
    assert [flaw.code for flaw in table.flaws.all()] == ["json_ids"]
    table, records = read(tmp_path, {str(n): row for n, row in enumerate(OBJECTS)})
    assert table.columns == NAMES and len(records) == 40


def test_rows_further_down_are_found_and_their_place_is_reported(tmp_path):
    table, records = read(tmp_path, {"made": "today", "data": {"count": 40, "items": OBJECTS}})
    assert table.columns == NAMES and len(records) == 40
    assert "40 under 'data.items'" in table.flaws.all()[0].message


def test_two_lists_further_down_are_not_guessed(tmp_path):
    with pytest.raises(Rejected, match=r"'data.items' \(40\), 'data.more' \(9\)"):
        read(tmp_path, {"data": {"items": OBJECTS, "more": OBJECTS[:9]}})


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        ({"text": ["a", "b"], "label": ["x"]}, "json_shape", "'text' 2, 'label' 1"),
        ({"train": OBJECTS, "test": OBJECTS[:9]}, "json_shape", "'train' (40), 'test' (9)"),
        ({"text": "alone", "label": "x"}, "json", "begins with an object"),
        ({"messages": [{"role": "user", "content": "hi"}]}, "json", "begins with an object"),
        ({"data": []}, "no_rows", ""),
        ('{"data": [{"a": 1}, ], "b": 2}', "json", "comma after the last item"),
        ('{"data": [{"a": 1}], "data": [{"a": 2}]}', "json", "there twice"),
        ('{"data": [{"a": 1}]} and more', "json", "more text after the list"),
        ('{"data": [{"a": 1}', "json", "the file ends"),
    ],
)
def test_object_without_one_table_is_refused(tmp_path, value, code, words):
    with pytest.raises(Rejected) as caught:
        read(tmp_path, value)
    assert caught.value.code == code and words in caught.value.message, caught.value.message
