"""Makes a table of the rows that were found in a JSON file, whatever their form."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from app.errors import Rejected
from app.languages import stated
from app.readers import intents, squad
from app.readers.decoding import Encoding
from app.readers.grids import Grid, GridLayout
from app.readers.json_rows import VALUES, RowForm, read_form, survey_rows
from app.readers.json_shapes import JsonShape
from app.readers.json_values import (
    DECODER,
    Cells,
    broken,
    hollow_row,
    hollow_words,
    is_hollow,
    not_an_object,
    plain_text,
)
from app.readers.json_window import SPACE, Window
from app.readers.source import Source
from app.readers.table import Cell, Flaw, Record, Table, check_columns, check_row_count, no_rows, usable_records

_NEXT_OBJECT = re.compile(r"^\}\s*,?\s*\{", re.MULTILINE)


def read_shape(source: Source, shape: JsonShape, encoding: Encoding, kind: str) -> Table:
    """The table of rows that were found in a file; the values are looked through once to know all columns.

    Raises:
        Rejected: ``no_rows``, ``columns``, ``row_not_object``, ``json``.
    """
    form, shape = _survey(source, shape)
    if form.usual == VALUES:
        table = read_lists(source, shape, encoding, kind)
    else:
        table = Table(kind, encoding.name, check_columns(form.keys), iter(()))
        if not table.columns:
            flaw, rows = not_an_object(), list(range(1, min(form.counts.total(), 50) + 1))
            raise Rejected(flaw.code, flaw.message, flaw.hint, details={"rows": rows})
        table.records = _records(shape, table, form)
    encoding.note(table)
    for flaw in [*shape.flaws, *form.flaws()]:
        table.flaws.add(flaw)
    return table


def _survey(source: Source, shape: JsonShape) -> tuple[RowForm, JsonShape]:
    """The form of the rows, and where they are: the questions of SQuAD and the texts of intents lie below the rows."""
    form, articles, named, hollow = RowForm(), 0, 0, None
    for number, value in shape.values():
        check_row_count(number, source.limits.rows)
        form.see(value)
        articles += squad.is_article(value)
        named += intents.is_intent(value)
        hollow = value if hollow is None and is_hollow(value) else hollow
    if not form.counts:
        raise no_rows([])
    if hollow is not None and form.hollow == form.counts.total():
        raise broken(1, 1, hollow_words(hollow))
    if articles == form.counts.total():
        return _rows_below(shape, squad.questions, squad.flattened())
    if named == form.counts.total() > 1:
        return _rows_below(shape, intents.phrases, intents.flattened())
    return form, shape


def _rows_below(
    shape: JsonShape, rows_of: Callable[[Any], Iterator[dict[str, Any]]], explanation: Flaw
) -> tuple[RowForm, JsonShape]:
    """The form and place of rows of which each value holds several."""
    below = JsonShape(lambda: enumerate((row for _, value in shape.values() for row in rows_of(value)), start=1))
    below.flaws.extend([*shape.flaws, explanation])
    return survey_rows(value for _, value in below.values()), below


def read_lists(source: Source, shape: JsonShape, encoding: Encoding, kind: str) -> Table:
    """A table as a list of lists, the first of which may hold the names.

    Raises:
        Rejected: ``no_rows`` or ``columns``.
    """
    table = Table(kind, encoding.name, [], iter(()))

    def rows() -> Iterator[tuple[int, list[Cell]]]:
        for number, value in shape.values():
            yield number, [plain_text(item) for item in value] if read_form(value)[0] == VALUES else []

    grid = Grid(rows, source.choices, table.flaws, table.found)
    layout = grid.layout()
    if layout is None:
        raise no_rows([])
    table.columns = layout.names
    records = grid.repair(layout, _full_rows(rows(), layout, table))
    table.records = usable_records(records, layout.names, table.flaws)
    return table


def _full_rows(rows: Iterable[tuple[int, list[Cell]]], layout: GridLayout, table: Table) -> Iterator[Record]:
    for number, cells in rows:
        if number >= layout.first and len(cells) != layout.width:
            table.flaws.add(not_an_object(), number)
        elif number >= layout.first:
            yield number, cells


def several_objects(path: Path, encoding: Encoding) -> JsonShape:
    """Objects one after another, each over several lines."""

    def values() -> Iterator[tuple[int, Any]]:
        window = Window(path, encoding)
        number = 0
        while window.peek():
            number += 1
            yield number, window.value()
            if window.peek() == ",":
                window.at += 1

    explanation = stated(
        "The file holds objects one after another, each over several lines; rows are numbered in their order."
    )
    return JsonShape(
        values,
        [Flaw("read_as_lines", "warning", explanation, stated("Write a list, or one object per line, next time."))],
    )


def are_spread(start: str) -> bool:
    """Whether a text begins with an object over several lines that another one follows."""
    found = _NEXT_OBJECT.search(start)
    if found is None:
        return False
    try:
        _, after = DECODER.raw_decode(start, len(start) - len(start.lstrip(SPACE)))
    except (ValueError, RecursionError):
        return False
    return start[after:].lstrip(SPACE + ",").startswith("{")


def _records(shape: JsonShape, table: Table, form: RowForm) -> Iterator[Record]:
    cells = Cells(form.keys, table.flaws, form.rows, form.readable)
    for number, value in shape.values():
        given = form.read(value)
        if is_hollow(value):
            table.flaws.add(hollow_row(number, value), number)
        elif given is None:
            table.flaws.add(not_an_object(), number)
        elif (row := cells.row(number, given)) is not None:
            yield number, row
