"""Tells by the first bytes what a file really is, whatever its name says."""

import re
import zipfile
from pathlib import Path

from app.errors import Rejected

PARQUET_MARKS = (b"PAR1", b"PARE")
_MARKS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF-", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"\x7fELF", "a program"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel or Word file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"ARROW1", "an Arrow file"),
    (b"PAR1", "a Parquet file"),
    (b"PARE", "an encrypted Parquet file"),
)
_ZIP_CONTENTS = (("xl/", "an Excel workbook"), ("word/", "a Word document"), ("content.xml", "an OpenDocument file"))
_REMEDIES = {
    "an Excel workbook": "Open it in a spreadsheet program and save it as CSV UTF-8.",
    "an old Excel or Word file": "Open it in a spreadsheet program and save it as CSV UTF-8.",
    "an OpenDocument file": "Open it in a spreadsheet program and save it as CSV UTF-8.",
    "a Parquet file": "Rename it so that it ends in .parquet.",
    "a JSON list": "Rename it so that it ends in .json.",
    "JSON": "Rename it so that it ends in .json or .jsonl.",
}
_JSON_START = re.compile(r'\s*(\[\s*)?\{\s*"')
_WEB_PAGE = re.compile(r"\s*<(!doctype html|html|\?xml)", re.IGNORECASE)


def refuse_unless_text(path: Path, extension: str) -> None:
    """Refuse files that are pictures, archives, programs and the like under a text file's name.

    Raises:
        Rejected: ``type_mismatch`` (415) naming what the file is.
    """
    with path.open("rb") as source:
        head = source.read(512)
    for mark, name in _MARKS:
        if head.startswith(mark):
            raise type_mismatch(name, extension)
    if head.startswith(b"PK\x03\x04"):
        raise type_mismatch(_zip_kind(path), extension)
    if head.startswith(b"MZ") and b"\0" in head:
        raise type_mismatch("a program", extension)
    if _WEB_PAGE.match(head.decode("utf-8", errors="ignore")):
        raise type_mismatch("a web page or XML", extension)


def looks_like_json(text: str) -> bool:
    """Whether a text begins as a JSON object or a list of objects does."""
    return _JSON_START.match(text) is not None


def type_mismatch(found: str, extension: str) -> Rejected:
    """The refusal of a file whose content is not what its name claims."""
    hint = _REMEDIES.get(found, f"Choose a file that holds {extension.upper()} data.")
    return Rejected("type_mismatch", f"The file ends in .{extension}, but it is {found}.", hint, status=415)


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:1000]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        names = []
    for start, kind in _ZIP_CONTENTS:
        if any(name.startswith(start) for name in names):
            return kind
    return "a ZIP archive"
