"""Reads JSON Lines: one object per line. Broken lines are named and left out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.errors import Rejected
from app.readers.decoding import Encoding, find_encoding, read_lines
from app.readers.delimiters import is_delimited
from app.readers.json_values import DECODER, Cells, RefusedValue, broken, check_count, not_an_object, parse
from app.readers.source import FileHead, Source
from app.readers.table import Flaw, Flaws, Record, Table, check_column_count, check_columns, check_row_count, no_rows

EXTENSIONS = ("jsonl", "ndjson")
NAME = "JSON Lines"
MAX_LINE = 16 * 1024 * 1024


def fits(sample: FileHead) -> bool:
    """Whether the first line is a whole object, or the name says so and the text is no list and no table."""
    text = sample.text.lstrip()
    first, _, more = text.partition("\n")
    if text.startswith("{"):
        return sample.extension in EXTENSIONS or (sample.extension != "json" and _is(dict, first))
    if text.startswith("["):
        return sample.extension in EXTENSIONS and bool(more.strip()) and _is(list, first)
    return sample.extension in EXTENSIONS and not is_delimited(sample.text)


def read(source: Source) -> Table:
    """Open a file of one JSON object per line; the columns are all keys in the order of first sight.

    Raises:
        Rejected: see the codes in this folder's modules; also later, while the records are read.
    """
    encoding = find_encoding(source.path, source.choices.encoding)
    keys = _all_keys(source, encoding)
    table = Table("jsonl", encoding.name, check_columns(keys), iter(()))
    if encoding.flaw:
        table.flaws.add(encoding.flaw)
    table.records = _records(source, encoding, table, keys)
    return table


def _is(kind: type, line: str) -> bool:
    try:
        return isinstance(DECODER.decode(line.strip()), kind)
    except (ValueError, RecursionError):
        return False


def _all_keys(source: Source, encoding: Encoding) -> list[str]:
    """The keys of every object: a first reading, because a later row may bring a new column."""
    keys: dict[str, None] = {}
    flaws = Flaws()
    for _, value in _objects(source.path, encoding, flaws, source.limits.rows):
        keys.update(dict.fromkeys(value))
        check_column_count(len(keys))
    if not keys:
        _refuse_all(flaws)
    return list(keys)


def _records(source: Source, encoding: Encoding, table: Table, keys: list[str]) -> Iterator[Record]:
    cells = Cells(keys, table.flaws)
    for line, value in _objects(source.path, encoding, table.flaws, source.limits.rows):
        row = cells.row(line, value)
        if row is not None:
            yield line, row


def _objects(path: Path, encoding: Encoding, flaws: Flaws, max_rows: int) -> Iterator[tuple[int, dict[str, Any]]]:
    seen = 0
    for number, line in enumerate(read_lines(path, encoding, MAX_LINE), start=1):
        if len(line) > MAX_LINE:
            raise broken(number, MAX_LINE, f"the line is longer than {MAX_LINE:,} characters")
        text = line.strip()
        if not text:
            continue
        seen += 1
        check_row_count(seen, max_rows)
        try:
            check_count(text)
            value = parse(lambda: DECODER.decode(text))  # noqa: B023 - called at once
        except json.JSONDecodeError as error:
            flaws.add(_broken_line(number, error.colno, error.msg), number)
        except RefusedValue as error:
            flaws.add(_broken_line(number, 1, str(error)), number)
        else:
            if isinstance(value, dict):
                yield number, value
            else:
                flaws.add(not_an_object(), number)


def _refuse_all(flaws: Flaws) -> None:
    for flaw in flaws.all():
        raise Rejected(flaw.code, flaw.message, flaw.hint, details={"rows": flaw.rows[:50]})
    raise no_rows([])


def _broken_line(line: int, column: int, reason: str) -> Flaw:
    return Flaw(
        "json",
        "error",
        f"These lines are not JSON. Line {line:,}, character {column:,}: {reason}.",
        "Write one complete object per line; see the named lines.",
        lost=True,
    )
