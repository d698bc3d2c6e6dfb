"""JSON Lines."""

import json

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


def test_commas_at_the_ends_of_lines_cost_nothing(tmp_path):
    table, records = read(tmp_path, "a.jsonl", b'{"text": "a"},\n{"text": "b"},\n')
    assert records == [(1, ["a"]), (2, ["b"])] and flawed_rows(table) == {"line_comma": [1, 2]}


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.txt"])
def test_objects_over_several_lines_one_after_another_are_read(tmp_path, name):
    content = b"".join(json.dumps({"text": f"t{n}", "n": n}, indent=2).encode() + b"\n" for n in range(5))
    table, records = read(tmp_path, name, content)
    assert table.columns == ["text", "n"] and records[4] == (5, ["t4", "4"]) and "read_as_lines" in flawed_rows(table)


def test_missing_numbers_of_python_matter_only_where_they_stand(tmp_path):
    table, records = read(
        tmp_path, "a.jsonl", b'{"t": "a", "n": NaN}\n{"t": "b", "n": 1.5}\n{"t": "c", "n": -Infinity}\n'
    )
    assert [cells for _, cells in records] == [["a", None], ["b", "1.5"], ["c", None]]
    (flaw,) = table.flaws.all()
    assert (flaw.code, flaw.severity, flaw.column, flaw.rows) == ("json", "error", "n", [1, 3]) and not flaw.lost
    assert "'n', which is not used" in flaw.unused


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{'t': 1}", "single quote"),
        (b'{"t": 1} {"t": 2}', "more text after"),
        (b'{"t": "a" "b": 1}', "comma is missing"),
        (b'{"t": tea}', "no double quotes"),
        (b'{"t": "a\\q"}', "backslash"),
        (b'{"t": [1, 2}', "comma is missing"),
        (b'{"t": "a', "never closed"),
        (b'{"t": 1', "too early"),
    ],
)
def test_broken_lines_are_reported_without_the_words_of_a_parser(tmp_path, line, words):
    table, _ = read(tmp_path, "a.jsonl", GOOD + line + b"\n")
    (flaw,) = table.flaws.all()
    assert words in flaw.message and flaw.rows == [2]
    assert not any(word in flaw.message for word in ("Expecting", "delimiter", "Extra data"))


def test_keys_keep_their_values_when_spaces_are_cut_from_their_names(tmp_path):
    table, records = read(tmp_path, "a.jsonl", b'{" text ": "a"}\n')
    assert table.columns == ["text"] and records == [(1, ["a"])]
