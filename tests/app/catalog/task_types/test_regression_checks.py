"""Defects of rows with numbers are named by row."""

from typing import Any

from app.catalog.task_types.base import Problem
from app.catalog.task_types.regression_checks import check

COLUMNS = {"text": "text", "score": "score"}


def found(scores: list[Any], texts: list[str] | None = None, evaluation: int = 0) -> dict[str, Problem]:
    """Code -> problem; the last rows are of the evaluation file."""
    rows = [
        {"_id": n, "_line": n + 2, "text": texts[n] if texts else f"text number {n}", "score": score}
        for n, score in enumerate(scores)
    ]
    for row in rows[len(rows) - evaluation :]:
        row["_evaluation"] = True
    return {problem.code: problem for problem in check(rows, COLUMNS)}


def test_cells_without_a_number_are_named_with_what_stands_there() -> None:
    problems = found([n / 7 for n in range(60)] + ["high", "", None, "1,234"])
    assert problems["not_a_number"].rows == [62] and problems["not_a_number"].examples[0]["found"] == "high"
    assert problems["empty_score"].rows == [63, 64] and problems["ambiguous_number"].rows == [65]
    assert all(problems[code].severity == "error" for code in ("not_a_number", "empty_score", "ambiguous_number"))


def test_numbers_in_another_unit_are_left_out() -> None:
    problems = found([f"{n}/5" for n in (1, 2, 3, 4, 5) * 12] + ["7/10", "3"])
    assert problems["other_unit"].rows == [62, 63] and problems["other_unit"].severity == "error"
    assert problems["other_unit"].examples[0]["most have"] == "/5"


def test_number_that_never_changes_refuses_the_file() -> None:
    problem = found(["3"] * 60)["constant_number"]
    assert problem.severity == "error" and not problem.rows and "'score', 3" in problem.message
    assert "too_few_rows" in found(["1", "2"])


def test_few_numbers_and_numbers_far_outside_are_remarked() -> None:
    assert "few_numbers" in found(["1", "2", "3"] * 20) and "few_numbers" not in found([n / 7 for n in range(60)])
    problem = found([n / 10 for n in range(60)] + [380.0, -900])["outliers"]
    assert problem.rows == [62, 63] and problem.severity == "warning" and problem.examples[0]["score"] == 380
    # Half of the rows with one number leave no width to be outside of.
    assert "outliers" not in found(["0"] * 50 + ["9"] * 10)


def test_same_text_with_other_numbers_contradicts_itself() -> None:
    texts = [f"text number {n}" for n in range(60)] + ["text number 3", "text number 4"]
    problems = found([n / 7 for n in range(60)] + [99, 4 / 7], texts)
    assert problems["conflicting_labels"].rows == [5, 62] and "numbers" in problems["conflicting_labels"].message
    assert problems["duplicate_rows"].rows == [63]


def test_two_texts_are_looked_at_together() -> None:
    rows = [
        {"_id": n, "_line": n + 2, "text": "the same sentence", "pair": f"word {n}", "score": n / 7} for n in range(60)
    ]
    rows[3]["pair"] = ""
    problems = {problem.code: problem for problem in check(rows, {**COLUMNS, "text_pair": "pair"})}
    assert problems["empty_text"].rows == [5] and "conflicting_labels" not in problems


def test_numbers_of_an_evaluation_file_need_not_be_known() -> None:
    problems = found([n / 7 for n in range(60)] + [0.123, "none"], evaluation=2)
    assert "unknown_label" not in problems
    assert problems["not_a_number"].message.startswith("In the evaluation file: what stands in 'score'")
