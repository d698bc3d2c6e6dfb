"""Excel workbooks as tables: which sheet, which row of names."""

from tests.app import written_files as write
from tests.app.readers.reading import check_lost_rows, check_refusal, codes, damaged_cases, read, refused


@damaged_cases("xlsx")
def test_sheet_without_a_table_is_refused(tmp_path, file):
    check_refusal(tmp_path, file)


def test_row_with_cells_beside_the_named_columns_is_named_and_the_others_read(tmp_path):
    content = write.workbook({"S": [["t", "l"], ["a", "b"], ["c", "d", "e"], ["f"]]})
    check_lost_rows(tmp_path, "a.xlsx", content, {"xlsx_shape": [3]}, [2, 4])


def test_sheet_and_header_row_are_found_or_chosen(tmp_path):
    notes = [["About this file"], ["Made in May"]]
    data = [["Survey of 2024"], [None], ["text", "label"], ["eins", 1], [None, None], ["zwei", 2.5]]
    book = write.workbook({"Notes": [["x"]], "Data": data, "More": [*notes, ["a", "b"], ["c", "d"], ["e", "f"]]})
    table, records = read(tmp_path, "a.xlsx", book)
    assert records == [(4, ["eins", "1"]), (6, ["zwei", "2.5"])]
    assert table.found == {"sheet": "Data", "sheets": ["Notes", "Data", "More"], "header_row": 3}
    assert codes(table) == ["header_row", "other_sheets"]
    for sheet in ("more", "3"):
        table, records = read(tmp_path, "a.xlsx", book, sheet=sheet, header_row=3)
        assert (table.columns, records) == (["a", "b"], [(4, ["c", "d"]), (5, ["e", "f"])]) and codes(table) == []
    error = refused(tmp_path, "a.xlsx", book, sheet="Tabelle1")
    assert error.code == "xlsx_sheet" and "'Data'" in error.hint
