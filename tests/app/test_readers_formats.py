"""The same rows in every format, told by content whatever the file is called; arbitrary cells and arbitrary bytes."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import StudioError
from app.readers import EXTENSIONS, FORMATS, Choices, Table, open_table
from app.readers.decoding import NAMED, find_encoding
from tests.app import written_files as write

ROWS = [("eins", "a"), ("zwei, drei; vier | fünf", "b"), ('sechs "sieben"\tacht', "a"), ("neun\nzehn 😀", "b")]
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(folder: Path, name: str, content: bytes, **said: Any) -> tuple[Table, list[Any]]:
    path = folder / "stored"
    path.write_bytes(content)
    table = open_table(path, name, choices=Choices(**said))
    return table, list(table.records)


def cells(records: list[Any]) -> list[tuple[str, ...]]:
    return [tuple(row) for _, row in records]


def codes(table: Table) -> list[str]:
    return [flaw.code for flaw in table.flaws.all()]


@pytest.mark.parametrize(("name", "writer"), write.WRITERS, ids=[name for name, _ in write.WRITERS])
def test_every_format_gives_the_same_rows_and_leaves_nothing_behind(tmp_path, name, writer):
    table, records = read(tmp_path, name, writer(ROWS))
    assert table.columns == ["text", "label"]
    assert cells(records) == ROWS
    assert codes(table) == []
    assert [path.name for path in tmp_path.iterdir()] == ["stored"]


OTHER_NAMES = ("data", "data.xyz", "data.txt", "data.csv", "data.json", "data.jsonl", "data.parquet", "data.xlsx")


@pytest.mark.parametrize(("name", "writer"), write.WRITERS, ids=[name for name, _ in write.WRITERS])
def test_the_content_decides_not_the_name(tmp_path, name, writer):
    """Packed files under another format's name are the exception: they are refused, never unpacked."""
    for other in OTHER_NAMES:
        content = writer(ROWS)
        if name.endswith((".gz", ".zip")) and other not in ("data", "data.xyz"):
            with pytest.raises(StudioError) as caught:
                read(tmp_path, other, content)
            assert caught.value.code in ("type_mismatch", "xlsx_corrupt")
            continue
        table, records = read(tmp_path, other, content)
        assert cells(records) == ROWS, other
        assert set(codes(table)) <= {"read_as", "read_as_lines"}, other


def cell_texts(without: str = "") -> st.SearchStrategy[str]:
    """Any text but for a NUL, which no text can have, and halves of character pairs."""
    return st.text(st.characters(exclude_characters="\0" + without, exclude_categories=["Cs"]), max_size=40)


ARBITRARY = st.lists(st.tuples(cell_texts(), st.sampled_from(["a", "b ", "ä"])), min_size=1, max_size=6)


@QUICK
@given(rows=ARBITRARY)
def test_arbitrary_cells_survive_in_every_format(tmp_path, rows):
    for name, writer in write.WRITERS:
        _, records = read(tmp_path, name, writer(rows))
        found = [tuple(cell or "" for cell in row) for _, row in records]
        assert found == rows, name


@QUICK
@given(rows=st.lists(st.tuples(cell_texts("\r\ufeff"), st.sampled_from(["a", "b"])), min_size=2, max_size=6))
def test_arbitrary_texts_survive_in_class_folders(tmp_path, rows):
    rows = [*rows, ("x", "a"), ("y", "b")]
    table, records = read(tmp_path, "a.zip", write.as_class_folders(rows))
    assert [(text, label) for text, label, _ in cells(records)] == rows and table.columns[:2] == ["text", "label"]


WORDS = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=8)


@QUICK
@given(
    sentences=st.lists(
        st.lists(st.tuples(WORDS, st.sampled_from(["O", "B-X", "I-X"])), min_size=1, max_size=5), min_size=1, max_size=5
    )
)
def test_arbitrary_sentences_survive_in_conll(tmp_path, sentences):
    for separator in ("\t", " "):
        lines = "\n".join("".join(f"{word}{separator}{tag}\n" for word, tag in each) for each in sentences)
        _, records = read(tmp_path, "a.conll", lines.encode())
        found = [list(zip(json.loads(tokens), json.loads(tags), strict=True)) for tokens, tags in cells(records)]
        assert found == [[tuple(pair) for pair in each] for each in sentences]


@QUICK
@given(lines=st.lists(cell_texts("\r\ufeff"), min_size=1, max_size=8))
def test_arbitrary_lines_survive_in_plain_text(tmp_path, lines):
    lines = [line for each in lines if (line := each.replace("\n", " ")).strip()] + ["The end."]
    content = "\n\n".join([*lines, ""]).encode()
    table, records = read(tmp_path, "a.txt", content)
    if table.format == "text":
        assert [text for (text,) in cells(records)] == lines


