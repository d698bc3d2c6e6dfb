"""Files that the readers must refuse, by the module that refuses them."""

import gzip
import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow

from app.readers.table import MAX_CELL
from tests.app import written_files as write

MIB = 1024 * 1024
TWO = [("a", "x"), ("b", "y")]
GOOD = write.as_csv(TWO)
# A document type in a part of a workbook.
ENTITY = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><sst><si><t>&e;</t></si></sst>'
LINE = b'{"text": "a", "label": "b"}\n'


@dataclass(frozen=True)
class Damaged:
    """A file and what must be said about it.

    Attributes:
        code: of the refusal.
        rows: that the refusal names; None if it is about no row.
        words: part of the message.
    """

    id: str
    name: str
    content: bytes
    code: str
    words: str = ""
    rows: tuple[int, ...] | None = None


def damaged_files() -> list[Damaged]:
    """Every file that must be refused."""
    return [file for reader in MAKERS for file in damaged_for(reader)]


@cache
def damaged_for(reader: str) -> list[Damaged]:
    """The files that a module of ``app.readers`` has to refuse."""
    return [Damaged(*facts) for facts in MAKERS[reader]()]


def _empty() -> Iterator[Any]:
    """Nothing in them."""
    for name in ("a.csv", "a.json", "a.jsonl", "a.parquet", "a.xlsx", "a.txt", "a.gz", "a.zip", "a.conll", "a"):
        yield f"empty {name}", name, b"", "empty_file"


