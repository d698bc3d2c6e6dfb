"""Running text: a line or a cell is a row, and every word of it is learned."""

from pathlib import Path

import pytest

from app.catalog.task_types import task_type
from app.catalog.task_types.generative import Example, UnusableRow
from app.services.datasets.datasets import check_file

TASK = task_type("continued-pretraining")


def test_plain_text_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "tales.txt"
    path.write_text("\n\n".join(f"Once upon a time there were {n} kings." for n in range(12)), encoding="utf-8")
    report = check_file(path, path.name)
    assert (report["task"], report["columns"], report["rows"]["usable"]) == (
        "continued-pretraining",
        {"text": "text"},
        12,
    )


@pytest.mark.parametrize(
    ("columns", "expected"),
    [(["id", "Content"], {"text": "Content"}), (["foo"], {"text": "foo"}), (["foo", "bar"], {})],
)
def test_column_is_found_by_name_or_is_the_only_one(columns: list[str], expected: dict[str, str]) -> None:
    assert TASK.guess_columns(columns, []) == expected


def test_text_is_learned_as_it_stands() -> None:
    assert TASK.read_example({"t": "  indented\n"}, {"text": "t"}) == Example(text="  indented\n")


@pytest.mark.parametrize("cell", [None, "", " \u200b"])
def test_row_without_anything_to_see_is_left_out(cell: str | None) -> None:
    with pytest.raises(UnusableRow) as caught:
        TASK.read_example({"t": cell}, {"text": "t"})
    assert caught.value.code == "empty_text"
