"""File formats, told by content: each is one file beside this one with ``EXTENSIONS``, ``fits`` and ``read``, and one
line in ``FORMATS``."""

from pathlib import Path
from types import ModuleType

from app.errors import Rejected
from app.readers import conll, csv, gzip, json, jsonl, parquet, text, xlsx, zip
from app.readers.source import Choices, FileHead, Limits, Source
from app.readers.table import Flaw, Flaws, Record, Table, empty_file

__all__ = [
    "EXTENSIONS",
    "FORMATS",
    "Choices",
    "Flaw",
    "Flaws",
    "Limits",
    "Record",
    "Source",
    "Table",
    "open_source",
    "open_table",
]

# In the order in which they are asked: marks of binary files first, then from the strictest text to the loosest.
FORMATS: tuple[ModuleType, ...] = (
    xlsx,
    gzip,
    zip,
    parquet,
    json,
    jsonl,
    conll,
    csv,
    text,
)
EXTENSIONS: tuple[str, ...] = tuple(extension for each in FORMATS for extension in each.EXTENSIONS)


def open_table(
    path: Path,
    file_name: str,
    *,
    choices: Choices | None = None,
    limits: Limits | None = None,
    folder: Path | None = None,
) -> Table:
    """Open a file by its content; its name decides only where the content leaves a doubt.

    Args:
        path: where the bytes lie; its own name does not matter.
        file_name: what the person calls it.
        choices: what the person said about it.
        limits: how far reading goes.
        folder: where unpacked copies may be put while ``records`` are read; beside the file if left out.

    Raises:
        Rejected: the file is empty, of a kind that is not read, or damaged; also while records are read.
    """
    return open_source(Source(path, file_name, folder or path.parent, choices or Choices(), limits or Limits()))


def open_source(source: Source) -> Table:
    """Open a file whose surroundings are known; see :func:`open_table`."""
    if source.path.stat().st_size == 0:
        raise empty_file()
    sample = FileHead(source)
    for each in FORMATS:
        if source.choices.delimiter and each in (json, jsonl, conll):
            continue
        if each.fits(sample):
            table: Table = each.read(source)
            _tell_other_name(table, each, source)
            return table
    raise _unknown(source)


def _tell_other_name(table: Table, found: ModuleType, source: Source) -> None:
    extension = source.extension
    if not extension or extension in found.EXTENSIONS or any(f.code == "read_as_lines" for f in table.flaws.all()):
        return
    table.flaws.add(
        Flaw(
            "read_as",
            "warning",
            f"The name of the file ends in .{extension}, but what it holds looks like {found.NAME}; it was read as that.",
            f"Let its name end in .{found.EXTENSIONS[0]} if that is right.",
        )
    )


def _unknown(source: Source) -> Rejected:
    ending = f"ends in .{source.extension}" if source.extension else "has no ending"
    return Rejected(
        "unknown_format",
        f"The file {source.name[:80]!r} {ending}, and its content is no format that the studio reads.",
        f"Save it as one of: {', '.join('.' + each for each in EXTENSIONS)}.",
        status=415,
    )
