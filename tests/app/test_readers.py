"""Every format, every encoding, and one case for each way in which a file can be damaged."""

import csv as python_csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from app.errors import StudioError, TooLarge
from app.readers import EXTENSIONS, FORMATS, Limits, Table, open_table
from app.readers.table import MAX_CELL

ROWS = [("eins", "a"), ("zwei, drei", "b"), ('vier "fünf"', "a"), ("sechs\nsieben", "b")]


def read(tmp_path: Path, name: str, content: bytes) -> tuple[Table, list[Any]]:
    path = tmp_path / "stored"
    path.write_bytes(content)
    table = open_table(path, name)
    return table, list(table.records)


def refused(tmp_path: Path, name: str, content: bytes) -> StudioError:
    with pytest.raises(StudioError) as caught:
        read(tmp_path, name, content)
    assert caught.value.message and caught.value.hint
    return caught.value


def flaws(table: Table) -> dict[str, list[int]]:
    return {flaw.code: flaw.rows for flaw in table.flaws.all()}


def as_csv(rows: list[Any], delimiter: str = ",", line_end: str = "\n") -> bytes:
    out = io.StringIO()
    python_csv.writer(out, delimiter=delimiter, lineterminator=line_end).writerows([("text", "label"), *rows])
    return out.getvalue().encode()


def as_parquet(columns: dict[str, Any], **options: Any) -> bytes:
    out = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table(columns), out, **options)
    return out.getvalue().to_pybytes()


def as_zip(member: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(member, "x" * 100)
    return out.getvalue()


JSON_ROWS = [{"text": text, "label": label} for text, label in ROWS]
LINES = "".join(json.dumps(row) + "\n" for row in JSON_ROWS).encode()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", as_csv(ROWS), "csv"),
        ("a.csv", as_csv(ROWS, ";"), "csv"),
        ("a.CSV", as_csv(ROWS, "|"), "csv"),
        ("a.csv", as_csv(ROWS, "\t"), "tsv"),
        ("a.tsv", as_csv(ROWS, "\t"), "tsv"),
        ("a.csv", as_csv(ROWS, line_end="\r\n"), "csv"),
        ("a.json", json.dumps(JSON_ROWS).encode(), "json"),
        ("a.json", json.dumps(JSON_ROWS, indent=2).encode(), "json"),
        ("a.jsonl", LINES, "jsonl"),
        ("a.ndjson", LINES.replace(b"\n", b"\r\n"), "jsonl"),
        ("a.parquet", as_parquet({"text": [r[0] for r in ROWS], "label": [r[1] for r in ROWS]}), "parquet"),
    ],
)
def test_every_format_gives_the_same_rows(tmp_path, name, content, kind):
    table, records = read(tmp_path, name, content)
    assert (table.format, table.columns) == (kind, ["text", "label"])
    assert [tuple(cells) for _, cells in records] == ROWS
    assert table.flaws.all() == []


def test_csv_rows_are_numbered_by_the_line_they_begin_on(tmp_path):
    _, records = read(tmp_path, "a.csv", b'text,label\n"one\ntwo",a\n\nthree,b\r\nfour,c')
    assert [line for line, _ in records] == [2, 5, 6]
    assert records[2][1] == ["four", "c"]


def test_formulas_stay_text(tmp_path):
    cells = ["=cmd|'/c calc'!A1", "@SUM(A1)", "+1", "-1"]
    _, records = read(tmp_path, "a.csv", as_csv([(cell, "a") for cell in cells]))
    assert [row[0] for _, row in records] == cells


def test_numbers_and_truth_values_become_the_text_they_were_written_as(tmp_path):
    content = b'[{"a": 1.10, "b": 7, "c": true, "d": null, "e": "x", "f": 1e3}]'
    _, records = read(tmp_path, "a.json", content)
    assert records == [(1, ["1.10", "7", "true", None, "x", "1e3"])]


