"""Reads Parquet in small batches with pyarrow; values become text, nested ones are reported."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.errors import Rejected, TooLarge
from app.languages import stated
from app.readers.columnar import ColumnReading
from app.readers.decoding import decode_head
from app.readers.signatures import PARQUET_MARKS, refuse_unless_text, type_mismatch
from app.readers.source import FileHead, Source
from app.readers.table import Record, Table, check_columns, no_rows

EXTENSIONS = ("parquet", "pq")
NAME = "Parquet"
READ_BYTES = 1024 * 1024
BATCH_BYTES = 2 * 1024 * 1024
MAX_BATCH_ROWS = 4096
# Columns of repeating texts are held whole while they are read; beyond this size they are read value by value.
LISTED_BYTES = 8 * 1024 * 1024


def fits(sample: FileHead) -> bool:
    """Whether it begins as Parquet does, or is called so and is no text."""
    if sample.head[:4] in PARQUET_MARKS:
        return sample.extension in EXTENSIONS or b"\0" in sample.head
    return sample.extension in EXTENSIONS and "\0" in decode_head(sample.head)


def read(source: Source) -> Table:
    """Open a Parquet file; rows are numbered from 1.

    Raises:
        Rejected: ``parquet_corrupt``, ``parquet_encrypted``, ``parquet_nested`` and the general codes.
        TooLarge: the file claims more rows than are accepted.
    """
    _check_marks(source)
    with _damage_reported():
        opened = _open(source.path)
        schema = opened.schema_arrow
        columns = check_columns(schema.names)
        repeating = _repeating(opened)
    if opened.metadata.num_rows == 0:
        raise no_rows(columns)
    max_rows = source.limits.rows
    if opened.metadata.num_rows > max_rows:
        raise TooLarge(
            "too_large",
            stated("The file has {rows} rows.", rows=opened.metadata.num_rows),
            stated("At most {max_rows} are read.", max_rows=max_rows),
        )
    table = Table("parquet", "utf-8", columns, iter(()))
    reading = ColumnReading(schema, source.choices, table)
    table.records = _records(_open(source.path, repeating), reading)
    return table


def _check_marks(source: Source) -> None:
    with source.path.open("rb") as opened:
        head = opened.read(4)
        opened.seek(-min(4, source.path.stat().st_size), 2)
        tail = opened.read(4)
    if b"PARE" in (head, tail):
        raise Rejected(
            "parquet_encrypted", stated("The Parquet file is encrypted."), stated("Save it without encryption.")
        )
    if head not in PARQUET_MARKS:
        refuse_unless_text(source.path, source.extension, source.endings)
        raise type_mismatch(stated("not a Parquet file"), source.extension, source.endings)
    if tail != head:
        raise Rejected(
            "parquet_truncated",
            stated("The Parquet file ends before its footer."),
            stated("It was cut off; copy or download it again."),
        )


def _open(path: Path, texts: Sequence[str] = ()) -> Any:
    """Open the file; columns in ``texts`` come as numbers into a list of their different values, each held once."""
    # Imported here so that a start of the studio does not pay for it.
    from pyarrow import parquet

    with _damage_reported():
        return parquet.ParquetFile(
            path,
            memory_map=False,
            read_dictionary=list(texts),
            buffer_size=READ_BYTES,
            pre_buffer=False,
            thrift_string_size_limit=16 * 1024**2,
            thrift_container_size_limit=1024**2,
        )


@contextmanager
def _damage_reported() -> Iterator[None]:
    """Turn everything that Arrow raises about a damaged file into a refusal."""
    import pyarrow

    try:
        yield
    except MemoryError:  # Arrow's own kind of it is an ArrowException too
        raise
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, LookupError):
        raise _corrupt() from None


def _records(source: Any, reading: ColumnReading) -> Iterator[Record]:
    line = 0
    for columns in _batches(source):
        yield from reading.rows(columns, line)
        line += len(columns[0])


def _batches(source: Any) -> Iterator[list[Any]]:
    with _damage_reported():
        for batch in source.iter_batches(batch_size=_batch_rows(source.metadata), use_threads=False):
            yield batch.columns


def _batch_rows(metadata: Any) -> int:
    """So many rows that a batch holds about ``BATCH_BYTES``."""
    size: int = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    average: int = max(1, size // max(1, metadata.num_rows))
    return max(1, min(MAX_BATCH_ROWS, BATCH_BYTES // average))


def _repeating(opened: Any) -> list[str]:
    """Text columns that are stored as numbers into a list of different values, and are small enough to be read so."""
    sizes: dict[str, int] = {}
    for number in range(opened.metadata.num_row_groups):
        group = opened.metadata.row_group(number)
        for column in map(group.column, range(group.num_columns)):
            size = column.total_uncompressed_size if column.has_dictionary_page else LISTED_BYTES
            sizes[column.path_in_schema] = sizes.get(column.path_in_schema, 0) + size
    texts = [field.name for field in opened.schema_arrow if _is_text(field.type)]
    return [name for name in texts if sizes.get(name, LISTED_BYTES) < LISTED_BYTES]


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_string(kind) or types.is_binary(kind))


def _corrupt() -> Rejected:
    return Rejected(
        "parquet_corrupt",
        stated("The Parquet file cannot be read: it is damaged."),
        stated("Write it again, for example with pandas."),
    )
