"""What every task type can do unless it says otherwise."""

import json

from app.catalog.task_types import task_type
from app.catalog.task_types.base import Problem, Role, TaskType


class Plain(TaskType):
    """A title, a text and a label; or a number alone."""

    roles = (
        Role("title", "Title", "", required=False),
        Role("text", "Text", ""),
        Role("label", "Label", "", required=False),
    )


COLUMNS = {"title": "t", "text": "x", "label": "l"}


def test_problem_spells_out_fifty_rows_and_five_examples_and_counts_all() -> None:
    problem = Problem("c", "warning", "m", "h", rows=list(range(60)), examples=[{"row": n} for n in range(9)])
    content = json.loads(json.dumps(problem.as_dict()))
    assert (content["count"], content["rows"], len(content["examples"])) == (60, list(range(50)), 5)


def test_required_role_without_a_column_is_named() -> None:
    assert Plain().missing_role({"title": "t"}).name == "text"
    assert Plain().missing_role({"text": "x"}) is None


def test_of_several_forms_the_one_that_lacks_least_is_asked_for() -> None:
    tokens = task_type("token-classification")
    assert tokens.missing_role({"tags": "t"}).name == "tokens"
    assert tokens.missing_role({"spans": "s"}).name == "text"
    assert tokens.missing_role({"text": "x"}) is None


def test_answer_is_no_part_of_what_a_model_reads_or_of_what_makes_rows_alike() -> None:
    row = {"t": "A", "x": None, "l": " yes "}
    assert Plain().readable(row, COLUMNS) == "A "
    assert Plain().identity(row, COLUMNS) == Plain().identity({**row, "l": "no"}, COLUMNS)
    # Another division into columns is another question.
    assert Plain().identity({"t": "a b", "x": "c"}, {"title": "t", "text": "x"}) != Plain().identity(
        {"t": "a", "x": "b c"}, {"title": "t", "text": "x"}
    )
    assert Plain().answers(row, COLUMNS) == ("yes",)
    assert Plain().answers({**row, "l": " "}, COLUMNS) == () == Plain().answers(row, {"text": "x"})


def test_task_that_marks_no_words_shows_and_rewrites_nothing() -> None:
    row = {"t": "A", "x": "B", "l": "c"}
    assert Plain().marked(row, COLUMNS) is None and Plain().rewritten(row, COLUMNS, {"c": "d"}) == {}
    assert Plain().outputs(4) == 4
