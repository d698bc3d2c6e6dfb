"""Reads a file from its bytes, and checks how damaged ones are refused."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from app.errors import StudioError
from app.readers import Choices, Table, open_table
from app.readers.table import Record
from tests.app.readers.damaged_files import Damaged, damaged_for

ROWS = [("eins", "a"), ("zwei, drei; vier | fünf", "b"), ('sechs "sieben"\tacht', "a"), ("neun\nzehn 😀", "b")]
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(folder: Path, name: str, content: bytes, **choices: Any) -> tuple[Table, list[Record]]:
    """The table in a file and all of its records."""
    path = folder / "stored"
    path.write_bytes(content)
    table = open_table(path, name, choices=Choices(**choices))
    return table, list(table.records)


def refused(folder: Path, name: str, content: bytes, **choices: Any) -> StudioError:
    """The refusal of a file."""
    with pytest.raises(StudioError) as caught:
        read(folder, name, content, **choices)
    assert caught.value.message and caught.value.hint
    return caught.value


def cells(records: list[Record]) -> list[tuple[str | None, ...]]:
    """The cells of every record, without its number."""
    return [tuple(row) for _, row in records]


def codes(table: Table) -> list[str]:
    """The codes of all flaws."""
    return [flaw.code for flaw in table.flaws.all()]


def flawed_rows(table: Table) -> dict[str, list[int]]:
    """Code of each flaw -> the rows that it names."""
    return {flaw.code: flaw.rows for flaw in table.flaws.all()}


def cell_texts(without: str = "") -> st.SearchStrategy[str]:
    """Any text but for a NUL, which no text can have, and halves of character pairs."""
    return st.text(st.characters(exclude_characters="\0" + without, exclude_categories=["Cs"]), max_size=40)


def damaged_cases(reader: str) -> Any:
    """One case for each file that a module of ``app.readers`` must refuse."""
    return pytest.mark.parametrize("file", damaged_for(reader), ids=lambda file: file.id)


def check_refusal(folder: Path, file: Damaged) -> None:
    """A damaged file is refused with code, status, words and rows, and nothing unpacked is left behind."""
    error = refused(folder, file.name, file.content)
    assert error.code == file.code, error.message
    assert error.status == {"type_mismatch": 415, "too_large": 413}.get(file.code, 422)
    assert file.words in error.message
    if file.rows is not None:
        assert tuple(error.details["rows"]) == file.rows
    assert [path.name for path in folder.iterdir()] == ["stored"]


def check_lost_rows(folder: Path, name: str, content: bytes, lost: dict[str, list[int]], kept: list[int]) -> None:
    """Bad rows are named, and the others are read."""
    table, records = read(folder, name, content)
    assert [line for line, _ in records] == kept
    found = {flaw.code: flaw.rows for flaw in table.flaws.all() if flaw.severity == "error" and flaw.lost}
    assert found == lost
