"""Words with entities as numbers of words."""

import json

from tests.app.readers.reading import cells, codes, read

ROW = {"tokenized_text": ["Anna", "Berg", "saw", "Paris"], "ner": [[0, 1, "person"], [3, 3, "city"]]}


def test_ranges_of_words_become_tags(tmp_path):
    for name, content in (("a.json", json.dumps([ROW, ROW])), ("a.jsonl", f"{json.dumps(ROW)}\n{json.dumps(ROW)}")):
        table, records = read(tmp_path, name, content.encode())
        assert table.columns == ["tokens", "tags"] and "gliner" in codes(table)
        assert json.loads(cells(records)[0][1]) == ["B-person", "I-person", "O", "B-city"]


def test_overlapping_ranges_are_left_as_they_are(tmp_path):
    row = {**ROW, "ner": [[0, 1, "person"], [1, 1, "name"]]}
    table, _ = read(tmp_path, "a.json", json.dumps([row, row]).encode())
    assert table.columns == ["tokenized_text", "ner"]