def _foreign() -> Iterator[Any]:
    """Pictures, programs, archives and documents."""
    for what, head in (
        ("PNG", b"\x89PNG\r\n\x1a\n\0\0"),
        ("JPEG", b"\xff\xd8\xff\xe0\0\x10JFIF"),
        ("GIF", b"GIF89a\x01\0"),
        ("PDF", b"%PDF-1.7\n"),
        ("program", b"MZ\x90\0\x03\0\0\0"),
        ("program", b"\x7fELF\x02\x01"),
        ("RAR", b"Rar!\x1a\x07\x01\0"),
        ("7-Zip", b"7z\xbc\xaf\x27\x1c\0\4"),
        ("xz", b"\xfd7zXZ\0\0"),
        ("bzip2", b"BZh91AY"),
        ("zstd", b"\x28\xb5\x2f\xfd\0"),
        ("SQLite", b"SQLite format 3\0"),
        ("NumPy", b"\x93NUMPY\x01\0"),
        ("RTF", b"{\\rtf1\\ansi"),
        ("pickle", b"\x80\x04\x95\x10\0"),
        ("old Excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        ("web page", b"<!DOCTYPE html><html>"),
        ("XML", b"\xef\xbb\xbf<?xml version='1.0'?><rows/>"),
        ("TAR", b"a.csv".ljust(257, b"\0") + b"ustar\0" + bytes(250)),
        ("picture", b"RIFF\x24\0\0\0WEBPVP8 "),
    ):
        yield f"{what} {head[:4].hex()}", "a.csv", head, "type_mismatch", what
    yield "gzip as csv", "a.csv", gzip.compress(GOOD), "type_mismatch", "gzip"
    yield "zip as csv", "a.csv", write.as_zip({"a.csv": GOOD}), "type_mismatch", "ZIP"
    yield "zip as json", "a.json", write.as_zip({"a.csv": GOOD}), "type_mismatch", "ZIP"
    yield "bomb as csv", "a.csv", gzip.compress(bytes(10 * MIB)), "type_mismatch", "gzip"
    yield "head of gzip as csv", "a.csv", b"\x1f\x8b\x08\0" + b"x" * 50, "type_mismatch", "gzip"


def _miscoded() -> Iterator[Any]:
    """Wrong encodings and characters that no text has."""
    yield "NUL", "a.csv", b"text,label\na,b\nc\0,d\n", "bad_character", "Row 3", (3,)
    yield "NUL, mixed line ends", "a.csv", b"text,label\r\na,b\rc,d\ne\0,f\n", "bad_character", "Row 4", (4,)
    yield "NUL in text", "a.txt", b"one\ntwo\0\n", "bad_character", "Row 2", (2,)
    yield "random bytes", "a.csv", bytes(range(256)) * 20, "bad_character"
    yield "surrogates in bytes", "a.csv", b"text,label\na,b\n\xed\xa0\x80,c\n", "bad_character", "Row 3", (3,)
    mixed = "text,label\nä,a\n".encode() + b"x,a\n" * 20_000 + b"caf\xe9,b\n"
    yield "mixed encodings, far apart", "a.csv", mixed, "encoding", "20,003", (20003,)
    near = "text,l\nä\n".encode() + b"caf\xe9,b\n"
    yield "mixed encodings, side by side", "a.csv", near, "encoding", "row 3", (3,)
    yield "half of UTF-16", "a.csv", "text,label\na,b\n".encode("utf-16")[:-1], "encoding", "utf-16"
    yield "lone half in UTF-16", "a.csv", b"\xff\xfe" + "t,l\na,".encode("utf-16-le") + b"\0\xd8", "encoding", "utf-16"
    yield "lone half in UTF-16 names", "a.csv", b"\xff\xfet\x00x\x00\x00\xd8", "encoding", "utf-16"
    yield "wrong mark", "a.csv", b"\xff\xfe\0\0text,label\n", "encoding", "utf-32"


def _csv() -> Iterator[Any]:
    """Delimited text."""
    yield "only names", "a.csv", b"text,label\n", "no_rows"
    yield "only blank lines", "a.csv", b"\r\n \n\t\n", "no_rows"
    yield "only a mark", "a.csv", b"\xef\xbb\xbf", "no_rows"
    yield "only a separator line", "a.csv", b"sep=;\n", "no_rows"
    yield "open quote", "a.csv", b'text,label\na,b\n"c,d\ne,f\n', "csv_shape", "row 3", (3,)
    yield "open quote in names", "a.csv", b'"text,label\na,b\n', "csv_shape", "row 1", (1,)
    yield "open quote, long", "a.csv", b'text,label\n"' + b"a,b\n" * 5_000_000, "csv_shape", "row 2", (2,)
    yield (
        "mostly ragged",
        "a.csv",
        b"text,label\n" + b"a,b,c\n" * 9 + b"a,b\n",
        "csv_shape",
        "9 of 10",
        tuple(range(2, 11)),
    )
    yield "quotes go on", "a.csv", b'text,label\n"a"b,c\n', "csv_shape", "1 of 1", (2,)
    yield "one endless line", "a.csv", b"text,label\n" + b"word " * (4 * MIB), "csv_shape", "Row 2", (2,)
    yield "one endless line of names", "a.csv", b"x" * (16 * MIB + 9), "csv_shape", "longer than"
    yield "million fields", "a.csv", b"text,label\n" + b"," * 2_000_000 + b"\n", "csv_shape", "Row 2", (2,)
    yield "million names", "a.csv", b",".join(b"c%d" % n for n in range(1_000_000)) + b"\n", "columns", "1,000,000"
    yield "many names", "a.csv", ",".join(f"c{n}" for n in range(5000)).encode() + b"\n", "columns", "5,000"
    yield "same names", "a.csv", b"text,text\na,b\n", "columns", "'text'"
    yield "same names but for spaces", "a.csv", b"text, text\na,b\n", "columns", "'text'"
    yield "blank name", "a.csv", b"text,\na,b\n", "columns", "Column 2"
    yield "hidden name", "a.csv", "te\u200bxt,label\na,b\n".encode(), "columns", "invisible"
    yield "two marks", "a.csv", b"\xef\xbb\xbf\xef\xbb\xbftext,label\na,b\n", "columns", "invisible"
    yield "turned name", "a.csv", "te\u202ext,label\na,b\n".encode(), "columns", "invisible"
    yield "own name", "a.csv", b"_line,label\na,b\n", "columns", "'_line'"
    yield "other own name", "a.csv", b"_id,label\na,b\n", "columns", "'_id'"
    yield "endless name", "a.csv", b"t" * 5000 + b",label\na,b\n", "columns", "5,000"
    yield "endless cell", "a.csv", b"text,label\na,b\n" + b"x" * (MAX_CELL + 1) + b",b\n", "cell_too_long", "3", (3,)


def _plain_text() -> Iterator[Any]:
    """Lines beyond the length of a cell."""
    yield "endless line of text", "a.txt", b"a\n" + b"x" * (10 * MIB), "cell_too_long", "2", (2,)


def _json() -> Iterator[Any]:
    """Lists of objects that are not quite JSON."""
    for what, text, words in (
        ("comma at the end", b'[{"a": 1},\n {"a": 2},]', "Line 2, character 11"),
        ("comma inside", b'[{"a": 1,}]', "Line 1"),
        ("NaN", b'[{"a": NaN}]', "NaN"),
        ("Infinity", b'[{"a": -Infinity}]', "-Infinity"),
        ("key twice", b'[{"a": 1, "a": 2}]', "'a' twice"),
        ("key twice inside", b'[{"a": {"b": 1, "b": 2}}]', "'b' twice"),
        ("deep lists", b'[{"a": ' + b"[" * 100_000, "deep"),
        ("deep objects", b'[{"a":' * 100_000, "deep"),
        ("rather deep", b'[{"a": ' + b"[" * 80 + b"]" * 80 + b"}]", "64 deep"),
        ("digits", b'[{"a": ' + b"9" * 400 + b"}]", "400 digits"),
        ("million digits", b'[{"a": ' + b"9" * MIB + b"}]", "digits"),
        ("huge exponent", b'[{"a": 1e400}]', "too large"),
        ("more after it", b'[{"a": 1}] x', "after the list"),
        ("two lists", b'[{"a": 1}][{"a": 2}]', "after the list"),
        ("cut", b'[{"a": 1}', "file ends"),
        ("cut in a text", b'[{"a": "1', "Line 1"),
        ("no comma", b'[{"a": 1} {"a": 2}]', "','"),
        ("single quotes", b"[{'a': 1}]", "Line 1"),
        ("remark", b'[{"a": 1}, // x\n]', "Line 1"),
        ("a text", b'"text"', "'['"),
        ("an object", b'{"rows": 3}', "begins with an object"),
        ("an object with a text", b'{"rows": "one"}', "begins with an object"),
        ("many values", b'[{"a": [' + b"[]," * 3 * MIB, "values"),
    ):
        yield f"JSON {what}", "a.json", text, "json", words
    yield "JSON endless text", "a.json", b'[{"a": "' + b"x" * 20 * MIB, "json", "Line 1"
    yield "JSON numbers", "a.json", b"[1, 2]", "row_not_object", "not objects", (1, 2)
    yield "JSON empty list", "a.json", b"[]", "no_rows"
    yield "JSON nothing", "a.json", b" [ ] ", "no_rows"
    yield "JSON empty objects", "a.json", b"[{}, {}]", "row_not_object"
    yield "JSON endless cell", "a.json", b'[{"t": "' + b"x" * (MAX_CELL + 1) + b'"}]', "cell_too_long", "row 1", (1,)
    yield "JSON NUL in a name", "a.json", b'[{"a\\u0000": 1}]', "columns", "invisible"
    yield "JSON half in a name", "a.json", b'[{"a\\ud800": 1}]', "columns", "invisible"
    yield "JSON own name", "a.json", b'[{"_id": 1}]', "columns", "'_id'"
    keys = json.dumps([{f"k{row}-{n}": 1 for n in range(100)} for row in range(50)]).encode()
    yield "JSON ever new names", "a.json", keys, "columns", "1,100"


def _jsonl() -> Iterator[Any]:
    """Lines of which none is left."""
    yield "JSONL nothing right", "a.jsonl", b"no\nno\n", "json", "Line 1", (1, 2)
    yield "JSONL only numbers", "a.jsonl", b"1\n2\n", "row_not_object", "", (1, 2)
    yield "JSONL lists", "a.jsonl", b'["a", "b"]\n["c", "d"]\n', "row_not_object", "", (1, 2)
    yield "JSONL line end", "a.jsonl", b"\n", "no_rows"
    yield "JSONL own name", "a.jsonl", b'{"_line": 1}\n', "columns", "'_line'"
    yield "JSONL blank", "a.jsonl", b"\n\n", "no_rows"
    yield "JSONL endless line", "a.jsonl", LINE + b'{"a": "' + b"x" * 20 * MIB, "json", "Line 2", (2,)
    yield "JSONL python", "a.jsonl", b"{'text': 'a'}\n" * 3, "json", "Line 1", (1, 2, 3)
    lines = b"".join(b'{"k%d": 1}\n' % n for n in range(5000))
    yield "JSONL ever new names", "a.jsonl", lines, "columns", "1,001"


def _parquet() -> Iterator[Any]:
    """Parquet cut, spoilt, locked, too long."""
    good = write.as_parquet(TWO)
    yield "Parquet cut", "a.parquet", good[:-40], "parquet_truncated", "footer"
    yield "Parquet head only", "a.parquet", good[:4], "parquet_corrupt"
    yield "Parquet locked", "a.parquet", b"PARE" + b"x" * 90 + b"PARE", "parquet_encrypted", "encrypted"
    yield "Parquet without footer", "a.parquet", b"PAR1" + b"x" * 90 + b"PAR1", "parquet_corrupt", "cannot be read"
    spoilt = bytearray(good)
    spoilt[-9:-6] = b"\xff\xff\xff"
    yield "Parquet with a spoilt footer", "a.parquet", bytes(spoilt), "parquet_corrupt"
    body = bytearray(write.columns_as_parquet({"t": [str(n) * 50 for n in range(500)]}, compression="zstd"))
    body[40:400] = bytes(360)
    yield "Parquet with spoilt pages", "a.parquet", bytes(body), "parquet_corrupt"
    empty = {"text": pyarrow.array([], pyarrow.string())}
    yield "Parquet without rows", "a.parquet", write.columns_as_parquet(empty), "no_rows"
    long = write.columns_as_parquet({"t": ["x" * (MAX_CELL + 1)]})
    yield "Parquet endless cell", "a.parquet", long, "cell_too_long", "row 1", (1,)
    wide = write.columns_as_parquet({f"c{n}": [1] for n in range(1500)})
    yield "Parquet too wide", "a.parquet", wide, "columns", "1,500"
    yield "Parquet in name only", "a.parquet", b"\0\1\2\3" * 50, "type_mismatch", "not a Parquet"


def _gzip() -> Iterator[Any]:
    """gzip that cannot or must not be unpacked."""
    packed = gzip.compress(GOOD * 500)
    yield "gzip cut", "a.csv.gz", packed[:-12], "archive_corrupt"
    yield "gzip head only", "a.csv.gz", packed[:10], "archive_corrupt"
    yield "gzip wrong sum", "a.csv.gz", packed[:-8] + b"\0\0\0\0" + packed[-4:], "archive_corrupt", "CRC"
    yield "gzip spoilt", "a.csv.gz", packed[:12] + b"\xff" * 20 + packed[32:], "archive_corrupt"
    yield "gzip and more", "a.csv.gz", packed + b"more", "archive_corrupt"
    yield "gzip of nothing", "a.csv.gz", gzip.compress(b""), "empty_file"
    yield "gzip bomb", "a.csv.gz", gzip.compress(bytes(200 * MIB), 6), "archive_limit", "unpacks to more"
    yield "gzip in gzip", "a.csv.gz.gz", gzip.compress(packed), "archive_limit", "inside"
    yield "gzip of a picture", "a.csv.gz", gzip.compress(b"\x89PNG\r\n\x1a\n\0\0"), "type_mismatch", "PNG"
    yield (
        "gzip of a tar",
        "a.tar.gz",
        gzip.compress(b"a".ljust(257, b"\0") + b"ustar\0" + bytes(250)),
        "type_mismatch",
        "TAR",
    )


def _zip() -> Iterator[Any]:
    """ZIP that cannot or must not be unpacked."""
    packed = gzip.compress(GOOD * 500)
    whole = write.as_zip({"a.csv": GOOD * 50})
    yield "ZIP cut", "a.zip", whole[:-30], "archive_corrupt"
    yield "ZIP half", "a.zip", whole[: len(whole) // 2], "archive_corrupt"
    yield "ZIP spoilt", "a.zip", whole[:45] + b"\xff" * 10 + whole[55:], "archive_corrupt"
    yield "ZIP of nothing", "a.zip", write.as_zip({}), "no_rows"
    yield "ZIP of litter", "a.zip", write.as_zip({"__MACOSX/a.csv": GOOD, ".DS_Store": b"x"}), "no_rows"
    yield "ZIP of an empty file", "a.zip", write.as_zip({"a.csv": b""}), "empty_file", "a.csv"
    yield "ZIP in ZIP", "a.zip", write.as_zip({"b.zip": whole}), "archive_limit", "inside"
    yield "gzip in ZIP", "a.zip", write.as_zip({"a.csv.gz": packed}), "archive_limit", "inside"
    yield "ZIP bomb", "a.zip", write.as_zip({"a.csv": bytes(200 * MIB)}), "archive_limit", "unpacks to more"
    many = {f"{n}.csv": GOOD for n in range(1001)}
    yield "ZIP of many tables", "a.zip", write.as_zip(many), "archive_limit", "1,001"
    yield "ZIP of a Word document", "a.docx", write.as_zip({"word/document.xml": b"<a/>"}), "type_mismatch", "Word"
    yield "ZIP of an OpenDocument", "a.ods", write.as_zip({"content.xml": b"<a/>"}), "type_mismatch", "OpenDocument"
    yield "ZIP of pictures", "a.zip", write.as_zip({"a/1.png": b"\x89PNG\r\n\x1a\n"}), "type_mismatch", "PNG"
    yield "ZIP with one bad table", "a.zip", write.as_zip({"a.csv": GOOD, "b.csv": b"t,t\n1,2\n"}), "columns", "b.csv"
    end = bytearray(whole)
    end[-10:-6] = struct.pack("<I", 100 * MIB)
    yield "ZIP with a false contents size", "a.zip", bytes(end), "archive_limit", "table of contents"


def _members() -> Iterator[Any]:
    """Members that no honest archive has."""
    for name in ("../a.csv", "a/../../b.csv", "/etc/a.csv", "C:/a.csv", "a\\..\\b.csv", "a\n.csv"):
        yield f"ZIP with {name!r}", "a.zip", write.as_zip({name: GOOD}), "unsafe_path", "points out of"
    for what, mode in (("link", stat.S_IFLNK), ("device", stat.S_IFCHR), ("pipe", stat.S_IFIFO)):
        yield f"ZIP with a {what}", "a.zip", _member(mode << 16), "unsafe_member", "link or a device"
    rights = (stat.S_IFREG | stat.S_ISUID | 0o755) << 16
    yield "ZIP with rights", "a.zip", _member(rights), "unsafe_member", "rights"
    locked = bytearray(write.as_zip({"a.csv": GOOD}))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        locked[locked.index(mark) + offset] |= 1
    yield "ZIP locked", "a.zip", bytes(locked), "archive_corrupt", "password"
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.csv", GOOD)
    yield "ZIP packed otherwise", "a.zip", other.getvalue(), "archive_corrupt", "packed in a way"
    twice = write.as_zip({"a.csv": GOOD, "b.csv": GOOD}).replace(b"b.csv", b"a.csv")
    yield "ZIP with a name twice", "a.zip", twice, "archive_corrupt", "two files"
    lying = bytearray(write.as_zip({"a.csv": GOOD * 50}))
    at = lying.index(b"PK\1\2") + 24
    lying[at : at + 4] = struct.pack("<I", 10)
    yield "ZIP with a false size", "a.zip", bytes(lying), "archive_corrupt"


def _member(attributes: int) -> bytes:
    out = io.BytesIO()
    info = zipfile.ZipInfo("a.csv")
    info.external_attr = attributes
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, GOOD)
    return out.getvalue()


def _workbook() -> Iterator[Any]:
    """Workbooks with parts that spreadsheets should not have, or without those they need."""
    good = write.as_xlsx(TWO)
    laughs = b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>'
    for what, text in (("file", ENTITY), ("laughs", laughs)):
        yield f"XLSX {what}", "a.xlsx", _with_part("xl/sharedStrings.xml", text), "xlsx_entities", "document type"
    yield "XLSX macros", "a.xlsm", _with_part("xl/vbaProject.bin", b"x"), "xlsx_macros", "macros"
    yield "XLSX links", "a.xlsx", _with_part("xl/externalLinks/externalLink1.xml", b"<a/>"), "xlsx_links", "other files"
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    yield "XLSX locked", "a.xlsx", locked, "xlsx_encrypted", "password"
    broken = write.as_zip({"xl/workbook.xml": b"x" * 100})
    yield "XLSX without any part", "a.xlsx", broken, "xlsx_corrupt", "xl/workbook.xml"
    yield "XLSX cut", "a.xlsx", good[:-30], "xlsx_corrupt"
    yield "XLSX half", "a.xlsx", good[: len(good) // 2], "xlsx_corrupt"
    yield "XLSB", "a.xlsb", _binary_workbook(), "xlsx_corrupt", ".xlsb"
    yield "XLSX without sheets", "a.xlsx", _with_part("xl/workbook.xml", b"<workbook/>"), "xlsx_corrupt", "no sheets"
    yield "XLSX bomb", "a.xlsx", _with_part("xl/media/x", bytes(200 * MIB)), "xlsx_too_large", "unpacks to more"


def _sheet() -> Iterator[Any]:
    """Sheets whose cells cannot be read."""
    yield "XLSX entity in the sheet", "a.xlsx", _with_part("xl/worksheets/sheet0.xml", ENTITY), "xlsx_entities"
    yield "XLSX not XML", "a.xlsx", _with_part("xl/worksheets/sheet0.xml", b"hello"), "xlsx_corrupt", "sheet0.xml"
    yield "XLSX open XML", "a.xlsx", _with_part("xl/worksheets/sheet0.xml", b"<worksheet><row>"), "xlsx_corrupt"
    bad = b'<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>999</v></c></row></sheetData></worksheet>'
    yield "XLSX absent text", "a.xlsx", _with_part("xl/worksheets/sheet0.xml", bad), "xlsx_corrupt", "999"
    crowd = b"<worksheet><sheetData><row>" + b'<c t="str"><f/></c>' * 2_000_000 + b"</row></sheetData></worksheet>"
    yield "XLSX crowded row", "a.xlsx", _with_part("xl/worksheets/sheet0.xml", crowd), "xlsx_corrupt", "16,384 cells"
    back = b'<worksheet><sheetData><row r="5"/><row r="3"/></sheetData></worksheet>'
    yield (
        "XLSX rows backwards",
        "a.xlsx",
        _with_part("xl/worksheets/sheet0.xml", back),
        "xlsx_corrupt",
        "'3' after row 5",
    )
    long = write.as_xlsx([("a", "b"), ("x" * (MAX_CELL + 1), "b")], shared=False)
    yield "XLSX endless cell", "a.xlsx", long, "cell_too_long", "row 3", (3,)


def _xlsx() -> Iterator[Any]:
    """Sheets that hold no table."""
    yield "XLSX empty", "a.xlsx", write.workbook({"S": []}), "no_rows"
    yield "XLSX only names", "a.xlsx", write.workbook({"S": [["text", "label"]]}), "no_rows"
    yield "XLSX too wide", "a.xlsx", write.workbook({"S": [[f"c{n}" for n in range(3000)], ["x"]]}), "columns", "1,001"
    yield "XLSX blank name", "a.xlsx", write.workbook({"S": [["a", None, "c"], ["1", "2", "3"]]}), "columns", "Column 2"
    numbered = [[None, "text", "label"], ["p", "a", "x"], ["q", "b", "y"]]
    yield "XLSX with values beside", "a.xlsx", write.workbook({"S": numbered}), "columns", "Column 1"
    yield "XLSX same names", "a.xlsx", write.workbook({"S": [["a", "a"], ["1", "2"]]}), "columns", "'a'"


def _binary_workbook() -> bytes:
    rels = b'<Relationships><Relationship Id="r" Type="x/officeDocument" Target="xl/workbook.bin"/></Relationships>'
    return write.as_zip({"_rels/.rels": rels, "xl/workbook.bin": b"\x83\x01\0"})


def _with_part(part: str, content: bytes) -> bytes:
    """A good workbook with one part replaced or added."""
    with zipfile.ZipFile(io.BytesIO(write.as_xlsx(TWO))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return write.as_zip(files | {part: content})


def _conll() -> Iterator[Any]:
    """Tokens without end, nothing but remarks."""
    yield "CoNLL of remarks", "a.conll", b"# x\n\n-DOCSTART- O\n\n", "no_rows"
    yield "CoNLL endless sentence", "a.conll", b"a O\n" * 100_001, "cell_too_long", "row 1", (1,)
    yield "CoNLL endless token", "a.conll", b"a O\n" + b"x" * 100_000 + b" O\n", "cell_too_long", "row 2", (2,)


# Module of ``app.readers`` -> the files that it has to refuse.
MAKERS: dict[str, Callable[[], Iterator[Any]]] = {
    "opening": _empty,
    "signatures": _foreign,
    "decoding": _miscoded,
    "csv": _csv,
    "text": _plain_text,
    "json": _json,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "gzip": _gzip,
    "zip": _zip,
    "members": _members,
    "workbook": _workbook,
    "sheet": _sheet,
    "xlsx": _xlsx,
    "conll": _conll,
}