def test_parquet_values_become_text(tmp_path):
    table = {"n": [1, None], "f": [0.5, float("nan")], "b": [True, False], "y": [b"ok", b"\xff"], "l": [[1], None]}
    opened, records = read(tmp_path, "a.parquet", as_parquet(table))
    assert records[0] == (1, ["1", "0.5", "true", "ok", "[1]"])
    assert records[1][1][:3] == [None, None, "false"]
    assert {(flaw.code, flaw.column, *flaw.rows) for flaw in opened.flaws.all()} == {
        ("parquet_nested", "l", 1),
        ("bad_character", "y", 2),
    }


ENCODED = "text,label\nGrüße aus Köln – schön,a\nça va très bien,b\n" * 4


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-32", "utf-32-le"),
        ("cp1252", "cp1252"),
    ],
)
def test_b06_encodings_are_found_and_a_guess_is_told(tmp_path, encoding, told):
    table, records = read(tmp_path, "a.csv", ENCODED.encode(encoding))
    assert table.encoding == told and table.columns == ["text", "label"]
    assert records[0][1] == ["Grüße aus Köln – schön", "a"]
    assert list(flaws(table)) == (["encoding"] if encoding == "cp1252" else [])
    if encoding == "cp1252":
        assert "cp1252" in table.flaws.all()[0].message


def test_b06_a_character_may_lie_across_two_pieces(tmp_path):
    text = "x" * 1024 * 1024
    for shift in range(3):
        content = ("t,l\n" + text[shift + 5 :] + "ä€😀,a\n").encode()
        with pytest.raises(StudioError) as caught:
            read(tmp_path, "a.csv", b"t,l\n" + b"y" * (MAX_CELL + 1) + b",b\n")
        assert caught.value.code == "cell_too_long"
        assert read(tmp_path, "a.csv", content)[1][0][1][0].endswith("ä€😀")


DEEP = b"[" * 100_000
GOOD = b'{"text": "a", "label": "b"}\n'
TWO = {"text": ["a", "b"], "label": ["x", "y"]}

