"""Rows of JSON files that are no objects."""

import json

import pytest

from tests.app.readers.reading import codes, read

TURNS = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
ROWS = [{"text": f"text {n} of a few", "label": "xy"[n % 2]} for n in range(12)]


def as_json(rows) -> bytes:
    return json.dumps(rows).encode()


def as_lines(rows) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.mark.parametrize(("name", "write"), [("a.json", as_json), ("a.jsonl", as_lines)])
@pytest.mark.parametrize(
    ("rows", "columns", "first"),
    [
        ([json.dumps(row) for row in ROWS], ["text", "label"], ["text 0 of a few", "x"]),
        ([row["text"] for row in ROWS], ["text"], ["text 0 of a few"]),
        (
            [["text", "label"], *([row["text"], row["label"]] for row in ROWS)],
            ["text", "label"],
            ["text 0 of a few", "x"],
        ),
        ([TURNS, TURNS], ["messages"], [json.dumps(TURNS)]),
        ([["Ann went", {"entities": [[0, 3, "PER"]]}]] * 3, ["text", "spans"], ["Ann went", '[[0, 3, "PER"]]']),
    ],
    ids=["objects as text", "texts", "lists below their names", "lists of messages", "spaCy"],
)
def test_rows_of_one_form_are_read_and_told(tmp_path, name, write, rows, columns, first):
    table, records = read(tmp_path, name, write(rows))
    assert table.columns == columns and records[0][1] == first
    assert codes(table)[:1] == ([] if "label" in first else codes(table)[:1])
    assert "row_form" in codes(table) or columns == ["text", "label"]


def test_rows_of_another_form_are_named(tmp_path):
    table, records = read(tmp_path, "a.json", as_json([TURNS, TURNS, "odd", TURNS]))
    assert [line for line, _ in records] == [1, 2, 4]
    assert {flaw.code: flaw.rows for flaw in table.flaws.all() if flaw.lost} == {"row_not_object": [3]}
