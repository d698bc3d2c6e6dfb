"""Text of Word documents, a row for each paragraph."""

import pytest

from tests.app import written_files as write
from tests.app.readers.reading import cells, codes, read, refused

NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(*paragraphs: str, table: str = "") -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    return write.as_zip(
        {"word/document.xml": f"<w:document {NAMESPACE}><w:body>{body}{table}</w:body></w:document>".encode()}
    )


def test_paragraphs_of_a_word_document_are_rows(tmp_path):
    other = "<w:p><w:r><w:delText>gone</w:delText></w:r><w:r><w:t>A</w:t><w:tab/><w:t>B</w:t></w:r></w:p>"
    table, records = read(tmp_path, "a.docx", docx("One &amp; only.", " ", "Two.", table=other))
    assert (table.format, table.columns, cells(records)) == ("docx", ["text"], [("One & only.",), ("Two.",), ("A B",)])
    assert codes(table) == ["document_text"]


def test_word_document_of_tables_says_how_to_send_the_table(tmp_path):
    cell = "<w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc>"
    error = refused(tmp_path, "a.docx", docx("Title", table=f"<w:tbl><w:tr>{cell * 6}</w:tr></w:tbl>"))
    assert error.code == "document_table" and ".xlsx" in error.hint


def test_word_document_under_another_name_is_not_read(tmp_path):
    assert "Word document" in refused(tmp_path, "a.zip", docx("One.")).message


@pytest.mark.parametrize(
    "content",
    [write.as_zip({"a.xml": b"<a/>"}), docx("x")[:-30], write.as_zip({"word/document.xml": b"<!DOCTYPE a []><a/>"})],
)
def test_damaged_word_document_is_refused(tmp_path, content):
    assert refused(tmp_path, "a.docx", content).code in ("document_corrupt", "archive_corrupt")
