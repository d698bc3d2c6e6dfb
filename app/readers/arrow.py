"""Reads Arrow and Feather, also the parts of a folder that ``save_to_disk`` of Hugging Face's ``datasets`` writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.errors import Rejected, TooLarge
from app.languages import stated
from app.readers import columnar
from app.readers.source import FileHead, Source
from app.readers.table import Record, Table, check_columns, no_rows

EXTENSIONS = ("arrow", "feather")
NAME = "Arrow"
FILE_MARK, STREAM_MARK = b"ARROW1", b"\xff\xff\xff\xff"
ROWS = 1024


def fits(sample: FileHead) -> bool:
    """Whether it begins as Arrow's files or streams do and its name does not say that it is text."""
    if sample.head.startswith(FILE_MARK):
        return True
    return sample.head.startswith(STREAM_MARK) and sample.extension in EXTENSIONS


def read(source: Source) -> Table:
    """Open the file; rows are numbered from 1.

    Raises:
        Rejected: ``arrow_corrupt``, ``no_rows``, ``columns``; also while records are read.
        TooLarge: more rows than are accepted.
    """
    with _damage_reported():
        opened = _open(source)
        table = Table("arrow", "utf-8", check_columns(opened.schema.names), iter(()))
        reading = columnar.ColumnReading(opened.schema, source.choices, table)
    table.records = _records(source, reading, table)
    return table


def _records(source: Source, reading: columnar.ColumnReading, table: Table) -> Iterator[Record]:
    line = 0
    for batch in _batches(source):
        for start in range(0, batch.num_rows, ROWS):
            piece = batch.slice(start, ROWS)
            yield from reading.rows(piece.columns, line)
            line += piece.num_rows
            if line > source.limits.rows:
                raise TooLarge(
                    "too_large",
                    stated("The file has more than {rows} rows.", rows=source.limits.rows),
                    stated("Send fewer rows."),
                )
    if not line:
        raise no_rows(table.columns)


def _batches(source: Source) -> Iterator[Any]:
    with _damage_reported():
        opened = _open(source)
        if hasattr(opened, "num_record_batches"):
            for number in range(opened.num_record_batches):
                yield opened.get_batch(number)
        else:
            yield from opened


def _open(source: Source) -> Any:
    # Imported here so that a start of the studio does not pay for it.
    import pyarrow
    from pyarrow import ipc

    with source.path.open("rb") as opened:
        is_file = opened.read(len(FILE_MARK)) == FILE_MARK
    file = pyarrow.OSFile(str(source.path))
    return ipc.open_file(file) if is_file else ipc.open_stream(file)


@contextmanager
def _damage_reported() -> Iterator[None]:
    """Turn everything that Arrow raises about a damaged file into a refusal."""
    import pyarrow

    try:
        yield
    except MemoryError:
        raise
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, LookupError):
        raise Rejected(
            "arrow_corrupt",
            stated("The Arrow file is damaged or was cut off."),
            stated("Write it again, or save the data as Parquet or CSV."),
        ) from None
