"""Rows with preferences in every form that they are written in."""

import json
from typing import Any

import pytest

from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.preference_pairs import rated_answers, read_pair

PAIR = {"prompt": "p", "chosen": "c", "rejected": "r"}
USER = {"role": "user", "content": "Hi?"}


def said(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


@pytest.mark.parametrize(
    "row",
    [
        {"p": "Hi?", "c": "Yes.", "r": "No."},
        {"p": [USER], "c": [said("Yes.")], "r": [said("No.")]},
        {"p": {"messages": [USER], "tools": []}, "c": json.dumps([said("Yes.")]), "r": json.dumps([said("No.")])},
        # Ultrafeedback repeats the request in both.
        {"p": "Hi?", "c": [USER, said("Yes.")], "r": [USER, said("No.")]},
        {"p": "", "c": "\n\nHuman: Hi?\n\nAssistant: Yes.", "r": "\n\nHuman: Hi?\n\nAssistant: No."},
        {"p": "\n\nHuman: Hi?\n\nAssistant:", "c": " Yes.", "r": " No."},
        {"p": None, "c": [USER, said("Yes.")], "r": [USER, said("No.")]},
    ],
)
def test_every_form_is_the_same_pair(row: dict[str, Any]) -> None:
    found = read_pair(row, PAIR)
    assert [turn.content for turn in found.shared] == ["Hi?"]
    assert (found.answer, found.rejected_answer, found.good) == ("Yes.", "No.", None)
    assert [turn.learned for turn in found.turns] == [turn.learned for turn in found.rejected] == [False, True]


def test_only_what_follows_the_common_beginning_is_learned() -> None:
    start = [USER, said("Tell me more."), {"role": "user", "content": "Please."}]
    found = read_pair({"p": "", "c": [*start, said("Yes.")], "r": [*start, said("No.")]}, PAIR)
    assert [turn.learned for turn in found.turns] == [False, False, False, True]
    assert len(found.shared) == 3


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"p": "Hi?", "c": "Yes.", "r": "Yes. "}, "same_answers"),
        ({"p": "", "c": [USER, said("Yes.")], "r": [{**USER, "content": "Ho?"}, said("No.")]}, "prompts_differ"),
        ({"p": "", "c": "Yes.", "r": "No."}, "empty_prompt"),
        ({"p": "Hi?", "c": "", "r": "No."}, "empty_chosen"),
        ({"p": "Hi?", "c": "Yes.", "r": None}, "empty_rejected"),
        ({"p": "Hi?", "c": "Yes.<|im_end|>", "r": "No."}, "template_markers"),
    ],
)
def test_pairs_that_cannot_be_used_are_named(row: dict[str, Any], code: str) -> None:
    with pytest.raises(UnusableRow) as flaw:
        read_pair(row, PAIR)
    assert flaw.value.code == code


def test_a_request_that_quotes_a_talk_is_one_text() -> None:
    asked = "User: hi\nAssistant: hello\nWhat is wrong with this talk?"
    found = read_pair({"p": asked, "c": "User: nothing\nAssistant: yes", "r": "No."}, PAIR)
    assert [turn.content for turn in found.shared] == [asked] and found.answer.startswith("User: nothing")


@pytest.mark.parametrize(
    ("columns", "row", "better"),
    [
        ({**PAIR, "winner": "w"}, {"c": "Yes.", "r": "No.", "w": "2"}, "No."),
        ({**PAIR, "winner:0/1": "w"}, {"c": "Yes.", "r": "No.", "w": "0"}, "Yes."),
        ({"prompt": "p", "rated": "l", "winner": "w"}, {"l": ["Yes.", "No."], "w": 2}, "No."),
    ],
)
def test_the_role_says_what_a_vote_means(columns: dict[str, str], row: dict[str, Any], better: str) -> None:
    assert read_pair({"p": "Hi?", **row}, columns).answer == better


def test_the_best_and_the_worst_of_a_list_are_a_pair() -> None:
    assert rated_answers(["good one", "bad one"]) == ("good one", "bad one")
    rated = [{"text": "b", "score": 2}, {"text": "c", "score": "1.5"}, {"text": "a", "score": 5}]
    assert rated_answers(rated) == ("a", "c")
    assert rated_answers([{"text": "a", "rank": 1}, {"text": "b", "rank": 2}]) == ("a", "b")
    assert rated_answers([{"text": "a", "score": 1}, {"text": "b", "score": 1}]) is None
    assert rated_answers([{"text": "a"}, {"text": "b", "score": 1}]) is None


def test_a_single_answer_is_good_or_bad() -> None:
    columns = {"prompt": "p", "chosen": "c", "mark": "m"}
    found = read_pair({"p": "Hi?", "c": "Yes.", "m": False}, columns)
    assert found.good is False and found.rejected == () and found.answer == "Yes."
    with pytest.raises(UnusableRow, match="unknown_mark"):
        read_pair({"p": "Hi?", "c": "Yes.", "m": "maybe"}, columns)