DAMAGED = [
    pytest.param("a.csv", b"", "empty_file", None, id="B-01"),
    pytest.param("a.parquet", b"", "empty_file", None, id="B-01-parquet"),
    pytest.param("a.csv", b"text,label\n", "no_rows", None, id="B-02"),
    pytest.param("a.csv", b"\n\n", "no_rows", None, id="B-02-blank"),
    pytest.param("a.json", b"[]", "no_rows", None, id="B-02-json"),
    pytest.param("a.jsonl", b"\n", "no_rows", None, id="B-02-jsonl"),
    pytest.param("a.parquet", as_parquet({"text": pyarrow.array([], pyarrow.string())}), "no_rows", None, id="B-02-pq"),
    pytest.param("a.csv", b"\x89PNG\r\n\x1a\n\0\0", "type_mismatch", "PNG", id="B-05-png"),
    pytest.param("a.csv", b"%PDF-1.7\n", "type_mismatch", "PDF", id="B-05-pdf"),
    pytest.param("a.csv", b"MZ\x90\0\x03\0\0\0", "type_mismatch", "program", id="B-05-exe"),
    pytest.param("a.csv", as_zip("data.csv"), "type_mismatch", "ZIP", id="B-05-zip-csv"),
    pytest.param("a.json", as_zip("data.txt"), "type_mismatch", "ZIP", id="B-05-zip"),
    pytest.param("a.csv", b"<!DOCTYPE html><html>", "type_mismatch", "web page", id="B-05-html"),
    pytest.param("a.parquet", b"\0\1\2\3" * 20, "type_mismatch", "not a Parquet", id="B-05-not-parquet"),
    pytest.param("a.csv", b"\x1f\x8b\x08\0" + b"x" * 50, "type_mismatch", "gzip", id="B-25"),
    pytest.param("a.xlsx", as_zip("xl/workbook.xml"), "xlsx_corrupt", "xl/workbook.xml", id="B-24-empty"),
    pytest.param("a.csv", "text,l\nä\n".encode() + b"caf\xe9,b\n", "encoding", "row 3", id="B-06-mixed"),
    pytest.param("a.csv", b"\xff\xfet\x00x\x00\x00\xd8", "encoding", "utf-16", id="B-06-half-a-character"),
    pytest.param("a.csv", b"text,label\na,b\nc\0,d\n", "bad_character", "Row 3", id="B-07"),
    pytest.param("a.csv", b'text,label\na,b\n"c,d\ne,f\n', "csv_shape", "row 3", id="B-08-open-quote"),
    pytest.param("a.csv", b'"text,label\na,b\n', "csv_shape", "row 1", id="B-08-open-quote-in-names"),
    pytest.param("a.csv", b"text,label\n" + b"a,b,c\n" * 9 + b"a,b\n", "csv_shape", "9 of 10", id="B-08-mostly"),
    pytest.param("a.csv", b"x" * (16 * 1024 * 1024 + 9), "csv_shape", "longer than", id="B-08-one-line"),
    pytest.param("a.csv", b"text,text\na,b\n", "columns", "'text'", id="B-09-twice"),
    pytest.param("a.csv", b"text,\na,b\n", "columns", "Column 2", id="B-09-blank"),
    pytest.param("a.csv", ",".join(f"c{n}" for n in range(5000)).encode() + b"\n", "columns", "5,000", id="B-09-many"),
    pytest.param("a.csv", b"_id,label\na,b\n", "columns", "'_id'", id="B-09-reserved"),
    pytest.param("a.jsonl", b'{"_line": 1}\n', "columns", "'_line'", id="B-09-reserved-json"),
    pytest.param("a.json", b'[{"a\\u0000": 1}]', "columns", "invisible", id="B-09-invisible"),
    pytest.param("a.csv", b"t,l\na,b\n" + b"x" * (MAX_CELL + 1) + b",b\n", "cell_too_long", "row 3", id="B-15"),
    pytest.param("a.json", b'[{"t": "' + b"x" * (MAX_CELL + 1) + b'"}]', "cell_too_long", "row 1", id="B-15-json"),
    pytest.param("a.parquet", as_parquet({"t": ["x" * (MAX_CELL + 1)]}), "cell_too_long", "row 1", id="B-15-parquet"),
    pytest.param("a.json", b'[{"a": 1},\n {"a": 2},]', "json", "Line 2, character 11", id="B-18-comma"),
    pytest.param("a.json", b'[{"a": 1,}]', "json", "Line 1", id="B-18-comma-inside"),
    pytest.param("a.json", b'[{"a": NaN}]', "json", "NaN", id="B-18-nan"),
    pytest.param("a.json", b'[{"a": -Infinity}]', "json", "-Infinity", id="B-18-infinity"),
    pytest.param("a.json", b'[{"a": 1, "a": 2}]', "json", "'a' twice", id="B-18-twice"),
    pytest.param("a.json", b'[{"a": ' + DEEP, "json", "deep", id="B-18-deep"),
    pytest.param("a.json", b'[{"a": ' + b"[" * 80 + b"]" * 80 + b"}]", "json", "64 deep", id="B-18-quite-deep"),
    pytest.param("a.json", b'[{"a": ' + b"9" * 400 + b"}]", "json", "400 digits", id="B-18-digits"),
    pytest.param("a.json", b'[{"a": 1e400}]', "json", "too large", id="B-18-large"),
    pytest.param("a.json", b'[{"a": 1}] x', "json", "after the list", id="B-18-more"),
    pytest.param("a.json", b'[{"a": 1}', "json", "file ends", id="B-18-cut"),
    pytest.param("a.json", b'"text"', "json", "'['", id="B-18-no-list"),
    pytest.param("a.json", b'{"rows": "one"}', "json", "begins with an object", id="B-18-one-object"),
    pytest.param("a.json", b"[1, 2]", "row_not_object", "not objects", id="B-18-numbers"),
    pytest.param("a.jsonl", b"no\nno\n", "json", "Line 1", id="B-19-all"),
    pytest.param("a.parquet", as_parquet(TWO)[:-40], "parquet_truncated", "footer", id="B-23-truncated"),
    pytest.param("a.parquet", b"PARE" + b"x" * 90 + b"PARE", "parquet_encrypted", "encrypted", id="B-23-encrypted"),
    pytest.param("a.parquet", b"PAR1" + b"x" * 90 + b"PAR1", "parquet_corrupt", "cannot be read", id="B-23-corrupt"),
]


