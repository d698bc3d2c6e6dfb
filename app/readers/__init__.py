"""File formats: each is one file beside this one with ``EXTENSIONS`` and ``read``, and one line in ``FORMATS``."""

from pathlib import Path
from types import ModuleType

from app.errors import Rejected
from app.readers import csv, json, jsonl, parquet
from app.readers.table import Flaw, Flaws, Record, Table, empty_file

__all__ = ["EXTENSIONS", "FORMATS", "Flaw", "Flaws", "Record", "Table", "open_table"]

FORMATS: tuple[ModuleType, ...] = (
    csv,
    json,
    jsonl,
    parquet,
)
EXTENSIONS: tuple[str, ...] = tuple(extension for each in FORMATS for extension in each.EXTENSIONS)


def open_table(path: Path, file_name: str) -> Table:
    """Open a file by the ending of its name; nothing beyond its head has been read when this returns.

    Args:
        path: where the bytes lie; its own name does not matter.
        file_name: what the person calls it.

    Raises:
        Rejected: the file is empty, of an unknown kind, or not what its name claims; also while records are read.
    """
    extension = file_name.rpartition(".")[2].lower() if "." in file_name else ""
    if path.stat().st_size == 0:
        raise empty_file()
    for each in FORMATS:
        if extension in each.EXTENSIONS:
            return each.read(path, extension)
    ending = f"ends in .{extension[:20]}" if extension else "has no ending"
    raise Rejected(
        "unknown_format",
        f"The file {file_name[:80]!r} {ending}, which is not a format that the studio reads.",
        f"Save it as one of: {', '.join('.' + each for each in EXTENSIONS)}.",
        status=415,
    )
