"""What readers put right in a file by themselves or on request: each is named in the report and can be chosen otherwise.

A reader asks :func:`is_wanted` before it repairs, and notes with :func:`note_repair` what it did or offers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.languages import gettext_noop


@dataclass(frozen=True)
class TableRepair:
    """One repair: the name that people and programs use, and the sentence beside its switch."""

    name: str
    title: str


REPAIRS: tuple[TableRepair, ...] = (
    TableRepair("no_header", gettext_noop("The first row is data; name the columns “column 1”, “column 2” and so on")),
    TableRepair("row_numbers", gettext_noop("Leave out the column without a name that only counts the rows")),
    TableRepair("empty_columns", gettext_noop("Leave out columns that have neither a name nor a value")),
    TableRepair("repeated_header", gettext_noop("Leave out rows that repeat the column names")),
    TableRepair("second_header", gettext_noop("Leave out the rows below the names that explain the columns")),
    TableRepair("total_rows", gettext_noop("Leave out rows of totals")),
    TableRepair("merged_cells", gettext_noop("Fill the value of merged cells into each of their rows")),
    TableRepair("fill_down", gettext_noop("Fill empty cells with the value above them")),
    TableRepair("one_value", gettext_noop("Read lists that hold one value each as that value")),
    TableRepair("nested_fields", gettext_noop("Read the fields of nested objects as columns of their own")),
    TableRepair("class_names", gettext_noop("Read numbers as the names that the file gives for them")),
    TableRepair(
        "speaker_lines",
        gettext_noop("Read lines that begin with who speaks as questions and answers, or as conversations"),
    ),
    TableRepair("chat_log", gettext_noop("Read lines that begin with a time and a name as messages of a chat")),
    TableRepair("turn_rows", gettext_noop("Put rows with one message each together as conversations")),
    TableRepair("test_part", gettext_noop("Read the part called “test” as the evaluation file")),
)
NAMES = tuple(repair.name for repair in REPAIRS)


def is_wanted(chosen: Mapping[str, bool], name: str, usual: bool = True) -> bool:
    """Whether a repair is to be done: as chosen, else as usual."""
    return chosen.get(name, usual)


def note_repair(found: dict[str, Any], name: str, done: bool) -> None:
    """Note in what a table ``found`` that a repair was done, or could be."""
    found.setdefault("repairs", {})[name] = done
