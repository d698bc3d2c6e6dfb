"""Cells of a sheet of an Excel workbook."""

import io
import zipfile

from tests.app import written_files as write
from tests.app.readers.reading import cells, check_lost_rows, check_refusal, damaged_cases, flawed_rows, read


@damaged_cases("sheet")
def test_sheet_with_unreadable_cells_is_refused(tmp_path, file):
    check_refusal(tmp_path, file)


def test_row_with_half_a_character_pair_is_named_and_the_others_read(tmp_path):
    rows = [["t"], ["a"], [b'<c r="PLACE" t="str"><v>_xD800_</v></c>'], ["b"]]
    check_lost_rows(tmp_path, "a.xlsx", write.workbook({"S": rows}), {"bad_character": [3]}, [2, 4])


def test_values_become_text_and_formulas_and_errors_are_flaws(tmp_path):
    cell = '<c r="PLACE"{}>{}</c>'
    row = [
        True,
        1e300,
        cell.format(' t="str"', "<f>A1</f><v>sum</v>").encode(),
        cell.format("", "<f>B1</f>").encode(),
        cell.format(' t="e"', "<v>#N/A</v>").encode(),
        cell.format(' t="inlineStr"', "<is><r><t>ri</t></r><r><t>ch</t></r><rPh><t>no</t></rPh></is>").encode(),
    ]
    table, records = read(tmp_path, "a.xlsx", write.workbook({"S": [list("abcdef"), row]}))
    assert records == [(2, ["true", "1e+300", "sum", None, "#N/A", "rich"])]
    assert {(flaw.code, flaw.column, *flaw.rows) for flaw in table.flaws.all()} == {
        ("xlsx_formula", "c", 2),
        ("xlsx_uncomputed", "d", 2),
        ("xlsx_error", "e", 2),
    }


def test_sheet_that_claims_to_be_huge_is_read_by_what_it_holds(tmp_path):
    far = b'<c r="PLACE"/>'
    rows = [["text", "label"], ["a", "b", *[far] * 300], *[[None]] * 5000, ["c", "d"]]
    _, records = read(tmp_path, "a.xlsx", write.workbook({"S": rows}))
    assert cells(records) == [("a", "b"), ("c", "d")]


def test_merged_cells_are_filled_into_each_of_their_rows_and_can_be_left(tmp_path):
    rows = [["kind", "text"], ["pump", "it drips"], [None, "it hums"], [None, "it leaks"], ["badge", "it broke"]]
    book = merged(write.workbook({"S": rows}), "A2:A4")
    table, records = read(tmp_path, "a.xlsx", book)
    assert [row[0] for _, row in records] == ["pump", "pump", "pump", "badge"]
    assert flawed_rows(table) == {"merged_cells": [3, 4]} and table.found["repairs"] == {"merged_cells": True}
    table, records = read(tmp_path, "a.xlsx", book, repairs={"merged_cells": False})
    assert [row[0] for _, row in records] == ["pump", None, None, "badge"]


def merged(book: bytes, area: str) -> bytes:
    """The workbook with merged cells on its first sheet."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    sheet = files["xl/worksheets/sheet0.xml"]
    added = f'</sheetData><mergeCells count="1"><mergeCell ref="{area}"/></mergeCells>'.encode()
    return write.as_zip(files | {"xl/worksheets/sheet0.xml": sheet.replace(b"</sheetData>", added)})
