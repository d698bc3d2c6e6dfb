"""Writes the same rows in every format that the studio reads, by other means than the studio's own."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pyarrow
from pyarrow import parquet

Rows = Sequence[Sequence[str]]
NAMES = ("text", "label")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def as_csv(rows: Rows, delimiter: str = ",", line_end: str = "\r\n", names: Sequence[str] = NAMES) -> bytes:
    """Delimited text in UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([names, *rows])
    return out.getvalue().encode()


def as_json(rows: Rows, names: Sequence[str] = NAMES, **options: Any) -> bytes:
    """One list of objects."""
    return json.dumps([dict(zip(names, row, strict=True)) for row in rows], **options).encode()


def as_jsonl(rows: Rows, names: Sequence[str] = NAMES, **options: Any) -> bytes:
    """One object per line."""
    return "".join(json.dumps(dict(zip(names, row, strict=True)), **options) + "\n" for row in rows).encode()


def as_parquet(rows: Rows, names: Sequence[str] = NAMES, **options: Any) -> bytes:
    """Columns of texts."""
    columns = {name: [row[n] for row in rows] for n, name in enumerate(names)}
    return columns_as_parquet(columns, **options)


def columns_as_parquet(columns: dict[str, Any], **options: Any) -> bytes:
    """Columns of any type."""
    out = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table(columns), out, **options)
    return out.getvalue().to_pybytes()


def as_gzip(content: bytes) -> bytes:
    """Packed."""
    return gzip.compress(content, mtime=0)


def as_zip(files: dict[str, bytes], **options: Any) -> bytes:
    """An archive of the files in the order given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def as_class_folders(rows: Rows) -> bytes:
    """``label/number.txt`` for each row."""
    return as_zip({f"data/{label}/{n}.txt": f"{text}\n".encode() for n, (text, label) in enumerate(rows)})


def as_xlsx(rows: Rows, names: Sequence[str] = NAMES, shared: bool = True) -> bytes:
    """A workbook with one sheet; texts in the shared table, or in the cells."""
    return workbook({"Sheet1": [list(names), *map(list, rows)]}, shared=shared)


def workbook(sheets: dict[str, Sequence[Sequence[Any]]], *, shared: bool = True, **parts: bytes) -> bytes:
    """A workbook; numbers become numbers, ``None`` an absent cell, ``bytes`` are the XML of the cell itself."""
    texts: dict[str, int] = {}
    files = {"[Content_Types].xml": b"<Types/>"}
    files["_rels/.rels"] = _relations([("r1", f"{_OFFICE}/officeDocument", "xl/workbook.xml")])
    listed = "".join(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="s{n}"/>' for n, name in enumerate(sheets))
    files["xl/workbook.xml"] = _xml(
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
    )
    links = [(f"s{n}", f"{_OFFICE}/worksheet", f"worksheets/sheet{n}.xml") for n in range(len(sheets))]
    files["xl/_rels/workbook.xml.rels"] = _relations([*links, ("t", f"{_OFFICE}/sharedStrings", "sharedStrings.xml")])
    for n, rows in enumerate(sheets.values()):
        files[f"xl/worksheets/sheet{n}.xml"] = _sheet(rows, texts if shared else None)
    items = "".join(f'<si><t xml:space="preserve">{_escape(text)}</t></si>' for text in texts)
    files["xl/sharedStrings.xml"] = _xml(f'<sst xmlns="{_MAIN}" count="{len(texts)}">{items}</sst>')
    return as_zip(files | {name.replace("__", "/"): content for name, content in parts.items()})


def _sheet(rows: Sequence[Sequence[Any]], texts: dict[str, int] | None) -> bytes:
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(_cell(value, f"{_letters(n)}{number}", texts) for n, value in enumerate(row))
        lines.append(f'<row r="{number}">{cells}</row>')
    return _xml(f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>')


def _cell(value: Any, place: str, texts: dict[str, int] | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode().replace("PLACE", place)
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value!r}</v></c>'
    if texts is None:
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{_escape(value)}</t></is></c>'
    return f'<c r="{place}" t="s"><v>{texts.setdefault(value, len(texts))}</v></c>'


def _letters(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _escape(text: str) -> str:
    """As Excel writes it: whatever XML cannot hold as ``_x0007_``, and such a text itself with its first mark escaped."""
    text = text.replace("_x", "_x005F_x")
    odd = (c if (c >= " " and c not in "\ufffe\uffff") or c in "\t\n" else f"_x{ord(c):04X}_" for c in text)
    return escape("".join(odd))


def _relations(found: Sequence[tuple[str, str, str]]) -> bytes:
    items = "".join(f'<Relationship Id="{id}" Type="{kind}" Target="{target}"/>' for id, kind, target in found)
    return _xml(f'<Relationships xmlns="{_PACKAGE}">{items}</Relationships>')


def _xml(text: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{text}'.encode()


# Every way to write rows of texts: file name and writer.
WRITERS: tuple[tuple[str, Callable[[Rows], bytes]], ...] = (
    ("a.csv", as_csv),
    ("semicolon.csv", lambda rows: as_csv(rows, ";", "\n")),
    ("pipe.csv", lambda rows: as_csv(rows, "|")),
    ("a.psv", lambda rows: as_csv(rows, "|", "\n")),
    ("a.tsv", lambda rows: as_csv(rows, "\t", "\n")),
    ("bom.csv", lambda rows: b"\xef\xbb\xbf" + as_csv(rows)),
    ("wide.csv", lambda rows: as_csv(rows).decode().encode("utf-16")),
    ("a.json", as_json),
    ("indented.json", lambda rows: as_json(rows, indent=2, ensure_ascii=False)),
    ("a.jsonl", as_jsonl),
    ("raw.jsonl", lambda rows: as_jsonl(rows, ensure_ascii=False)),
    ("a.parquet", as_parquet),
    ("a.xlsx", as_xlsx),
    ("inline.xlsx", lambda rows: as_xlsx(rows, shared=False)),
    ("a.csv.gz", lambda rows: as_gzip(as_csv(rows))),
    ("a.jsonl.gz", lambda rows: as_gzip(as_jsonl(rows))),
    ("a.zip", lambda rows: as_zip({"folder/a.csv": as_csv(rows)})),
    ("workbook.zip", lambda rows: as_zip({"a.xlsx": as_xlsx(rows)})),
)
