"""Unpacks streams of untrusted archives into files of our own naming, within limits on size and ratio."""

import os
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zipfile import BadZipFile

from app.errors import Rejected
from app.languages import stated
from app.readers.source import Source
from app.readers.table import Record

PIECE = 1024 * 1024
# Text packs to a tenth, repeated text to a hundredth; beyond that somebody wants to fill the disk.
MAX_RATIO = 100
FREE_BYTES = 32 * 1024 * 1024


class Allowance:
    """What one archive may still unpack to, over all of its members."""

    def __init__(self, source: Source) -> None:
        packed = source.path.stat().st_size
        self.limit = min(source.limits.unpacked_bytes, FREE_BYTES + MAX_RATIO * packed)
        self.left = self.limit

    def take(self, size: int) -> None:
        """Count bytes that came out.

        Raises:
            Rejected: ``archive_limit``.
        """
        self.left -= size
        if self.left < 0:
            raise over_limit(stated("The archive unpacks to more than {limit} bytes.", limit=self.limit))


def unpack(opened: IO[bytes], folder: Path, allowance: Allowance) -> Path:
    """Write a stream into a new file of the folder; the file is gone again if anything is wrong with the stream.

    Raises:
        Rejected: ``archive_corrupt`` or ``archive_limit``.
    """
    handle, name = tempfile.mkstemp(dir=folder, prefix=".unpacked-")
    try:
        with os.fdopen(handle, "wb") as out:
            for piece in pieces(opened, allowance):
                out.write(piece)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def pieces(opened: IO[bytes], allowance: Allowance) -> Iterator[bytes]:
    """The content of a packed stream, piece by piece.

    Raises:
        Rejected: ``archive_corrupt`` or ``archive_limit``.
    """
    while True:
        try:
            piece = opened.read(PIECE)
        except (EOFError, BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError) as error:
            raise cannot_unpack(error) from None
        if not piece:
            return
        allowance.take(len(piece))
        yield piece


def read_and_remove(records: Iterator[Record], path: Path) -> Iterator[Record]:
    """The records of an unpacked file, which is removed after the last one."""
    try:
        yield from records
    finally:
        path.unlink(missing_ok=True)


def refuse_nested(source: Source, found: str) -> None:
    """Archives in archives are not opened.

    Raises:
        Rejected: ``archive_limit``.
    """
    if source.packed_in:
        raise over_limit(stated("The archive holds {found} inside {archive}.", found=found, archive=source.packed_in))


def over_limit(message: str) -> Rejected:
    """The refusal of an archive that would cost more than it can be worth."""
    return Rejected(
        "archive_limit",
        message,
        stated("Unpack it yourself and send the file inside."),
    )


def corrupt(message: str) -> Rejected:
    """The refusal of an archive that cannot be unpacked."""
    return Rejected(
        "archive_corrupt",
        message,
        stated("Pack it again, without a password, and send that."),
    )


def cannot_unpack(error: Exception) -> Rejected:
    """The refusal of an archive whose content does not come out of it."""
    if "CRC" in str(error):
        return corrupt(stated("The archive is damaged: the check sum (CRC) of a file in it does not fit."))
    return corrupt(stated("The archive cannot be unpacked: it is damaged, or packed in a way that is not read."))
