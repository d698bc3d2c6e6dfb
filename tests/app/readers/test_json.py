"""JSON files that hold a list of objects."""

import json

from app.readers.table import MAX_CELL
from tests.app.readers.reading import cells, check_lost_rows, check_refusal, damaged_cases, flawed_rows, read, refused

GOOD = b'{"text": "a", "label": "b"}\n'


@damaged_cases("json")
def test_damaged_list_is_refused_with_code_and_place(tmp_path, file):
    check_refusal(tmp_path, file)


def test_values_that_are_no_objects_are_named_and_the_others_read(tmp_path):
    content = b'[{"t": "a"}, 7, {"t": "b"}, null]'
    check_lost_rows(tmp_path, "a.json", content, {"row_not_object": [2, 4]}, [1, 3])


def test_one_object_per_line_is_read_as_lines_with_a_notice(tmp_path):
    table, records = read(tmp_path, "a.json", GOOD * 2)
    assert len(records) == 2 and list(flawed_rows(table)) == ["read_as_lines"]


def test_cells_of_lists_are_checked_like_those_of_objects(tmp_path):
    head = [["text", "label"]]
    rows = [[f"text {n}", "ab"[n % 2]] for n in range(6)]
    table, records = read(
        tmp_path, "a.json", json.dumps([*head, *rows, ["half \ud83d", "a"], ["nul \0", "b"]]).encode()
    )
    assert cells(records) == [tuple(row) for row in rows]
    assert flawed_rows(table)["bad_character"] == [8, 9]
    error = refused(tmp_path, "a.json", json.dumps([*head, *rows, ["x" * (MAX_CELL + 1), "a"]]).encode())
    assert error.code == "cell_too_long" and "'text'" in error.message


def test_numbers_in_lists_stay_as_they_are_written(tmp_path):
    _, records = read(tmp_path, "a.json", b'[["text", "n"], ["a", 1.10], ["b", 2.00], ["c", true], ["d", null]]')
    assert cells(records) == [("a", "1.10"), ("b", "2.00"), ("c", "true"), ("d", None)]
