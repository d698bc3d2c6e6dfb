"""Reads a text or table packed with gzip, within limits on what comes out."""

import gzip
from dataclasses import replace

from app.languages import stated
from app.readers.opening import open_source
from app.readers.signatures import type_mismatch
from app.readers.source import FileHead, Source
from app.readers.table import Table, empty_file
from app.readers.unpacking import Allowance, read_and_remove, refuse_nested, unpack

EXTENSIONS = ("gz", "gzip")
NAME = stated("a gzip archive")
MARK = b"\x1f\x8b"


def fits(sample: FileHead) -> bool:
    """Whether it begins as gzip does."""
    return sample.head.startswith(MARK)


def read(source: Source) -> Table:
    """Unpack and open what is inside, as the format that it is.

    Raises:
        Rejected: ``type_mismatch`` if the name says that nothing is packed, ``archive_corrupt``, ``archive_limit``, and
            what the inner format raises.
    """
    # A file that says it is text is not unpacked.
    if source.extension in set(source.endings).difference(EXTENSIONS):
        raise type_mismatch(NAME, source.extension, source.endings)
    refuse_nested(source, NAME)
    with gzip.open(source.path) as opened:
        inner = unpack(opened, source.folder, Allowance(source))  # type: ignore[arg-type]
    name = source.name.rpartition(".")[0] if source.extension in EXTENSIONS else source.name
    try:
        if inner.stat().st_size == 0:
            raise empty_file()
        table = open_source(replace(source, path=inner, name=name, packed_in=NAME))
    except BaseException:
        inner.unlink(missing_ok=True)
        raise
    table.records = read_and_remove(table.records, inner)
    return table
