"""JSON Lines."""

import pytest

from tests.app.readers.reading import check_lost_rows, check_refusal, damaged_cases, flawed_rows, read

GOOD = b'{"text": "a", "label": "b"}\n'


@damaged_cases("jsonl")
def test_file_without_a_usable_line_is_refused(tmp_path, file):
    check_refusal(tmp_path, file)


@pytest.mark.parametrize(
    ("content", "lost", "kept"),
    [
        (b'{"t": 1}\n{"t":\n[1]\n{"t": NaN}\n{"t": 2}\n', {"json": [2, 4], "row_not_object": [3]}, [1, 5]),
        (b'{"t": "a"}\n{"t": "\\ud800"}\n{"t": "\\u0000"}\n', {"bad_character": [2, 3]}, [1]),
        (b'{"t": "a"}\n{"t": ' + b"[" * 9999 + b"\n" + b'{"t": 1e999}\n', {"json": [2, 3]}, [1]),
        (b'\xef\xbb\xbf{"t": "a"}\n\n\xef\xbb\xbf{"t": "b"}\n', {"json": [3]}, [1]),
    ],
)
def test_broken_lines_are_named_and_the_others_read(tmp_path, content, lost, kept):
    check_lost_rows(tmp_path, "a.jsonl", content, lost, kept)


def test_broken_lines_between_good_ones_are_all_the_flaws(tmp_path):
    content = GOOD * 3 + b'{"text": \n' + GOOD + b"[1]\n" + b'{"text": NaN}\n' + GOOD
    table, records = read(tmp_path, "a.jsonl", content)
    assert [line for line, _ in records] == [1, 2, 3, 5, 8]
    assert flawed_rows(table) == {"json": [4, 7], "row_not_object": [6]}


def test_keys_keep_their_values_when_spaces_are_cut_from_their_names(tmp_path):
    table, records = read(tmp_path, "a.jsonl", b'{" text ": "a"}\n')
    assert table.columns == ["text"] and records == [(1, ["a"])]
