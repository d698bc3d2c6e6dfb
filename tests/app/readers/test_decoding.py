"""Encodings of text files: found, guessed with a notice, or named."""

import pytest

from app.readers.decoding import NAMED, Encoding, find_encoding, read_lines
from app.readers.table import MAX_CELL
from tests.app.readers.reading import cells, check_refusal, codes, damaged_cases, flawed_rows, read, refused

ENCODED = "text,label\n" + "Grüße aus Köln – schön,a\nça va très bien,b\n" * 4
FOREIGN = {
    "cp1252": "Grüße aus Köln – schön, ça va très bien",
    "cp1251": "Это предложение написано по-русски, чтобы проверить кодировку",
    "koi8-r": "Это предложение написано по-русски, чтобы проверить кодировку",
    "cp1250": "Zażółć gęślą jaźń, pchnąć w tę łódź jeża lub ośm skrzyń fig",
    "cp1253": "Αυτή η πρόταση είναι γραμμένη στα ελληνικά για δοκιμή",
    "shift_jis": "この文章は文字コードを確かめるために日本語で書かれています",
    "euc_kr": "이 문장은 문자 인코딩을 확인하기 위해 한국어로 쓰여 있습니다",
    "gb18030": "这句话是用中文写的，为了检查文字的编码是否正确",
    "big5": "這句話是用中文寫的，為了檢查文字的編碼是否正確",
}


@damaged_cases("decoding")
def test_text_that_fits_no_encoding_is_refused_with_its_row(tmp_path, file):
    check_refusal(tmp_path, file)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-32", "utf-32-le"),
        ("cp1252", "cp1252"),
    ],
)
def test_encoding_is_found_and_a_guess_is_a_flaw(tmp_path, encoding, found):
    table, records = read(tmp_path, "a.csv", ENCODED.encode(encoding))
    assert table.encoding == found and table.columns == ["text", "label"]
    assert records[0][1] == ["Grüße aus Köln – schön", "a"]
    assert list(flawed_rows(table)) == (["encoding"] if encoding == "cp1252" else [])
    if encoding == "cp1252":
        assert "cp1252" in table.flaws.all()[0].message


def test_character_may_lie_across_two_pieces(tmp_path):
    text = "x" * 1024 * 1024
    assert refused(tmp_path, "a.csv", b"t,l\n" + b"y" * (MAX_CELL + 1) + b",b\n").code == "cell_too_long"
    for shift in range(3):
        content = ("t,l\n" + text[shift + 5 :] + "ä€😀,a\n").encode()
        assert read(tmp_path, "a.csv", content)[1][0][1][0].endswith("ä€😀")


@pytest.mark.parametrize("encoding", FOREIGN)
def test_legacy_encodings_are_guessed_and_shown_or_can_be_named(tmp_path, encoding):
    text = FOREIGN[encoding]
    content = ("text,label\n" + f'"{text}",a\n' * 30).encode(encoding)
    table, records = read(tmp_path, "a.csv", content)
    assert cells(records)[0] == (text, "a")
    assert codes(table) == ["encoding"] and any(word in table.flaws.all()[0].message for word in text.split()[:3])
    table, records = read(tmp_path, "a.csv", content, encoding=encoding)
    assert cells(records)[0] == (text, "a") and codes(table) == []


def test_short_text_in_a_western_encoding_is_read(tmp_path):
    table, records = read(tmp_path, "a.csv", "text,label\ncafé crème,a\nthé,b\n".encode("latin-1"))
    assert cells(records) == [("café crème", "a"), ("thé", "b")] and codes(table) == ["encoding"]


def test_cyrillic_that_is_utf8_here_and_there_by_chance_is_not_mixed(tmp_path):
    text = "текст;метка\n" + "".join(f"Лампа не включается со вчерашнего дня {n};ток\n" for n in range(20))
    table, records = read(tmp_path, "a.csv", text.encode("cp866"))
    assert table.encoding == "cp866" and records[0][1] == ["Лампа не включается со вчерашнего дня 0", "ток"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_its_mark_is_read_with_a_notice(tmp_path, encoding):
    table, records = read(tmp_path, "a.csv", "text,label\nGrüße,a\n".encode(encoding))
    assert cells(records) == [("Grüße", "a")] and table.encoding == encoding and codes(table) == ["encoding"]


def test_named_encoding_must_exist_and_fit(tmp_path):
    for name, words in (("klingon", "klingon"), ("rot13", "rot13"), ("utf-16-le", "not"), ("ascii", "ascii")):
        error = refused(tmp_path, "a.csv", "text,label\nGrüße,a\nxy".encode(), encoding=name)
        assert error.code == "encoding" and words in error.message
    path = tmp_path / "ascii"
    path.write_bytes(b"text,label\n")
    assert all(find_encoding(path, name) for name in NAMED if not name.startswith(("utf-16", "utf-32")))


def test_lines_end_in_a_line_feed_unless_their_own_ends_are_asked_for(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("a\r\nb\rc\u2028d\ne".encode())
    assert list(read_lines(path, Encoding("utf-8"), 10)) == ["a\n", "b\n", "c\u2028d\n", "e"]
    assert list(read_lines(path, Encoding("utf-8"), 10, own_ends=True)) == ["a\r\n", "b\r", "c\u2028d\n", "e"]


def test_reading_stops_at_an_overlong_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"ab\n" + b"x" * 100 + b"\nmore\n")
    assert list(read_lines(path, Encoding("utf-8"), 10)) == ["ab\n", "x" * 11]
