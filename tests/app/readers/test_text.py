"""Plain text: a row for each line."""

from hypothesis import given
from hypothesis import strategies as st

from tests.app.readers.reading import QUICK, cell_texts, cells, check_refusal, damaged_cases, read, refused


@damaged_cases("text")
def test_line_beyond_the_length_of_a_cell_is_refused(tmp_path, file):
    check_refusal(tmp_path, file)


@QUICK
@given(lines=st.lists(cell_texts("\r\ufeff"), min_size=1, max_size=8))
def test_arbitrary_lines_are_read_as_written(tmp_path, lines):
    lines = [line for raw in lines if (line := raw.replace("\n", " ")).strip()] + ["The end."]
    content = "\n\n".join([*lines, ""]).encode()
    table, records = read(tmp_path, "a.txt", content)
    if table.format == "text":
        assert [text for (text,) in cells(records)] == lines


def test_rows_are_numbered_by_line_and_blank_lines_are_none(tmp_path):
    table, records = read(tmp_path, "a.txt", b"One sentence.\n\n  \nAnother one.\n")
    assert (table.format, table.columns) == ("text", ["text"])
    assert records == [(1, ["One sentence."]), (4, ["Another one."])]


def test_text_of_blank_lines_has_no_rows(tmp_path):
    assert refused(tmp_path, "a.txt", b"\n \n").code == "no_rows"
