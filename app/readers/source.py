"""A file that is to be read: where it lies, what it is called, the user's choices, how far reading may go.

A format looks at a ``FileHead`` to tell whether the content is its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

from app.readers.decoding import decode_head
from app.readers.signatures import refuse_unless_text

HEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class Choices:
    """What a user may state about a file; what is left empty is detected.

    Attributes:
        sheet: name of a workbook's sheet, or its number from 1.
        header_row: number of the row with the column names, from 1; 0 means that it is searched.
        encoding: codec name of a text file, for when the guess is wrong.
        delimiter: the character between the fields of a delimited text.
        repairs: name of a repair (see ``app.readers.repairs``) -> whether it is to be done.
    """

    sheet: str = ""
    header_row: int = 0
    encoding: str = ""
    delimiter: str = ""
    repairs: Mapping[str, bool] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON form; ``repairs`` is there only where some were chosen. ``Choices(**value)`` reads it back."""
        return {name: value for name, value in vars(self).items() if value or name != "repairs"}


@dataclass(frozen=True)
class Limits:
    """How far reading goes.

    Attributes:
        rows: most rows of all files together.
        unpacked_bytes: most bytes that an archive may unpack to.
        text: most characters in all cells together; Parquet repeats a text at no cost, so a small file can hold any
            number of them.
        first: stop after so many rows of each file, for a look at it; 0 reads all.
    """

    rows: int = 2_000_000
    unpacked_bytes: int = 2 * 1024**3
    text: int = 4 * 1024**3
    first: int = 0


@dataclass(frozen=True)
class Source:
    """One file to read.

    Attributes:
        path: where the bytes lie; its own name does not matter.
        name: its file name.
        folder: where unpacked copies may be put; its creator removes it.
        formats: the format modules, in the order in which they are tried; an archive opens its content with them too.
        packed_in: what it was unpacked from, e.g. ``a ZIP archive``; archives in archives are refused.
    """

    path: Path
    name: str
    folder: Path
    formats: tuple[ModuleType, ...]
    choices: Choices = field(default_factory=Choices)
    limits: Limits = field(default_factory=Limits)
    packed_in: str = ""

    @property
    def extension(self) -> str:
        """The ending of the name in small letters, without the dot; empty if there is none."""
        base = self.name.replace("\\", "/").rpartition("/")[2]
        return base.rpartition(".")[2].lower().strip()[:20] if "." in base else ""

    @property
    def endings(self) -> tuple[str, ...]:
        """The endings of the names of all formats, in the order in which these are tried."""
        return tuple(ending for file_format in self.formats for ending in file_format.EXTENSIONS)


class FileHead:
    """The beginning of a file, for telling its format."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.extension = source.extension
        with source.path.open("rb") as opened:
            self.head = opened.read(HEAD_BYTES)

    def is_text(self) -> bool:
        """True, unless the file is known to be something else.

        Raises:
            Rejected: ``type_mismatch``.
        """
        refuse_unless_text(self.source.path, self.extension, self.source.endings)
        return True

    @cached_property
    def text(self) -> str:
        """The beginning as text; letters that need the whole file to be decoded may be wrong.

        Raises:
            Rejected: ``type_mismatch`` when the file is a picture, a program and the like.
        """
        self.is_text()
        return decode_head(self.head, self.source.choices.encoding)