@pytest.mark.parametrize(("name", "content", "code", "words"), DAMAGED)
def test_damaged_files_are_refused_with_code_and_place(tmp_path, name, content, code, words):
    error = refused(tmp_path, name, content)
    assert error.code == code
    assert error.status == (415 if code in ("type_mismatch", "unknown_format") else 422)
    if words:
        assert words in error.message


def test_b08_ragged_rows_are_named_and_the_others_read(tmp_path):
    lines = b'text,label\na,b\nc\nd,e,f\n"g"h,i\nj,k\nl,m\nn,o\n'
    table, records = read(tmp_path, "a.csv", lines)
    assert [line for line, _ in records] == [2, 6, 7, 8]
    assert flaws(table) == {"csv_shape": [3, 4, 5]}
    assert table.flaws.all()[0].severity == "error" and table.flaws.all()[0].lost


def test_b19_broken_lines_are_named_and_the_others_read(tmp_path):
    content = GOOD * 3 + b'{"text": \n' + GOOD + b"[1]\n" + b'{"text": NaN}\n' + GOOD
    table, records = read(tmp_path, "a.jsonl", content)
    assert [line for line, _ in records] == [1, 2, 3, 5, 8]
    assert flaws(table) == {"json": [4, 7], "row_not_object": [6]}


def test_b07_lone_surrogates_and_nul_in_json_are_named(tmp_path):
    table, records = read(tmp_path, "a.jsonl", GOOD + b'{"text": "\\ud800"}\n{"text": "\\u0000"}\n' + GOOD)
    assert [line for line, _ in records] == [1, 4]
    assert flaws(table)["bad_character"] == [2, 3]


def test_b12_nested_and_mixed_values_belong_to_their_column(tmp_path):
    content = b'[{"a": 1, "b": "x"}, {"a": "1", "b": ["y"]}, {"a": 2, "b": "z"}, {"a": 3}]'
    table, records = read(tmp_path, "a.json", content)
    assert [cells for _, cells in records] == [["1", "x"], ["1", '["y"]'], ["2", "z"], ["3", None]]
    found = {(flaw.code, flaw.column): flaw.rows for flaw in table.flaws.all()}
    assert found == {("mixed_types", "a"): [2], ("nested_value", "b"): [2], ("mixed_keys", ""): [4]}


def test_keys_keep_their_values_when_spaces_are_cut_from_their_names(tmp_path):
    table, records = read(tmp_path, "a.jsonl", b'{" text ": "a"}\n')
    assert table.columns == ["text"] and records == [(1, ["a"])]


def test_json_with_one_object_per_line_is_read_as_lines_and_says_so(tmp_path):
    table, records = read(tmp_path, "a.json", GOOD * 2)
    assert len(records) == 2 and list(flaws(table)) == ["read_as_lines"]


def test_a_json_list_longer_than_a_piece_is_read_whole(tmp_path):
    rows = [{"text": f"ä{n}" * 50, "label": n % 3} for n in range(9000)]
    content = json.dumps(rows, ensure_ascii=False).encode()
    assert len(content) > 2 * 1024 * 1024
    _, records = read(tmp_path, "a.json", content)
    assert len(records) == 9000 and records[8999] == (9000, ["ä8999" * 50, "2"])
    error = refused(tmp_path, "a.json", json.dumps(rows, indent=0).encode()[:-3] + b",]")
    assert error.details["rows"] == [9000 * 4 + 1]


def test_b23_a_file_that_claims_too_many_rows_is_not_read(tmp_path):
    path = tmp_path / "stored"
    path.write_bytes(as_parquet(TWO))
    with pytest.raises(TooLarge):
        open_table(path, "a.parquet", limits=Limits(rows=1))


def test_no_two_formats_claim_the_same_ending():
    assert len(set(EXTENSIONS)) == len(EXTENSIONS) == sum(len(each.EXTENSIONS) for each in FORMATS)
