"""Data for tasks that are not there yet is recognised, so that it is not taken for something else."""

import json
from typing import Any

import pytest

from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types.not_yet import NOT_YET, recognise
from app.languages import in_language, translated
from app.languages.statements import Statement
from tests.app.catalog.task_types.tables import FLAGS, GROUPS, OTHERS, ROWS, TEXTS, table

KINDS = [task.kind for task in TASK_TYPES]
LISTS = ['["a", "b"]', '["b"]'] * (ROWS // 2)
TALK = {"role": "assistant", "content": "It does."}


def talks(**marks: Any) -> list[str]:
    return [json.dumps([{"role": "user", "content": text}, {**TALK, **marks}]) for text in TEXTS]


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"prompt": TEXTS, "chosen": OTHERS}, None),
        ({"question": TEXTS, "answer": OTHERS, "label": GROUPS}, None),
        ({"prompt": TEXTS, "completion": OTHERS, "paid": ["true", "false"] * 20}, None),
        ({"messages": talks(label=False)}, "thumbs"),
        ({"messages": talks(rating="bad")}, "thumbs"),
        ({"prompt": TEXTS, "answer 1": OTHERS, "answer 2": TEXTS}, None),
        ({"filename": [f"img/{n}.jpg" for n in range(ROWS)], "label": GROUPS}, "image-text"),
        ({"audio": [f"{n}.wav" for n in range(ROWS)], "text": TEXTS}, "audio-text"),
        ({"id": TEXTS, "response": ['{"status": 200, "body": {"choices": []}}'] * ROWS}, "batch-results"),
        ({"query": TEXTS, "passage": OTHERS}, None),
        # Two texts with a label for both are no rivals, unless a name says that one of them won.
        ({"text_a": TEXTS, "text_b": OTHERS, "label": FLAGS}, None),
        ({"messages": talks(weight=0), "score": FLAGS}, None),
        ({"messages": [talk.replace("this", "<image> this") for talk in talks()]}, "image-text"),
        ({"id": TEXTS, "messages": talks(), "images": ['["a.jpg"]'] * ROWS}, "image-text"),
        # A picture's address beside a labelled text belongs to something else.
        ({"text": TEXTS, "label": GROUPS, "image_url": ["https://example.org/a.jpg"] * ROWS}, None),
        ({"sentence1": TEXTS, "label": GROUPS}, None),
        ({"text": TEXTS, "rating": ["1", "2", "3", "4", "5"] * 8, "label": GROUPS}, None),
        ({"text": TEXTS, "labels": ["a", "[b"] * 20}, None),
        ({"tokens": ['["Anna", "slept"]'] * ROWS, "labels": ['["B-X", "O"]'] * ROWS}, None),
        ({"question": TEXTS, "choices": LISTS, "answer": FLAGS}, "multiple-choice"),
        (
            {"question": TEXTS, "A": TEXTS, "B": TEXTS, "C": TEXTS, "D": TEXTS, "answer": list("ABCD") * 10},
            "multiple-choice",
        ),
        ({"query": TEXTS, "pos": ['["a"]'] * ROWS, "neg": ['["b"]'] * ROWS}, "embedding"),
        ({"text": TEXTS, "label": GROUPS}, None),
    ],
)
def test_kind_of_data_is_recognised(columns: dict[str, list[str]], kind: str | None) -> None:
    found = recognise(table(**columns), KINDS)
    assert (found.kind if found else None) == kind


@pytest.mark.parametrize("entry", NOT_YET, ids=lambda entry: entry.kind)
def test_kind_that_is_in_the_menu_falls_silent(entry) -> None:
    assert entry.kind not in KINDS and entry.hint.endswith(".")
    data = table(messages=talks(label=False))
    assert recognise(data, [*KINDS, "thumbs"]) is None


def test_what_is_recognised_is_said_in_every_language() -> None:
    for entry in NOT_YET:
        for text in filter(None, (entry.words, entry.hint, entry.lack, entry.alone)):
            assert isinstance(text, Statement) and str(text) == translated(text)
            with in_language("de"):
                assert translated(text) != text, text
