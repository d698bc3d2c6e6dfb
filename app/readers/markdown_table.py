"""Reads a table as Markdown writes it: cells between bars, a line of dashes below the names."""

import re
from collections.abc import Iterator

from app.languages import stated
from app.readers.decoding import Encoding, find_encoding, read_lines
from app.readers.grids import Grid, GridLayout
from app.readers.source import FileHead, Source
from app.readers.table import MAX_CELL, Cell, Flaw, Record, Table, cell_too_long, no_rows

EXTENSIONS = ("markdown",)
ALSO_IN = ("md", "txt", "text")
NAME = stated("a table in Markdown")
_RULE = re.compile(r"\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)+\|?\s*$")
_BAR = re.compile(r"(?<!\\)\|")


def fits(sample: FileHead) -> bool:
    """Whether the text begins with a row of names and a line of dashes."""
    lines = [line for line in sample.text.split("\n", 40)[:40] if line.strip()]
    return len(lines) > 2 and "|" in lines[0] and _RULE.match(lines[1].strip()) is not None


def read(source: Source) -> Table:
    """Open the table; rows are numbered by their lines.

    Raises:
        Rejected: ``no_rows``, ``columns``, ``cell_too_long``, ``encoding``, ``bad_character``; also while records are read.
    """
    encoding = find_encoding(source.path, source.choices.encoding)
    table = Table("markdown", encoding.name, [], iter(()))
    grid = Grid(lambda: _rows(source, encoding), source.choices, table.flaws, table.found)
    layout = grid.layout()
    if layout is None:
        raise no_rows([])
    table.columns = layout.names
    encoding.note(table)
    table.records = grid.repair(layout, _full(_rows(source, encoding), layout, table))
    return table


def _rows(source: Source, encoding: Encoding) -> Iterator[tuple[int, list[Cell]]]:
    for number, line in enumerate(read_lines(source.path, encoding, MAX_CELL), start=1):
        if len(line) > MAX_CELL:
            raise cell_too_long(number, "text")
        text = line.strip()
        if text and not _RULE.match(text):
            yield (
                number,
                [cell.strip().replace("\\|", "|") for cell in _BAR.split(text.removeprefix("|").removesuffix("|"))],
            )


def _full(rows: Iterator[tuple[int, list[Cell]]], layout: GridLayout, table: Table) -> Iterator[Record]:
    for number, cells in rows:
        if number >= layout.first and len(cells) != layout.width:
            table.flaws.add(_ragged(layout.width), number)
        elif number >= layout.first:
            yield number, cells


def _ragged(width: int) -> Flaw:
    return Flaw(
        "csv_shape",
        "error",
        stated("These lines do not have the {width} columns of the first line.", width=width),
        stated("Give every line as many cells, or remove lines that do not belong to the table."),
        lost=True,
    )