def hostile(name: str) -> st.SearchStrategy[bytes]:
    """Bytes that begin like a good file and go wrong."""
    good = dict(write.WRITERS)[name](ROWS)
    cut = st.integers(0, len(good)).map(lambda at: good[:at])
    spoilt = st.tuples(st.integers(0, len(good) - 1), st.binary(min_size=1, max_size=8)).map(
        lambda change: good[: change[0]] + change[1] + good[change[0] + len(change[1]) :]
    )
    return st.one_of(cut, spoilt)


ANY_FILE = st.one_of(
    st.tuples(st.sampled_from([*(f"a.{ending}" for ending in EXTENSIONS), "a", "a.xyz"]), st.binary(max_size=300)),
    # Spoilt Parquet can end the process; ``test_readers_isolation`` has it.
    *(st.tuples(st.just(name), hostile(name)) for name, _ in write.WRITERS if name != "a.parquet"),
)


@settings(QUICK, max_examples=400)
@given(file=ANY_FILE)
def test_arbitrary_bytes_are_read_or_refused_in_words(tmp_path, file):
    name, content = file
    try:
        table, _ = read(tmp_path, name, content)
    except StudioError as error:
        assert error.code and error.message and error.hint
        json.dumps(error.as_dict()).encode()
    else:
        assert table.columns
        json.dumps([flaw.as_dict() for flaw in table.flaws.all()]).encode()
    assert [path.name for path in tmp_path.iterdir()] == ["stored"]


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


@pytest.mark.parametrize("encoding", FOREIGN)
def test_legacy_encodings_are_guessed_and_shown_or_can_be_named(tmp_path, encoding):
    text = FOREIGN[encoding]
    content = ("text,label\n" + f'"{text}",a\n' * 30).encode(encoding)
    table, records = read(tmp_path, "a.csv", content)
    assert cells(records)[0] == (text, "a")
    assert codes(table) == ["encoding"] and any(word in table.flaws.all()[0].message for word in text.split()[:3])
    table, records = read(tmp_path, "a.csv", content, encoding=encoding)
    assert cells(records)[0] == (text, "a") and codes(table) == []


