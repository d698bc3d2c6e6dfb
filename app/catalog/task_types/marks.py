"""Columns in which a labelling tool writes whether a row is to be used."""

from collections.abc import Collection

from app.catalog.task_types import column_names as names
from app.catalog.task_types.candidates import Keep
from app.catalog.task_types.column_facts import ColumnFacts, TableFacts

# Names of the column, what a tool writes there, and what of it means that the row is used: Prodigy, Argilla.
MARKS = (
    (("answer",), {"accept", "reject", "ignore"}, ("accept",)),
    (("status",), {"submitted", "discarded", "draft", "pending"}, ("submitted",)),
)
# Weights of rows, thinking, tools and parts are known to other programs.
UNREAD = (
    "weight weights sample_weight loss train mask reasoning reasoning_content thinking tools functions split fold set history"
).split()


def find_mark(table: TableFacts) -> Keep | None:
    """The rows that the file itself marks as accepted; None where it marks none."""
    for name, column in table.columns.items():
        if accepted := accepted_values(column):
            return Keep(name, accepted)
    return None


def unread_marks(table: TableFacts, used: Collection[str]) -> list[str]:
    """Columns outside ``used`` that say how a row was meant to be learned, which nothing here reads."""
    named = [name for name in table.names if names.is_called(name, UNREAD) and name not in used]
    return [
        name for name in named if table.share(name, lambda cell: str(cell).strip() not in ("[]", "{}", "false")) > 0
    ]


def accepted_values(column: ColumnFacts) -> tuple[str, ...]:
    """The values of a column that mark a row as accepted; empty if it is no such column."""
    for called, known, accepted in MARKS:
        if names.is_called(column.name, called) and column.values and set(column.values) <= known:
            return accepted if set(accepted) & set(column.values) else ()
    return ()
