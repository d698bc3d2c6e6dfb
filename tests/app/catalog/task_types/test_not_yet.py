"""Data for tasks that are not there yet is recognised, so that it is not taken for something else."""

import json
from typing import Any

import pytest

from app.catalog.task_types import TASK_TYPES
from app.catalog.task_types.candidates import Keep
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
        ({"prompt": TEXTS, "Chosen": OTHERS, "rejected": OTHERS}, "preference"),
        ({"prompt": TEXTS, "chosen": OTHERS}, None),
        ({"input": TEXTS, "preferred_output": OTHERS, "non_preferred_output": OTHERS}, "preference"),
        ({"question": TEXTS, "pos_answer": OTHERS, "neg_answer": OTHERS}, "preference"),
        ({"prompt": TEXTS, "response_a": OTHERS, "response_b": OTHERS, "winner": FLAGS}, "preference"),
        ({"instruction": TEXTS, "output": ['["a good one", "a bad one"]'] * ROWS}, "preference"),
        ({"prompt": TEXTS, "completion": OTHERS, "label": ["true", "false"] * 20}, "thumbs"),
        ({"question": TEXTS, "answer": OTHERS, "label": GROUPS}, None),
        ({"Frage": TEXTS, "Antwort": OTHERS, "hilfreich": ["ja", "nein"] * 20}, "thumbs"),
        ({"prompt": TEXTS, "completion": OTHERS, "seen_as": ["👍", "👎"] * 20}, "thumbs"),
        ({"prompt": TEXTS, "completion": OTHERS, "paid": ["true", "false"] * 20}, None),
        ({"messages": talks(label=False)}, "thumbs"),
        ({"messages": talks(rating="bad")}, "thumbs"),
        ({"Frage": TEXTS, "bevorzugt": OTHERS, "abgelehnt": OTHERS}, "preference"),
        ({"question": TEXTS, "response_j": OTHERS, "response_k": TEXTS}, "preference"),
        ({"history": TEXTS, "human_ref_A": OTHERS, "human_ref_B": TEXTS, "labels": FLAGS}, "preference"),
        ({"conversation_a": talks(), "conversation_b": talks(), "winner": ["model_a", "tie"] * 20}, "preference"),
        ({"prompt": TEXTS, "answer 1": OTHERS, "answer 2": TEXTS}, None),
        (
            {"prompt": TEXTS, "completions": ['[{"response": "a", "score": 4}, {"response": "b", "score": 1}]'] * ROWS},
            "preference",
        ),
        ({"filename": [f"img/{n}.jpg" for n in range(ROWS)], "label": GROUPS}, "image-text"),
        ({"audio": [f"{n}.wav" for n in range(ROWS)], "text": TEXTS}, "audio-text"),
        ({"id": TEXTS, "response": ['{"status": 200, "body": {"choices": []}}'] * ROWS}, "batch-results"),
        ({"query": TEXTS, "passage": OTHERS}, None),
        # Two texts with a label for both are no rivals, unless a name says that one of them won.
        ({"text_a": TEXTS, "text_b": OTHERS, "label": FLAGS}, None),
        ({"text_a": TEXTS, "text_b": OTHERS, "winner": FLAGS}, "preference"),
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


def test_what_can_be_learned_from_it_is_offered() -> None:
    thumbs = recognise(table(prompt=TEXTS, completion=OTHERS, label=["true", "false"] * 20), KINDS)
    assert thumbs is not None
    learn, sort, fits = thumbs.candidates
    assert fits.columns == {"text": "prompt", "text_pair": "completion", "label": "label"}
    assert learn.keep == Keep("label", ("true",)) and learn.columns == {"prompt": "prompt", "response": "completion"}
    assert sort.task_type == "text-classification" and sort.columns == {"text": "completion", "label": "label"}
    whole = recognise(table(chosen=talks(), rejected=talks()), KINDS)
    assert whole is not None and [candidate.columns for candidate in whole.candidates] == [{"messages": "chosen"}]
    asked = [json.dumps([{"role": "user", "content": text}]) for text in TEXTS]
    best, worst = ([json.dumps([{**TALK, "content": word}]) for _ in TEXTS] for word in ("Good.", "Bad."))
    turns = recognise(table(prompt=asked, chosen=best, rejected=worst), KINDS)
    assert turns is not None
    assert [candidate.columns for candidate in turns.candidates] == [{"messages": "prompt", "completion": "chosen"}]


@pytest.mark.parametrize("entry", NOT_YET, ids=lambda entry: entry.kind)
def test_kind_that_is_in_the_menu_falls_silent(entry) -> None:
    assert entry.kind not in KINDS and entry.hint.endswith(".")
    data = table(prompt=TEXTS, chosen=OTHERS, rejected=OTHERS)
    assert recognise(data, [*KINDS, "preference"]) is None


def test_what_is_recognised_is_said_in_every_language() -> None:
    for entry in NOT_YET:
        for text in filter(None, (entry.words, entry.hint, entry.lack, entry.alone)):
            assert isinstance(text, Statement) and str(text) == translated(text)
            with in_language("de"):
                assert translated(text) != text, text
