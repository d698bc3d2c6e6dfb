"""Parts of an Excel workbook: sheets, shared texts, date formats; dangerous ones are refused."""

from app.readers.workbook import open_workbook, unescape
from tests.app import written_files as write
from tests.app.readers.reading import check_refusal, damaged_cases, read


@damaged_cases("workbook")
def test_workbook_with_dangerous_or_missing_parts_is_refused(tmp_path, file):
    check_refusal(tmp_path, file)


def test_sheets_and_shared_texts_are_listed(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(write.workbook({"First": [["a", "b"]], "Second": [["b", "c"]]}))
    book = open_workbook(path)
    assert [(sheet.name, sheet.hidden) for sheet in book.sheets] == [("First", False), ("Second", False)]
    assert book.shared == ["a", "b", "c"] and not book.since_1904


def test_escaped_characters_are_put_together():
    assert unescape("a_x000D_b") == "a\rb"
    assert unescape("_xD83D__xDE00_") == "😀"
    assert unescape("_x005F_x000D_") == "_x000D_"


def test_date_styles_are_written_as_dates(tmp_path):
    styles = (
        b'<styleSheet xmlns="m"><numFmts><numFmt numFmtId="164" formatCode="[Red]yyyy&quot;x&quot;"/></numFmts>'
        b'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>'
        b'<xf numFmtId="164"/><xf numFmtId="10"/></cellXfs></styleSheet>'
    )
    row = [
        f'<c r="PLACE" s="{style}"><v>{value}</v></c>'.encode()
        for style, value in ((1, 45000), (2, 45000.25), (1, 0.5), (0, 45000), (3, 0.5), (1, -5))
    ]
    book = write.workbook({"S": [list("abcdef"), row]}, **{"xl__styles.xml": styles})
    _, records = read(tmp_path, "a.xlsx", book)
    assert records == [(2, ["2023-03-15", "2023-03-15T06:00:00", "12:00:00", "45000", "0.5", "-5"])]
