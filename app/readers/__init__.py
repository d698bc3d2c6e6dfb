"""File formats, recognised by content: each is one file beside this one with ``EXTENSIONS``, ``fits`` and ``read``, and one
line in ``FORMATS``."""

from pathlib import Path
from types import ModuleType

from app.readers import (
    arrow,
    chat_log,
    conll,
    csv,
    docx,
    fasttext,
    gzip,
    json,
    jsonl,
    markdown_table,
    parquet,
    pdf,
    rasa_nlu,
    speaker_lines,
    text,
    xlsx,
    zip,
)
from app.readers.opening import open_source
from app.readers.source import Choices, Limits, Source
from app.readers.table import Flaw, Flaws, Record, Table

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
    "open_table",
]

# In the order in which they are asked: marks of binary files first, then from the strictest text to the loosest.
FORMATS: tuple[ModuleType, ...] = (
    xlsx,
    docx,
    pdf,
    gzip,
    zip,
    parquet,
    arrow,
    json,
    jsonl,
    conll,
    fasttext,
    rasa_nlu,
    markdown_table,
    chat_log,
    speaker_lines,
    csv,
    text,
)
EXTENSIONS: tuple[str, ...] = tuple(extension for file_format in FORMATS for extension in file_format.EXTENSIONS)


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
        file_name: its name; decides only where the content leaves a doubt.
        choices: what the user stated about it.
        limits: how far reading goes.
        folder: where unpacked copies may be put while ``records`` are read; the file's own folder if left out.

    Raises:
        Rejected: the file is empty, of a kind that is not read, or damaged; also while records are read.
    """
    return open_source(
        Source(path, file_name, folder or path.parent, FORMATS, choices or Choices(), limits or Limits())
    )
