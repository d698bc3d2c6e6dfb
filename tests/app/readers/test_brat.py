"""ZIP files of brat's annotations."""

import json

from tests.app import written_files as write
from tests.app.readers.reading import cells, codes, read

TEXT = "Anna Berg saw\nParis. Bo\nDahl slept.\n\n"
NOTES = "T1\tPerson 0 9\tAnna Berg\nT2\tCity 14 19\tParis\nT3\tPerson 21 28\tBo\tDahl\nR1\tIn Arg1:T1 Arg2:T2\n"


def test_each_line_is_a_row_with_its_entities(tmp_path):
    content = write.as_zip({"n/1.txt": TEXT.encode(), "n/1.ann": NOTES.encode(), "annotation.conf": b"[entities]"})
    table, records = read(tmp_path, "a.zip", content)
    assert table.columns == ["text", "spans", "file"] and "brat" in codes(table)
    assert [(text, json.loads(spans)) for text, spans, _ in cells(records)] == [
        ("Anna Berg saw", [[0, 9, "Person"]]),
        ("Paris. Bo\nDahl slept.", [[0, 5, "City"], [7, 14, "Person"]]),
    ]


def test_annotations_without_their_texts_are_no_such_archive(tmp_path):
    table, _ = read(tmp_path, "a.zip", write.as_zip({"1.txt": b"one\ntwo", "2.ann": b"T1\tA 0 1\tx"}))
    assert "spans" not in table.columns
