"""Answers in forms without a task: the words and offers are tested in test_not_yet; here are the edges."""

from app.catalog.task_types.unserved_answers import preference, thumbs
from tests.app.catalog.task_types.tables import GROUPS, OTHERS, ROWS, TEXTS, table


def test_mark_of_an_answer_needs_request_and_answer() -> None:
    assert thumbs(table(text=TEXTS, label=["true", "false"] * 20)) is None
    assert thumbs(table(prompt=TEXTS, completion=OTHERS, label=["0", "1"] * 20)) is not None
    assert thumbs(table(prompt=TEXTS, completion=OTHERS, label=GROUPS)) is None


def test_fields_of_an_object_count_as_its_name() -> None:
    data = table(
        question=TEXTS,
        **{
            "pos_answer.answer": OTHERS,
            "pos_answer.score": ["1.0"] * ROWS,
            "neg_answer.answer": ["No idea."] * ROWS,
            "neg_answer.score": ["0.0"] * ROWS,
        },
    )
    [learn] = preference(data) or []
    assert learn.columns == {"prompt": "question", "response": "pos_answer.answer"}
