"""The declaration of pair classification: how a row is read, and when two rows are the same question."""

import json

from app.catalog.task_types import task_type
from app.catalog.task_types.pair_classification import PairClassification

TASK = task_type("pair-classification")
COLUMNS = {"text": "a", "text_pair": "b", "label": "l"}
ROW = {"a": "Is it late?", "b": "It is late.", "l": " entailment "}


def test_row_is_read_as_two_texts_and_a_label() -> None:
    assert TASK.as_read(ROW, COLUMNS) == [
        ("First text", "Is it late?"),
        ("Second text", "It is late."),
        ("Label", " entailment "),
    ]
    assert TASK.readable(ROW, COLUMNS) == "Is it late? | It is late." and TASK.answers(ROW, COLUMNS) == ("entailment",)
    assert TASK.missing_role({"text": "a", "label": "l"}) == TASK.roles[1]


def test_the_same_texts_are_one_question_in_either_order() -> None:
    turned = {"a": "it is  late.", "b": "Is it late?", "l": "neutral"}
    assert TASK.identity(ROW, COLUMNS) == TASK.identity(turned, COLUMNS)
    assert TASK.identity({**ROW, "b": "It is not late."}, COLUMNS) != TASK.identity(ROW, COLUMNS)


def test_inputs_are_shown_text_by_text() -> None:
    assert [role.name for role in TASK.input_roles(COLUMNS)] == ["text", "text_pair"]
    stored = json.dumps(["Is it late?", "It is late."])
    assert TASK.input_parts(stored, COLUMNS) == [("First text", "Is it late?"), ("Second text", "It is late.")]
    one = task_type("text-classification")
    assert one.input_parts('["a", "b"]', {"text": "a", "label": "l"}) == [("", '["a", "b"]')]


def test_columns_are_guessed_where_they_are_a_pair() -> None:
    rows = [
        {"premise": f"the text {n} is here", "hypothesis": f"there is text {n}", "label": "yn"[n % 2]}
        for n in range(30)
    ]
    assert PairClassification().guess_columns(list(rows[0]), rows) == {
        "text": "premise",
        "text_pair": "hypothesis",
        "label": "label",
    }
    assert PairClassification().guess_columns(["x"], [{"x": "1"}]) == {}
