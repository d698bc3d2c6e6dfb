"""Tells by the first bytes what a file really is, whatever its name says."""

import re
from collections.abc import Collection
from pathlib import Path

from app.errors import Rejected
from app.languages import stated

PARQUET_MARKS = (b"PAR1", b"PARE")
_MARKS = (
    (b"\x89PNG\r\n\x1a\n", stated("a PNG picture")),
    (b"\xff\xd8\xff", stated("a JPEG picture")),
    (b"GIF8", stated("a GIF picture")),
    (b"%PDF-", stated("a PDF document")),
    (b"\x1f\x8b", stated("a gzip archive")),
    (b"7z\xbc\xaf\x27\x1c", stated("a 7-Zip archive")),
    (b"Rar!\x1a\x07", stated("a RAR archive")),
    (b"BZh", stated("a bzip2 archive")),
    (b"\xfd7zXZ\x00", stated("an xz archive")),
    (b"\x28\xb5\x2f\xfd", stated("a zstd archive")),
    (b"\x7fELF", stated("a program")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", stated("an old Excel or Word file")),
    (b"SQLite format 3\x00", stated("an SQLite database")),
    (b"\x93NUMPY", stated("a NumPy array")),
    (b"PK\x07\x08PK", stated("a part of a split ZIP archive")),
    (b"{\\rtf", stated("an RTF document")),
    (b"\xca\xfe\xba\xbe", stated("a program")),
    (b"\x80\x04\x95", stated("a Python pickle")),
    (b"\x00asm", stated("a program")),
    (b"OggS", stated("a sound or a film")),
)
_UNPACK = stated("Unpack it and send the file inside, or pack that as ZIP.")
_REMEDIES = {
    "a PDF document": stated(
        "Rename it so that it ends in .pdf: its text is read, a row for each paragraph. Save a table in it as .xlsx or CSV."
    ),
    "a Word document": stated(
        "Rename it so that it ends in .docx: its text is read, a row for each paragraph. Save a table in it as .xlsx or CSV."
    ),
    "an RTF document": stated("Open it in a word processor and save it as .txt; a table in it as .xlsx or CSV."),
    "a presentation": stated("Save the text as .txt, or a table in it as .xlsx or CSV."),
    "an XML file": stated("Save the table as CSV or JSON in the program that wrote it."),
    "a web page or XML": stated(
        "Save the table as CSV or JSON in the program that wrote it; of a web page, copy the text into a .txt file."
    ),
    "a YAML file": stated("Save the rows as JSON or CSV."),
    "a TOML file": stated("Save the rows as JSON or CSV."),
    "a file of settings (INI)": stated("Save the rows as JSON or CSV."),
    "a file of subtitles": stated("Save what is said in it as .txt, without the numbers and times."),
    "an SQL script": stated("Export the table with the examples as CSV."),
    "a mailbox or an e-mail": stated(
        "Save the messages as CSV, one in each row, with their subject and text as columns."
    ),
    "a LaTeX document": stated("Save its text as .txt, without the commands."),
    "a BibTeX file": stated("Export the entries as CSV."),
    "a catalog of translations (gettext)": stated("Export the pairs of texts as CSV, with a column for each language."),
    "a JavaScript file": stated("Save what stands between its [ and ] as .json."),
    "a Python pickle": stated("A pickle can run programs when it is opened. Save the data as CSV or Parquet."),
    "a NumPy array": stated("Save the texts as CSV or JSON."),
    "an SQLite database": stated("Export the table with the examples as CSV."),
    **dict.fromkeys(
        ("a 7-Zip archive", "a RAR archive", "a bzip2 archive", "an xz archive", "a zstd archive", "a TAR archive"),
        _UNPACK,
    ),
    "an old Excel or Word file": stated("Open it in Excel or Word and save it as CSV UTF-8, a text as .txt."),
    "an OpenDocument file": stated("Open it in a spreadsheet program and save it as CSV UTF-8."),
    "a ZIP archive": stated("Rename it so that it ends in .zip."),
    "a gzip archive": stated("Rename it so that it ends in .gz."),
}
_XML = re.compile(r"\ufeff?\s*<([A-Za-z][\w:.-]*)(\s[^<>]*)?>\s*<[A-Za-z]")
_YAML = re.compile(r"(---\s*\n)?- [\w-]+: .*\n(  [\w-]+: .*\n)+- [\w-]+: ")
# Rasa's training data, which is read.
_INTENTS = re.compile(r"^\s*- intent: ", re.M)
# Texts of other formats, by how they begin; each would otherwise be read as running text, line by line.
_TEXT_FORMATS = (
    (re.compile(r"(WEBVTT\b|\d+\s*\n\d\d:\d\d:\d\d[,.]\d{3} --> )"), stated("a file of subtitles")),
    (
        re.compile(r"(--.*\n\s*|/\*.*?\*/;?\s*)*(INSERT INTO|CREATE TABLE|DROP TABLE|BEGIN TRANSACTION)\b", re.I),
        stated("an SQL script"),
    ),
    (re.compile(r"\[\[[\w.-]+\]\]\s*\n[\w.-]+ *= "), stated("a TOML file")),
    (re.compile(r"(\[[^\]\n]+\]\s*\n([\w.-]+ *= *.*\n\s*)+){2}"), stated("a file of settings (INI)")),
    (re.compile(r"From:? .*\S@\S.*\n([\w-]+: .*\n|\s.*\n){0,30}Subject: "), stated("a mailbox or an e-mail")),
    (re.compile(r"(%.*\n\s*)*\\documentclass\b"), stated("a LaTeX document")),
    (
        re.compile(r"(%.*\n\s*)*@(article|book|misc|in\w+|phdthesis|techreport)\{[^,\n]+,", re.I),
        stated("a BibTeX file"),
    ),
    (re.compile(r"(#.*\n\s*)*msgid \""), stated("a catalog of translations (gettext)")),
    (re.compile(r"(var|let|const|window\.\w+|module\.exports)( \w+)? *= *[\[{]"), stated("a JavaScript file")),
)
_JSON_START = re.compile(r'\s*(\[\s*)?\{\s*["}]')
_WEB_PAGE = re.compile(r"\ufeff?\s*<(!doctype|html|\?xml|svg|head|script)\b", re.IGNORECASE)


def refuse_unless_text(path: Path, extension: str, endings: Collection[str]) -> None:
    """Refuse files that are pictures, archives, programs and the like; ``endings`` as in :func:`type_mismatch`.

    Raises:
        Rejected: ``type_mismatch`` (415) naming what the file is.
    """
    with path.open("rb") as source:
        head = source.read(4096)
    if found := _other_than_text(head, extension):
        raise type_mismatch(found, extension, endings)


def _other_than_text(head: bytes, extension: str) -> str:
    """What a file is by its first bytes; empty for text."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if head[257:262] == b"ustar":
        return stated("a TAR archive")
    if (head[:4] == b"RIFF" and head[8:12] in (b"WAVE", b"AVI ", b"WEBP")) or (
        head[:1] == b"\0" and head[4:8] == b"ftyp"
    ):
        return stated("a sound, a picture or a film")
    if head.startswith(b"MZ") and b"\0" in head:
        return stated("a program")
    text = head.decode("utf-8", errors="ignore")
    if _WEB_PAGE.match(text):
        return stated("a web page or XML")
    if _XML.match(text):
        return stated("an XML file")
    plain = text.lstrip("\ufeff").lstrip().replace("\r\n", "\n")
    if (other := next((name for pattern, name in _TEXT_FORMATS if pattern.match(plain)), None)) is not None:
        return other
    if _INTENTS.search(plain):
        return ""
    return stated("a YAML file") if extension in ("yaml", "yml") or _YAML.match(text.replace("\r\n", "\n")) else ""


def looks_like_json(text: str) -> bool:
    """Whether a text begins as a JSON object or a list of objects does."""
    return _JSON_START.match(text) is not None


def type_mismatch(found: str, extension: str, endings: Collection[str] = ()) -> Rejected:
    """The refusal of a file whose content is nothing that the studio reads, or not under this name.

    Args:
        endings: of the names of formats that are read: whatever else is inside contradicts them.
    """
    if extension in endings:
        named = stated("The file ends in .{extension}, but it is {found}.", extension=extension, found=found)
    elif extension:
        named = stated("The file is {found}; files of this kind are not read.", found=found)
    else:
        named = stated("The file is {found}.", found=found)
    hint = _REMEDIES.get(found, stated("Choose a file that holds your examples as text or as a table."))
    return Rejected("type_mismatch", named, hint, status=415)
