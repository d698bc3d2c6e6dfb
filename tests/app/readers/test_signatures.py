"""What a file really is, by its first bytes."""

import pytest

from app.readers.signatures import looks_like_json, type_mismatch
from tests.app.readers.reading import cells, check_refusal, damaged_cases, read


@damaged_cases("signatures")
def test_file_of_another_kind_is_refused_by_its_name(tmp_path, file):
    check_refusal(tmp_path, file)


@pytest.mark.parametrize("start", ["PAR1", "BM6", "ID3", "RIFF", "MZ", "PK"])
def test_text_that_begins_like_another_file_is_text(tmp_path, start):
    table, records = read(tmp_path, "a.csv", f"{start},label\na,b\n".encode())
    assert table.columns == [start, "label"] and cells(records) == [("a", "b")]


def test_refusal_says_how_to_make_the_file_readable():
    assert "save it as CSV" in type_mismatch("an old Excel or Word file", "csv").hint
    assert type_mismatch("a PDF document", "").message == "The file is a PDF document."


def test_json_is_told_by_its_first_characters():
    assert all(map(looks_like_json, (' {"a": 1}', "[ {}", '[{"a"')))
    assert not any(map(looks_like_json, ("[1, 2]", "{braces}", "text")))
