"""What the tasks that write text share: examples, and the report of rows that cannot or should not be learned."""

from typing import Any

import pytest

from app.catalog.task_types import task_type
from app.catalog.task_types.base import Problem
from app.catalog.task_types.column_names import find_column
from app.catalog.task_types.generative import EXAMPLE_CHARACTERS, Example, Turn, short

TASK = task_type("continued-pretraining")
COLUMNS = {"text": "t"}


def check(*texts: str | None, evaluation: tuple[str, ...] = ()) -> dict[str, Problem]:
    rows: list[dict[str, Any]] = [{"_id": n, "_line": n + 2, "t": text} for n, text in enumerate(texts)]
    rows += [{"_id": 90 + n, "_line": n + 2, "t": text, "_evaluation": True} for n, text in enumerate(evaluation)]
    return {problem.code: problem for problem in TASK.check(rows, COLUMNS)}


def some(count: int) -> list[str]:
    return [f"text {n}" for n in range(count)]


def test_question_is_what_stands_before_the_last_answer() -> None:
    turns = (Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c"), Turn("assistant", "d"), Turn("user", "e"))
    example = Example(turns)
    assert (example.question, example.answer) == (turns[:3], "d")
    assert (Example(text="x").question, Example(text="x").answer) == ((), "")


@pytest.mark.parametrize(
    ("count", "expected"),
    [(9, [("too_few_rows", "error")]), (10, [("few_rows", "warning")]), (49, [("few_rows", "warning")]), (50, [])],
)
def test_number_of_usable_rows_is_judged(count: int, expected: list[tuple[str, str]]) -> None:
    assert [(problem.code, problem.severity) for problem in check(*some(count)).values()] == expected
    # A row that cannot be used does not count.
    assert [problem.code for problem in check(*some(count), None).values() if "few" in problem.code] == [
        code for code, _ in expected
    ]


def test_column_is_named_and_refusals_stand_first() -> None:
    problems = list(check(*some(9), "text 0", None).values())
    assert [problem.code for problem in problems] == ["empty_text", "duplicate_rows", "few_rows"]
    assert problems[0].message == "The text in 't' is missing or empty."
    assert (problems[0].rows, problems[0].row_ids) == ([12], [10])
    assert problems[1].examples == [{"row": 11, "same as row": "2"}]


def test_copies_within_and_between_the_two_files_are_distinguished() -> None:
    found = check(*some(50), evaluation=("new", "new", "text 3"))
    assert (found["leakage"].row_ids, found["leakage"].examples[0]["same as row"]) == ([92], "5")
    assert found["duplicate_rows"].row_ids == [91]
    assert found["leakage"].message.startswith("In the evaluation file: these examples")


def test_rows_of_the_evaluation_file_do_not_count_as_training_rows() -> None:
    assert "too_few_rows" in check(*some(9), evaluation=tuple(f"other {n}" for n in range(50)))


def test_unreadable_row_is_an_empty_text() -> None:
    assert TASK.readable({"t": None}, COLUMNS) == ""
    row = {"q": "Hi", "a": "Yo"}
    assert task_type("instruction").readable(row, {"prompt": "q", "response": "a"}) == "Hi\nYo"


def test_long_value_is_shortened_and_nothing_is_empty() -> None:
    assert short("x" * EXAMPLE_CHARACTERS) == "x" * EXAMPLE_CHARACTERS
    assert short("x" * (EXAMPLE_CHARACTERS + 1)) == "x" * (EXAMPLE_CHARACTERS - 1) + "…"
    assert (short(None), short(7)) == ("", "7")


def test_column_is_found_in_the_order_of_the_names_and_whatever_its_case() -> None:
    assert find_column(["Output", "Full-Text"], ["full_text", "output"]) == "Full-Text"
    assert find_column(["a", "A"], ["a"]) == "a"
    assert find_column(["a", "b"], ["a", "b"], taken=["a"]) == "b"
    assert find_column(["a"], ["c"]) is None
