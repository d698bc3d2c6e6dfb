"""Reads Parquet in small batches with pyarrow; values become text, nested ones are told."""

import datetime
import decimal
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.errors import Rejected, TooLarge
from app.readers.decoding import decode_head
from app.readers.signatures import PARQUET_MARKS, refuse_unless_text, type_mismatch
from app.readers.source import FileHead, Source
from app.readers.table import MAX_CELL, Cell, Flaw, Record, Table, bad_character, cell_too_long, check_columns, no_rows

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
    _check_marks(source.path, source.extension)
    with _damage_told():
        opened = _open(source.path)
        schema = opened.schema_arrow
        columns = check_columns(schema.names)
        kinds = [(_is_nested(field.type), _is_binary(field.type)) for field in schema]
        repeating = _repeating(opened)
    if opened.metadata.num_rows == 0:
        raise no_rows(columns)
    max_rows = source.limits.rows
    if opened.metadata.num_rows > max_rows:
        raise TooLarge(
            "too_large", f"The file has {opened.metadata.num_rows:,} rows.", f"At most {max_rows:,} are read."
        )
    table = Table("parquet", "utf-8", columns, iter(()))
    table.records = _records(_open(source.path, repeating), kinds, table)
    return table


def _check_marks(path: Path, extension: str) -> None:
    with path.open("rb") as source:
        head = source.read(4)
        source.seek(-min(4, path.stat().st_size), 2)
        tail = source.read(4)
    if b"PARE" in (head, tail):
        raise _refused("parquet_encrypted", "is encrypted", "Save it without encryption.")
    if head not in PARQUET_MARKS:
        refuse_unless_text(path, extension)
        raise type_mismatch("not a Parquet file", extension)
    if tail != head:
        raise _refused("parquet_truncated", "ends before its footer", "It was cut off; copy or download it again.")


def _open(path: Path, texts: Sequence[str] = ()) -> Any:
    """Open the file; columns in ``texts`` come as numbers into a list of their different values, each held once."""
    # Imported here so that a start of the studio does not pay for it.
    from pyarrow import parquet

    with _damage_told():
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
def _damage_told() -> Iterator[None]:
    """Turn everything that Arrow raises about a damaged file into a refusal."""
    import pyarrow

    try:
        yield
    except MemoryError:  # Arrow's own kind of it is an ArrowException too
        raise
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, LookupError) as error:
        raise _corrupt(error) from None


def _records(source: Any, kinds: Sequence[tuple[bool, bool]], table: Table) -> Iterator[Record]:
    line = 0
    for columns in _batches(source):
        for cells in zip(*(_as_texts(values) for values in columns), strict=True):
            line += 1
            row: list[Cell] = list(cells)
            for name, cell, (nested, binary) in zip(table.columns, row, kinds, strict=True):
                if cell is None:
                    continue
                if len(cell) > MAX_CELL:
                    raise cell_too_long(line, name)
                if nested:
                    table.flaws.add(_nested(name), line)
                if binary and "\ufffd" in cell:
                    table.flaws.add(_binary(name), line)
            if any(cell and "\0" in cell for cell in row):
                table.flaws.add(bad_character(), line)
                continue
            yield line, row


def _batches(source: Any) -> Iterator[list[list[Any]]]:
    with _damage_told():
        for batch in source.iter_batches(batch_size=_batch_rows(source.metadata), use_threads=False):
            yield [_values(column) for column in batch.columns]


def _values(column: Any) -> list[Any]:
    from pyarrow import types

    if types.is_dictionary(column.type):
        different = column.dictionary.to_pylist()
        return [None if number is None else different[number] for number in column.indices.to_pylist()]
    values: list[Any] = _readable(column).to_pylist()
    return values


def _readable(column: Any) -> Any:
    """Moments that Python's own types cannot hold (beyond the year 9999, or with nanoseconds) come as text."""
    import pyarrow
    from pyarrow import compute, types

    kind = column.type
    if not types.is_timestamp(kind):
        return column
    try:
        moments = column.cast(pyarrow.timestamp("us", kind.tz))
        years = compute.year(moments)
        outside = compute.any(compute.or_(compute.less(years, 1), compute.greater(years, 9999))).as_py()
    except pyarrow.ArrowInvalid:
        outside = True
    return column.cast(pyarrow.string()) if outside else moments


def _batch_rows(metadata: Any) -> int:
    """So many rows that a batch holds about ``BATCH_BYTES``."""
    size: int = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    average: int = max(1, size // max(1, metadata.num_rows))
    return max(1, min(MAX_BATCH_ROWS, BATCH_BYTES // average))


def _as_texts(values: list[Any]) -> list[Cell]:
    return [value if type(value) is str else _as_text(value) for value in values]


def _as_text(value: Any) -> Cell:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return str(value)


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


def _is_nested(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_nested(kind))


def _is_binary(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def _nested(column: str) -> Flaw:
    return Flaw(
        "parquet_nested",
        "error",
        f"In these rows, {column!r} holds a list or a structure instead of a text.",
        "Store one plain text or number there.",
        column=column,
    )


def _binary(column: str) -> Flaw:
    return Flaw(
        "bad_character",
        "error",
        f"In these rows, {column!r} holds bytes that are not UTF-8 text.",
        "Store text there.",
        column=column,
    )


def _corrupt(error: Exception) -> Rejected:
    reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return _refused("parquet_corrupt", f"cannot be read: {reason}", "Write it again, for example with pandas.")


def _refused(code: str, complaint: str, hint: str) -> Rejected:
    return Rejected(code, f"The Parquet file {complaint}.", hint)
