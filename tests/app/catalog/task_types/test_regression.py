"""The task of numbers: roles, what a row is read as, scores."""

from app.catalog.task_types import SCORES, task_type

TASK = task_type("regression")


def test_numbers_have_roles_that_say_how_they_are_written() -> None:
    columns = {"text": "t", "score,:tone": "tone", "score:style": "style"}
    assert [role.name for role in TASK.roles_of(columns)] == [
        "text",
        "text_pair",
        "score",
        "score,:tone",
        "score:style",
    ]
    assert TASK.missing_role(columns) is None and TASK.output_names((), columns) == ["tone", "style"]
    assert TASK.is_answer("score,:tone") and not TASK.is_answer("text")
    missing = TASK.missing_role({"text": "t"})
    assert missing is not None and missing.name == "score"
    assert [role.name for role in TASK.roles_for("tone")] == ["text", "text_pair", "score", "score:tone"]


def test_rows_are_shown_as_they_are_read() -> None:
    columns = {"text": "t", "score,": "s"}
    row = {"t": "a text", "s": "1,250"}
    assert TASK.numbers(row, columns) == (1.25,) and TASK.answers(row, columns) == ()
    assert TASK.as_read(row, columns) == [("Text", "a text"), ("Number: s", "1.25")]
    both = {**columns, "text_pair": "u"}
    assert TASK.as_read({**row, "u": "a word"}, both)[1] == ("Second text", "a word")
    assert TASK.input_roles(both)[1].name == "text_pair" and len(TASK.input_roles(columns)) == 1
    assert TASK.as_read({"t": "x", "s": "high"}, columns)[1] == ("Number: s", "high")


def test_turned_texts_are_the_same_question_and_stay_in_one_split() -> None:
    columns = {"text": "t", "text_pair": "u", "score": "s"}
    row = {"t": "A text.", "u": "another one", "s": "1"}
    assert TASK.identity(row, columns) == TASK.identity({"t": "Another  one", "u": "a text.", "s": "2"}, columns)
    assert TASK.identity(row, columns) != TASK.identity({**row, "u": "a third"}, columns)


def test_scores_say_which_way_is_better() -> None:
    assert TASK.primary_metric == "pearson" and not TASK.lower_is_better
    assert not SCORES["mae"].higher_is_better and SCORES["r2"].unit == "number"
