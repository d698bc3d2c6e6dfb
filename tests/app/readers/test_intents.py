"""Intents of chat bots, and texts below their labels."""

import json

from tests.app.readers.reading import codes, read, refused

INTENTS = [
    {"tag": "greet", "patterns": ["Hi there", "Good day"], "responses": ["Hello!"]},
    {"tag": "leave", "patterns": ["See you"], "responses": ["Bye!"]},
]


def test_each_pattern_becomes_a_row_with_its_tag(tmp_path):
    table, records = read(tmp_path, "a.json", json.dumps({"intents": INTENTS}).encode())
    assert table.columns == ["text", "label"] and codes(table) == ["intents"]
    assert records == [(1, ["Hi there", "greet"]), (2, ["Good day", "greet"]), (3, ["See you", "leave"])]


def test_lists_of_texts_below_labels_are_rows(tmp_path):
    content = json.dumps({"praise": ["So good", "Well done"], "complaint": ["Never came", "It broke", "Too late"]})
    table, records = read(tmp_path, "a.json", content.encode())
    assert table.columns == ["text", "label"] and codes(table) == ["json_labels"]
    assert records[1:3] == [(2, ["Well done", "praise"]), (3, ["Never came", "complaint"])]


def test_columns_that_lack_a_value_are_no_labels(tmp_path):
    for names, values in ((("text", "label"), "ab"), (("frage", "antwort"), "cd"), (("one", "two"), "xxxx")):
        lists = {names[0]: [f"text {n}" for n in range(4)], names[1]: list(values)}
        if len(values) == 4:
            lists[names[1]].append("x")
        assert refused(tmp_path, "a.json", json.dumps(lists).encode()).code == "json_shape"
