"""Small tables of which tests ask what they hold."""

from typing import Any

from app.catalog.task_types.column_facts import TableFacts

ROWS = 40
TEXTS = [f"this is text number {n} of the file" for n in range(ROWS)]
OTHERS = [f"and here comes answer number {n} to it" for n in range(ROWS)]
GROUPS = ["water", "light", "pests", "soil"] * (ROWS // 4)
FLAGS = ["0", "1"] * (ROWS // 2)


def table(**columns: list[Any]) -> TableFacts:
    """The facts of columns with these cells."""
    sample = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return TableFacts(tuple(columns), sample)
