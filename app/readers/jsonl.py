"""Reads JSON Lines: one object per line. Broken lines are named and left out."""

import json
from collections.abc import Iterator
from typing import Any

from app.errors import Rejected
from app.languages import stated
from app.readers.decoding import Encoding, find_encoding, read_lines, read_pieces
from app.readers.delimiters import is_delimited
from app.readers.json_rows import VALUES, RowForm
from app.readers.json_shapes import JsonShape
from app.readers.json_table import are_spread, read_lists, read_shape, several_objects
from app.readers.json_values import (
    DECODER,
    Cells,
    RefusedValue,
    broken,
    check_count,
    fault_words,
    hollow_words,
    is_hollow,
    not_an_object,
    parse,
)
from app.readers.source import FileHead, Source
from app.readers.table import Flaw, Flaws, Record, Table, check_columns, check_row_count, no_rows

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
    if source.extension != "json" and are_spread(next(read_pieces(source.path, encoding), "")):
        return read_shape(source, several_objects(source.path, encoding), encoding, "jsonl")
    form, flaws = _survey(source, encoding)
    if form.usual == VALUES:
        table = read_lists(source, JsonShape(lambda: _values(source, encoding, Flaws())), encoding, "jsonl")
        found_flaws = [*flaws.all(), *form.flaws()]
    else:
        table, found_flaws = Table("jsonl", encoding.name, check_columns(form.keys), iter(())), form.flaws()
        table.records = _records(source, encoding, table, form)
    encoding.note(table)
    for flaw in found_flaws:
        table.flaws.add(flaw)
    return table


def _is(kind: type, line: str) -> bool:
    try:
        return isinstance(DECODER.decode(line.strip()), kind)
    except (ValueError, RecursionError):
        return False


def _survey(source: Source, encoding: Encoding) -> tuple[RowForm, Flaws]:
    """The form and the keys of all rows: a first reading, because a later row may bring a new column."""
    form, flaws = RowForm(), Flaws()
    for _, value in _values(source, encoding, flaws):
        form.see(value)
    if not form.keys and form.usual != VALUES:
        for number, _ in _values(source, encoding, Flaws()):
            flaws.add(not_an_object(), number)
        _refuse_all(flaws)
    return form, flaws


def _records(source: Source, encoding: Encoding, table: Table, form: RowForm) -> Iterator[Record]:
    cells = Cells(form.keys, table.flaws, form.rows, form.readable)
    for line, value in _values(source, encoding, table.flaws):
        given = form.read(value)
        if given is None:
            table.flaws.add(not_an_object(), line)
        elif (row := cells.row(line, given)) is not None:
            yield line, row


def _values(source: Source, encoding: Encoding, flaws: Flaws) -> Iterator[tuple[int, Any]]:
    seen = 0
    for number, line in enumerate(read_lines(source.path, encoding, MAX_LINE), start=1):
        if len(line) > MAX_LINE:
            raise broken(number, MAX_LINE, stated("the line is longer than {limit} characters", limit=MAX_LINE))
        text = line.strip()
        if not text:
            continue
        seen += 1
        check_row_count(seen, source.limits.rows)
        if text.endswith(("},", "],", '",')):
            text = text[:-1]
            flaws.add(_line_comma(), number)
        try:
            check_count(text)
            value = parse(lambda: DECODER.decode(text))  # noqa: B023 - called at once
        except json.JSONDecodeError as error:
            flaws.add(_broken_line(number, error.colno, fault_words(error)), number)
        except RefusedValue as error:
            flaws.add(_broken_line(number, 1, error.reason), number)
        else:
            if is_hollow(value):
                flaws.add(_broken_line(number, 1, hollow_words(value)), number)
            else:
                yield number, value


def _refuse_all(flaws: Flaws) -> None:
    for flaw in flaws.all():
        raise Rejected(flaw.code, flaw.message, flaw.hint, details={"rows": flaw.rows[:50]})
    raise no_rows([])


def _line_comma() -> Flaw:
    return Flaw(
        "line_comma",
        "warning",
        stated("These lines end in a comma, as in a list; the comma was left out."),
        stated("Nothing needs to be done."),
    )


def _broken_line(line: int, column: int, reason: str) -> Flaw:
    return Flaw(
        "json",
        "error",
        stated(
            "These lines are not JSON. Line {line}, character {column}: {reason}.",
            line=line,
            column=column,
            reason=reason,
        ),
        stated("Write one complete object per line; see the named lines."),
        lost=True,
    )
