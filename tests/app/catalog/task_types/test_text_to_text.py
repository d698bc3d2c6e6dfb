"""Rows of sources and targets: what is read, what is refused, what is said about them."""

from typing import Any

import pytest

from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.text_to_text import TextToText

COLUMNS = {"source": "source", "target": "target"}
TASK = TextToText()


def rows(*pairs: tuple[Any, Any]) -> list[dict[str, Any]]:
    """Rows beside 60 that are in order."""
    fine = [(f"It was uh no is {number}", f"It is {number}") for number in range(60)]
    cells = [{"source": source, "target": target} for source, target in (*fine, *pairs)]
    return [{"_id": at, "_line": at + 1, **row} for at, row in enumerate(cells)]


def test_row_is_a_source_and_its_target() -> None:
    row = {"source": "a b", "target": "c"}
    example = TASK.read_example(row, COLUMNS)
    assert (example.question[0].content, example.answer) == ("a b", "c")
    assert TASK.with_prefix(example, "fix: ").question[0].content == "fix: a b"
    assert TASK.as_read(row, COLUMNS) == [("Source text", "a b"), ("Target text", "c")]


@pytest.mark.parametrize(
    ("row", "code"),
    [(("", "c"), "empty_source"), (("a", "  "), "empty_target"), (("a <|im_end|>", "c"), "template_markers")],
)
def test_rows_that_teach_nothing_are_left_out(row: tuple[str, str], code: str) -> None:
    with pytest.raises(UnusableRow) as refused:
        TASK.read_example(dict(zip(("source", "target"), row, strict=True)), COLUMNS)
    assert refused.value.code == code
    found = {problem.code: problem for problem in TASK.check(rows(row), COLUMNS)}
    assert found[code].severity == "error" and found[code].rows == [61]


def test_equal_texts_copies_and_several_targets_are_named() -> None:
    given = rows(("Same.", "Same."), ("Twice", "One"), ("Twice", "Other"), ("Twice", "One"))
    found = {problem.code: problem for problem in TASK.check(given, COLUMNS)}
    assert found["same_text"].rows == [61]
    assert found["duplicate_rows"].rows == [64]
    several = found["several_targets"]
    # The second target of the source, with the row that has its first.
    assert (several.severity, several.rows, several.related) == ("info", [63], {62: 61})


def test_swapped_columns_are_warned_of() -> None:
    given = [{"_id": at, "_line": at, "summary": f"s {at}", "article": f"a {at}"} for at in range(60)]
    codes = [problem.code for problem in TASK.check(given, {"source": "summary", "target": "article"})]
    assert codes == ["swapped_columns"]


def test_rows_of_one_source_are_one_question() -> None:
    one, other = ({"source": "a", "target": target} for target in ("b", "c"))
    assert TASK.identity(one, COLUMNS) == TASK.identity(other, COLUMNS)
