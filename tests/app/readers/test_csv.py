"""CSV, TSV and other delimited text."""

import pytest

from app.readers.table import MAX_CELL
from tests.app import written_files as write
from tests.app.readers.reading import (
    cells,
    check_lost_rows,
    check_refusal,
    codes,
    damaged_cases,
    flawed_rows,
    read,
    refused,
)


@damaged_cases("csv")
def test_damaged_table_is_refused_with_code_and_rows(tmp_path, file):
    check_refusal(tmp_path, file)


@pytest.mark.parametrize(
    ("content", "lost", "kept"),
    [
        (b'text,label\na,b\nc\nd,e,f\n"g"h,i\nj,k\nl,m\nn,o\n', {"csv_shape": [3, 4, 5]}, [2, 6, 7, 8]),
        (b"text,label\r\na,b\rc\nd,e\r\n\r\nf\n", {"csv_shape": [3, 6]}, [2, 4]),
        ('text,label\n"a\nb",c\nd\n\u2028,e\n\ufefff,g\n'.encode(), {"csv_shape": [4]}, [2, 5, 6]),
    ],
)
def test_ragged_rows_are_named_and_the_others_read(tmp_path, content, lost, kept):
    check_lost_rows(tmp_path, "a.csv", content, lost, kept)


def test_ragged_rows_are_errors_and_lost(tmp_path):
    table, records = read(tmp_path, "a.csv", b'text,label\na,b\nc\nd,e,f\n"g"h,i\nj,k\nl,m\nn,o\n')
    assert [line for line, _ in records] == [2, 6, 7, 8]
    assert flawed_rows(table) == {"csv_shape": [3, 4, 5]}
    assert table.flaws.all()[0].severity == "error" and table.flaws.all()[0].lost


def test_rows_are_numbered_by_the_line_they_begin_on(tmp_path):
    _, records = read(tmp_path, "a.csv", b'text,label\n"one\ntwo",a\n\nthree,b\r\nfour,c')
    assert [line for line, _ in records] == [2, 5, 6]
    assert records[2][1] == ["four", "c"]


def test_formulas_stay_text(tmp_path):
    formulas = ["=cmd|'/c calc'!A1", "@SUM(A1)", "+1", "-1"]
    content = write.as_csv([(formula, "a") for formula in formulas])
    _, records = read(tmp_path, "a.csv", content)
    assert [row[0] for _, row in records] == formulas


def test_separator_line_of_a_spreadsheet_program_is_understood(tmp_path):
    _, records = read(tmp_path, "a.csv", b"sep=;\r\ntext;label\r\na, b;x\r\n")
    assert records == [(3, ["a, b", "x"])]


def test_column_names_can_be_further_down(tmp_path):
    _, records = read(tmp_path, "a.csv", b"Survey\nof May, June\ntext,label\na,x\n", header_row=3)
    assert records == [(4, ["a", "x"])]


def test_line_ends_inside_of_cells_stay_as_they_are(tmp_path):
    content = b'text,label\r\n"a\r\nb\rc\nd",x\r\ne,y\rf,z\n'
    _, records = read(tmp_path, "a.csv", content)
    assert records == [(2, ["a\r\nb\rc\nd", "x"]), (6, ["e", "y"]), (7, ["f", "z"])]


def test_empty_cell_of_a_single_column_is_a_row_and_a_blank_line_is_not(tmp_path):
    _, records = read(tmp_path, "a.csv", b'text\na\n\n""\n  \nb\n')
    assert records == [(2, ["a"]), (4, [""]), (5, ["  "]), (6, ["b"])]


def test_table_with_tabs_may_be_written_without_quoting(tmp_path):
    content = b'text\tlabel\n"Never, he said\tx\nthe 5" nail\ty\n"all right"\tz\n'
    table, records = read(tmp_path, "a.tsv", content)
    assert cells(records) == [('"Never, he said', "x"), ('the 5" nail', "y"), ('"all right"', "z")]
    assert codes(table) == ["plain_quotes"]
    table, records = read(tmp_path, "a.tsv", b'text\tlabel\n"all ""right"""\tz\n')
    assert cells(records) == [('all "right"', "z")] and codes(table) == []


def test_column_of_a_cell_that_is_too_long_is_named_beside_columns_that_are_left_out(tmp_path):
    rows = "".join(f"{n},text {n},{'x' * (MAX_CELL + 1) if n == 3 else 'ab'[n % 2]}\n" for n in range(6))
    error = refused(tmp_path, "a.csv", f",text,label\n{rows}".encode())
    assert error.code == "cell_too_long" and "'label'" in error.message
