"""JSON files that hold a list of objects."""

from tests.app.readers.reading import check_lost_rows, check_refusal, damaged_cases, flawed_rows, read

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
