"""Answers in forms without a task: the words are tested in test_not_yet; here are the edges."""

import json

from app.catalog.task_types.unserved_answers import thumbs
from tests.app.catalog.task_types.tables import TEXTS, table


def test_marks_inside_of_conversations_are_thumbs() -> None:
    def talks(**mark: object) -> list[str]:
        answer = {"role": "assistant", "content": "It does.", **mark}
        return [json.dumps([{"role": "user", "content": text}, answer]) for text in TEXTS]

    assert thumbs(table(messages=talks())) is None
    [learn] = thumbs(table(messages=talks(label=False))) or []
    assert (learn.task_type, learn.columns, learn.keep) == ("chat", {"messages": "messages"}, None)
