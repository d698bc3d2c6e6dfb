"""Unfolds columns of lists and objects in which each cell holds one plain value, or the same plain fields.

``["pests"]``, ``{"name": "pests", "id": 1}`` and ``{"water": 0.0, "pests": 1.0}`` are one value; ``{"en": "...", "fr": "..."}``
becomes a column for each field. A column is unfolded only if every one of its cells fits.
"""

import ast
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from app.languages import stated
from app.readers.repairs import is_wanted, note_repair
from app.readers.source import Choices
from app.readers.table import Cell, Flaw, Record, Table, check_columns, first_of, usable_records

LOOKED_AT = 100
# Fewer cells make no pattern.
FEWEST = 3
MAX_FIELDS = 50
# Under these keys, an object names what it stands for.
NAME_KEYS = ("name", "label", "title", "class", "value")
# An object with one of these is a span or a message, not the name of something.
_OTHER_KEYS = {"start", "end", "start_offset", "end_offset", "text", "role", "content", "from", "type", "points"}
_MESSAGE = ({"role", "content"}, {"from", "value"}, {"speaker", "text"})
# Columns that describe a row, or that tasks read as they are.
_LEFT = ("meta", "info", "extra", "config", "stats", "system", "_")
_ANSWERS = ("answer", "response", "output", "completion", "chosen", "rejected", "preferred")
_NESTED = ("nested_value", "parquet_nested")


@dataclass
class _Survey:
    """What all cells of a column have in common."""

    one: bool = True
    fields: dict[str, None] = field(default_factory=dict)
    all_fields: bool = True
    seen: int = 0

    def see(self, value: Any) -> None:
        self.seen += 1
        self.one = self.one and one_value(value) is not None
        found = plain_fields(value) if self.all_fields else None
        self.all_fields = found is not None and len(self.fields) <= MAX_FIELDS
        if found:
            self.fields.update(dict.fromkeys(found))

    @property
    def fits(self) -> bool:
        return self.seen >= FEWEST and (self.one or (self.all_fields and bool(self.fields)))


def unfold(table: Table, read_again: Callable[[], Table], choices: Choices) -> Table:
    """The table with such columns unfolded; it is read a second time only if the first rows of one can be."""
    head = list(islice(table.records, LOOKED_AT))
    table.records = chain(head, table.records)
    nested = [
        at for at, name in enumerate(table.columns) if _is_nested(at, head) and not name.lower().startswith(_LEFT)
    ]
    # An answer with its score or its author stays whole: tasks read it so.
    answers = {at for at in nested if any(word in table.columns[at].lower() for word in _ANSWERS)}
    begun = _look_through(nested, head)
    able = [at for at, survey in begun.items() if survey.one or at not in answers]
    if not able:
        return table
    surveys = _look_through(able, read_again().records)
    plan = {at: survey for at, survey in surveys.items() if survey.fits and (survey.one or at not in answers)}
    for name, wanted in (("one_value", True), ("nested_fields", False)):
        if any(survey.one == wanted for survey in plan.values()):
            done = is_wanted(choices.repairs, name)
            note_repair(table.found, name, done)
            plan = plan if done else {at: survey for at, survey in plan.items() if survey.one != wanted}
    return _unfolded(table, plan) if plan else table


def one_value(value: Any) -> str | None:
    """The one plain value that a list or an object stands for; None if it stands for none or for several."""
    if isinstance(value, list):
        if len(value) != 1:
            return None
        (inner,) = value
        if isinstance(inner, Mapping):
            # A label with its score, as classifiers write it, stands for the label.
            return _plain(next(iter(inner.values()))) if len(inner) == 1 else _named(inner)
        return _plain(inner)
    if not isinstance(value, Mapping) or not value:
        return None
    return _winner(value) or _named(value)