def test_a_short_text_in_a_western_encoding_is_read(tmp_path):
    table, records = read(tmp_path, "a.csv", "text,label\ncafé crème,a\nthé,b\n".encode("latin-1"))
    assert cells(records) == [("café crème", "a"), ("thé", "b")] and codes(table) == ["encoding"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_its_mark_is_read_with_a_notice(tmp_path, encoding):
    table, records = read(tmp_path, "a.csv", "text,label\nGrüße,a\n".encode(encoding))
    assert cells(records) == [("Grüße", "a")] and table.encoding == encoding and codes(table) == ["encoding"]


def test_a_named_encoding_must_exist_and_fit(tmp_path):
    for name, words in (("klingon", "klingon"), ("rot13", "rot13"), ("utf-16-le", "not"), ("ascii", "ascii")):
        with pytest.raises(StudioError) as caught:
            read(tmp_path, "a.csv", "text,label\nGrüße,a\nxy".encode(), encoding=name)
        assert caught.value.code == "encoding" and words in caught.value.message
    path = tmp_path / "ascii"
    path.write_bytes(b"text,label\n")
    assert all(find_encoding(path, name) for name in NAMED if not name.startswith(("utf-16", "utf-32")))


def test_a_sheet_and_a_header_row_are_found_or_chosen(tmp_path):
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
    with pytest.raises(StudioError) as caught:
        read(tmp_path, "a.xlsx", book, sheet="Tabelle1")
    assert caught.value.code == "xlsx_sheet" and "'Data'" in caught.value.hint


def test_values_of_a_sheet_become_text_and_odd_ones_are_told(tmp_path):
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


def test_dates_of_a_sheet_are_written_as_dates(tmp_path):
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


def test_several_tables_in_one_archive_are_read_as_one(tmp_path):
    files = {"b.csv": write.as_csv(ROWS[:2]), "a.jsonl": b'{"text": "x", "more": "y"}\nbroken\n', "README.md": b"Hello"}
    table, records = read(tmp_path, "a.zip", write.as_zip(files))
    assert table.columns == ["text", "label", "more", "file"]
    assert [line for line, _ in records] == [2, 3, 4]
    assert cells(records)[1:] == [(*ROWS[1], None, "b.csv"), ("x", None, "y", "a.jsonl")]
    told = {flaw.code: flaw for flaw in table.flaws.all()}
    assert told["json"].rows == [5] and "a.jsonl" in told["json"].message
    assert "README.md" in told["unread_files"].message
    assert "b.csv from row 1, a.jsonl from row 4" in told["several_files"].message


def test_conll_is_recognised_with_comments_and_documents(tmp_path):
    content = b"-DOCSTART- -X- O O\n\nAda NNP I-NP B-PER\nran VBD I-VP O\n\n\n# text = x\nBob NNP I-NP B-PER\n"
    table, records = read(tmp_path, "a.txt", content)
    assert table.columns == ["tokens", "column_2", "column_3", "tags"]
    assert records[0] == (3, ['["Ada", "ran"]', '["NNP", "VBD"]', '["I-NP", "I-VP"]', '["B-PER", "O"]'])
    assert records[1][0] == 8


def test_a_separator_line_of_a_spreadsheet_program_is_understood(tmp_path):
    _, records = read(tmp_path, "a.csv", b"sep=;\r\ntext;label\r\na, b;x\r\n")
    assert records == [(3, ["a, b", "x"])]


def test_names_above_the_data_can_be_further_down(tmp_path):
    _, records = read(tmp_path, "a.csv", b"Survey\nof May, June\ntext,label\na,x\n", header_row=3)
    assert records == [(4, ["a", "x"])]


def test_every_format_says_what_it_is():
    assert all(each.NAME and each.__doc__ and each.EXTENSIONS for each in FORMATS)


def test_line_ends_inside_of_cells_stay_as_they_are(tmp_path):
    content = b'text,label\r\n"a\r\nb\rc\nd",x\r\ne,y\rf,z\n'
    _, records = read(tmp_path, "a.csv", content)
    assert records == [(2, ["a\r\nb\rc\nd", "x"]), (6, ["e", "y"]), (7, ["f", "z"])]


def test_an_empty_cell_of_a_single_column_is_a_row_and_a_blank_line_is_not(tmp_path):
    _, records = read(tmp_path, "a.csv", b'text\na\n\n""\n  \nb\n')
    assert records == [(2, ["a"]), (4, [""]), (5, ["  "]), (6, ["b"])]


def test_prose_with_commas_stays_text(tmp_path):
    for prose in ("Hello, world\nGoodbye, moon\n", "12,5\n13,7\n", "Ada\nBob\n"):
        table, records = read(tmp_path, "a.txt", prose.encode())
        assert table.format == "text" and [text for (text,) in cells(records)] == prose.splitlines()


def test_moments_that_python_cannot_hold_are_read_from_parquet(tmp_path):
    nano = pyarrow.array([1, 1_700_000_000_000_000_000], pyarrow.timestamp("ns"))
    far = pyarrow.array([0, 316_516_204_800_000_000], pyarrow.timestamp("us"))
    plain = pyarrow.array([0, 86_400_000], pyarrow.timestamp("ms"))
    _, records = read(tmp_path, "a.parquet", write.columns_as_parquet({"n": nano, "f": far, "p": plain}))
    assert cells(records)[0][0] == "1970-01-01 00:00:00.000000001"
    assert cells(records)[1][1].startswith("12000-01-01")
    assert [row[2] for row in cells(records)] == ["1970-01-01T00:00:00", "1970-01-02T00:00:00"]


def test_the_page_offers_every_ending_for_upload():
    page = (Path(__file__).parents[2] / "studio_ui" / "assets" / "data.js").read_text(encoding="utf-8")
    assert {f".{each}" for each in EXTENSIONS} <= set(re.findall(r"\.[a-z0-9]+(?=[,\"])", page))


def test_a_table_with_tabs_may_be_written_without_quoting(tmp_path):
    content = b'text\tlabel\n"Never, he said\tx\nthe 5" nail\ty\n"all right"\tz\n'
    table, records = read(tmp_path, "a.tsv", content)
    assert cells(records) == [('"Never, he said', "x"), ('the 5" nail', "y"), ('"all right"', "z")]
    assert codes(table) == ["plain_quotes"]
    table, records = read(tmp_path, "a.tsv", b'text\tlabel\n"all ""right"""\tz\n')
    assert cells(records) == [('all "right"', "z")] and codes(table) == []


def test_names_over_several_lines_are_put_on_one(tmp_path):
    table, _ = read(tmp_path, "a.csv", 'text,"label\n(yes or\u00a0no)"\na,b\n'.encode())
    assert table.columns == ["text", "label (yes or no)"]
    table, _records = read(tmp_path, "a.jsonl", b'{"text\\nhere": ["x"]}\n')
    assert table.columns == ["text here"] and table.flaws.all()[0].column == "text here"


def test_texts_that_begin_like_other_files_are_texts(tmp_path):
    for start in ("PAR1", "BM6", "ID3", "RIFF", "MZ", "PK"):
        table, records = read(tmp_path, "a.csv", f"{start},label\na,b\n".encode())
        assert table.columns == [start, "label"] and cells(records) == [("a", "b")]
