"""Tells by the first bytes what a file really is, whatever its name says."""

import re
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
    (b"PK\x07\x08PK", "a part of a split ZIP archive"),
    (b"{\\rtf", "an RTF document"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"\x00asm", "a program"),
    (b"OggS", "a sound or a film"),
)
_REMEDIES = {
    "an old Excel or Word file": "Open it in a spreadsheet program and save it as CSV UTF-8.",
    "an OpenDocument file": "Open it in a spreadsheet program and save it as CSV UTF-8.",
    "a ZIP archive": "Rename it so that it ends in .zip.",
    "a gzip archive": "Rename it so that it ends in .gz.",
}
_JSON_START = re.compile(r'\s*(\[\s*)?\{\s*["}]')
_WEB_PAGE = re.compile(r"\ufeff?\s*<(!doctype|html|\?xml|svg|head|script)\b", re.IGNORECASE)


def refuse_unless_text(path: Path, extension: str) -> None:
    """Refuse files that are pictures, archives, programs and the like.

    Raises:
        Rejected: ``type_mismatch`` (415) naming what the file is.
    """
    with path.open("rb") as source:
        head = source.read(512)
    for mark, name in _MARKS:
        if head.startswith(mark):
            raise type_mismatch(name, extension)
    if head[257:262] == b"ustar":
        raise type_mismatch("a TAR archive", extension)
    if (head[:4] == b"RIFF" and head[8:12] in (b"WAVE", b"AVI ", b"WEBP")) or (
        head[:1] == b"\0" and head[4:8] == b"ftyp"
    ):
        raise type_mismatch("a sound, a picture or a film", extension)
    if head.startswith(b"MZ") and b"\0" in head:
        raise type_mismatch("a program", extension)
    if _WEB_PAGE.match(head.decode("utf-8", errors="ignore")):
        raise type_mismatch("a web page or XML", extension)


def looks_like_json(text: str) -> bool:
    """Whether a text begins as a JSON object or a list of objects does."""
    return _JSON_START.match(text) is not None


def type_mismatch(found: str, extension: str) -> Rejected:
    """The refusal of a file whose content is nothing that the studio reads, or not under this name."""
    named = f"The file ends in .{extension}, but it is {found}." if extension else f"The file is {found}."
    hint = _REMEDIES.get(found, "Choose a file that holds your examples as text or as a table.")
    return Rejected("type_mismatch", named, hint, status=415)