def plain_fields(value: Any, before: str = "") -> dict[str, str] | None:
    """``a.b`` -> text for an object of plain values and such objects; None for anything else."""
    if not isinstance(value, Mapping) or any(keys <= value.keys() for keys in _MESSAGE):
        return None
    found: dict[str, str] = {}
    for key, inner in value.items():
        path = f"{before}{key}"
        if isinstance(inner, Mapping):
            deeper = plain_fields(inner, f"{path}.")
            if deeper is None:
                return None
            found |= deeper
        elif isinstance(inner, list):
            only = one_value(inner)
            if only is None:
                return None
            found[path] = only
        else:
            found[path] = _plain(inner) or ""
    return found


def read_nested(cell: Cell) -> Any:
    """The list or object in a cell, as JSON or as Python writes it; None for other cells."""
    plain = (cell or "").strip()
    if not plain.startswith(("[", "{")):
        return None
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(plain)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            return None
    return value if isinstance(value, list | dict) else None


def _is_nested(at: int, head: list[Record]) -> bool:
    filled = [cells[at] for _, cells in head if cells[at] and (cells[at] or "").strip()]
    return bool(filled) and all(read_nested(cell) is not None for cell in filled)


def _look_through(nested: list[int], records: Iterable[Record]) -> dict[int, _Survey]:
    """What all cells of each column have in common; columns whose cells have nothing in common are left out."""
    surveys = {at: _Survey() for at in nested}
    for _, cells in records:
        for at, survey in list(surveys.items()):
            cell = cells[at]
            if cell and cell.strip():
                survey.see(read_nested(cell))
                if not (survey.one or survey.all_fields):
                    del surveys[at]
        if not surveys:
            break
    return surveys


def _unfolded(table: Table, plan: Mapping[int, _Survey]) -> Table:
    names: list[list[str]] = [[name] for name in table.columns]
    for at, survey in plan.items():
        column = table.columns[at]
        if not survey.one:
            names[at] = [f"{column}.{name}" for name in survey.fields]
        for code in _NESTED:
            table.flaws.ignore(code, column)
        table.flaws.add(_one_value(column) if survey.one else _nested_fields(column, names[at]))
    columns = check_columns([name for own in names for name in own])
    table.records = usable_records(_records(table.records, plan), columns, table.flaws)
    table.columns = columns
    return table


def _records(records: Iterator[Record], plan: Mapping[int, _Survey]) -> Iterator[Record]:
    for line, cells in records:
        row: list[Cell] = []
        for at, cell in enumerate(cells):
            survey = plan.get(at)
            if survey is None:
                row.append(cell)
            elif survey.one:
                row.append(one_value(read_nested(cell)) if cell else cell)
            else:
                found = plain_fields(read_nested(cell)) or {}
                row.extend(found.get(name) for name in survey.fields)
        yield line, row


def _plain(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _winner(value: Mapping[str, Any]) -> str | None:
    """The key of the only 1 among zeros."""
    numbers = list(value.values())
    if len(numbers) < 2 or not all(isinstance(number, int | float) for number in numbers):
        return None
    return (
        next(str(key) for key, number in value.items() if number)
        if sorted(numbers) == [0] * (len(numbers) - 1) + [1]
        else None
    )


def _named(value: Mapping[str, Any]) -> str | None:
    if _OTHER_KEYS & value.keys():
        return None
    names = [value[key] for key in NAME_KEYS if isinstance(value.get(key), str)]
    texts = [inner for inner in value.values() if isinstance(inner, str)]
    return names[0] if len(names) == 1 == len(texts) or (names and len(value) == 1) else None


def _one_value(column: str) -> Flaw:
    return Flaw(
        "one_value",
        "warning",
        stated(
            "Each list or object in {column} stands for one value, and was read as that value.", column=repr(column)
        ),
        stated("If the lists are meant as lists, say so where the file can be read in another way."),
        column=column,
    )


def _nested_fields(column: str, fields: list[str]) -> Flaw:
    named = first_of([repr(name[:60]) for name in fields[:8]], len(fields))
    return Flaw(
        "nested_fields",
        "warning",
        stated(
            "{column} holds objects; their fields were read as columns of their own: {named}.",
            column=repr(column),
            named=named,
        ),
        stated("Choose below which of these columns is the text."),
    )
