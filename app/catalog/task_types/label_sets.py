"""How several labels of one text are written: a list, joined in a cell, or a column of its own for each.

Which of them a table has stands in the roles of its columns: ``labels`` for lists, ``labels:;`` for cells joined by a semicolon,
``label:billing`` for a column that says whether the label *billing* applies, ``value:label1`` for one that holds one of the labels.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.catalog.task_types.column_facts import FALSE, TRUE, parsed
from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.text_patterns import visible

LISTED, JOINED, COLUMN, VALUE = "labels", "labels:", "label:", "value:"
SEPARATORS = (";", "|", "\n", "•", ",", "/", "+", "&", " and ", " und ", " et ", " y ")
# Where a person names the column and nobody has looked at the whole of it; a slash or an "and" may belong to a label.
PLAIN_SEPARATORS = (";", "|", "\n", ",")
CROSSES = frozenset("x ✓ ✔".split())


def read_set(row: Mapping[str, Any], columns: Mapping[str, str]) -> tuple[str, ...]:
    """The labels of a row from all of its columns, sorted, each once; empty where none applies.

    Raises:
        UnusableRow: ``empty_label`` where nothing is written, ``not_a_list`` for what cannot be read.
    """
    listed = [
        label
        for role, column in columns.items()
        if role == LISTED or role.startswith(JOINED)
        for label in _of_cell(row.get(column), role[len(JOINED) :])
    ]
    flags = {role[len(COLUMN) :]: row.get(column) for role, column in columns.items() if role.startswith(COLUMN)}
    values = [row.get(column) for role, column in columns.items() if role.startswith(VALUE)]
    single = [str(cell) for cell in values if cell is not None]
    return _distinct([*listed, *(label for label, cell in flags.items() if says_yes(cell)), *single])


def _distinct(labels: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({label.strip() for label in labels if visible(label)}))


def _of_cell(cell: Any, separator: str) -> Iterable[str]:
    text = "" if cell is None else str(cell).strip()
    if not visible(text):
        raise UnusableRow("empty_label", found=cell)
    value = parsed(text)
    if isinstance(value, list):
        names = [item.get("name", item.get("label")) if isinstance(item, dict) else item for item in value]
        if not all(isinstance(name, str | int) for name in names):
            raise UnusableRow("not_a_list", found=text)
        return map(str, names)
    if isinstance(value, dict):
        if not all(isinstance(share, bool | int | float) for share in value.values()):
            raise UnusableRow("not_a_list", found=text)
        return [str(name) for name, share in value.items() if share >= 0.5]
    separator = separator or next((mark for mark in PLAIN_SEPARATORS if mark in text), "")
    return text.split(separator) if separator else (text,)


def says_yes(cell: Any) -> bool:
    """Whether the column of a label says that it applies; a blank says that it does not.

    Raises:
        UnusableRow: ``not_yes_or_no``.
    """
    plain = "" if cell is None else str(cell).strip().casefold()
    if not visible(plain) or plain in FALSE:
        return False
    if plain in TRUE or plain in CROSSES:
        return True
    raise UnusableRow("not_yes_or_no", found=cell)


def as_text(labels: Iterable[str]) -> str:
    """The labels as they are stored and compared: a JSON list in the order of the alphabet."""
    return json.dumps(sorted(labels), ensure_ascii=False)


def written(labels: Iterable[str], role: str) -> str:
    """The labels as a cell of a column with this role holds them."""
    separator = role[len(JOINED) :]
    return separator.join(sorted(labels)) if separator else as_text(labels)
