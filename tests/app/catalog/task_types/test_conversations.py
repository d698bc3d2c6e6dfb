"""Conversations in the ways in which others write them."""

import json
from typing import Any

import pytest

from app.catalog.task_types import task_type
from app.catalog.task_types.conversations import (
    ROLES,
    WORDS,
    has_pictures,
    plain_text,
    read_turns,
    refuse_markers,
    require_order,
    unread_parts,
)
from app.catalog.task_types.generative import Turn, UnusableRow


def test_sharegpt_and_openai_say_the_same() -> None:
    chat = task_type("chat")
    sharegpt = [
        {"from": "system", "value": "Be kind."},
        {"from": "human", "value": "Hi"},
        {"from": "gpt", "value": "Yo"},
    ]
    example = chat.read_example({"conversations": json.dumps(sharegpt)}, {"messages": "conversations"})
    assert example.turns == (Turn("system", "Be kind."), Turn("user", "Hi"), Turn("assistant", "Yo"))
    assert example.question == example.turns[:2]
    parts = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, {"role": "assistant", "content": "Yo"}]
    assert chat.read_example({"m": json.dumps(parts)}, {"messages": "m"}).turns == example.turns[1:]


@pytest.mark.parametrize(
    "cell",
    [
        [{"role": "Human ", "content": "Hi"}],
        [{"from": "prompter", "value": "Hi"}],
        [{"speaker": "customer", "text": "Hi"}],
        {"messages": [{"role": "user", "content": "Hi"}]},
        json.dumps({"conversations": [{"from": "human", "value": [{"text": "H"}, {"type": "text", "text": "i"}]}]}),
    ],
)
def test_every_way_of_writing_a_turn_is_read(cell: Any) -> None:
    assert read_turns(cell) == (Turn("user", "Hi"),)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("hello", "not_a_conversation"),
        ('{"role": "user"}', "not_a_conversation"),
        ("[1]", "not_a_conversation"),
        ("[]", "no_turns"),
        ([{"role": "wizard", "content": "x"}], "unknown_turn_role"),
        ([{"role": "tool", "content": "x"}], "tool_calls"),
        ([{"role": "assistant", "content": None, "function_call": {"name": "f"}}], "tool_calls"),
        ([{"role": "user", "content": 3}], "unsupported_content"),
        ([{"role": "assistant", "content": "x", "tool_calls": [1]}], "tool_calls"),
        ([{"role": "assistant", "content": [{"type": "tool_use", "name": "f"}]}], "tool_calls"),
        ([{"role": "model", "parts": [{"functionCall": {"name": "f"}}]}], "tool_calls"),
        ([{"role": "user"}], "empty_turn"),
    ],
)
def test_cell_that_is_no_conversation_says_why(cell: Any, code: str) -> None:
    with pytest.raises(UnusableRow) as caught:
        read_turns(cell)
    assert caught.value.code == code and code in WORDS


def test_every_role_is_one_of_three() -> None:
    assert set(ROLES.values()) == {"system", "user", "assistant"}


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ("su", "no_assistant_turn"),
        ("sas", "system_not_first"),
        ("ssua", "system_not_first"),
        ("uua", "repeated_role"),
        ("uaa", "repeated_role"),
        ("suau", None),
        ("au", None),
    ],
)
def test_order_that_templates_do_not_know_is_refused(roles: str, code: str | None) -> None:
    names = {"s": "system", "u": "user", "a": "assistant"}
    turns = [Turn(names[letter], "x") for letter in roles]
    if code is None:
        require_order(turns)
        return
    with pytest.raises(UnusableRow) as caught:
        require_order(turns)
    assert caught.value.code == code


@pytest.mark.parametrize("marker", ["<|im_end|>", "[INST]", "[/INST]", "<<SYS>>", "<end_of_turn>", "<|eot_id|>"])
def test_markers_of_templates_are_refused_and_similar_text_is_not(marker: str) -> None:
    with pytest.raises(UnusableRow) as caught:
        refuse_markers([Turn("user", f"a {marker} b")])
    assert caught.value.detail == {"found": marker}
    refuse_markers([Turn("user", "a < b, [install], <b>, <|, |>")])


def test_message_that_is_marked_is_read_and_not_learned() -> None:
    def learned(**mark: Any) -> bool:
        return read_turns([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo", **mark}])[
            1
        ].learned

    assert learned() and learned(weight=1) and learned(train=True) and learned(label=True) and learned(label="good")
    assert learned(mask=False) and learned(rating="good") and learned(rating=4)
    assert not any((learned(mask=True), learned(trainable=False), learned(rating="bad"), learned(feedback=-1)))
    assert not any(
        learned(**{mark: value}) for mark, value in (("weight", 0), ("train", False), ("loss", False), ("label", False))
    )
    with pytest.raises(UnusableRow, match="nothing_learned"):
        require_order((Turn("user", "Hi"), Turn("assistant", "Yo", learned=False)))


def test_system_message_that_is_empty_or_repeated_is_none() -> None:
    asked, answered = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}
    system = {"role": "system", "content": "Be kind."}
    assert read_turns([{**system, "content": ""}, asked, answered]) == (Turn("user", "Hi"), Turn("assistant", "Yo"))
    assert read_turns([{**system, "content": None}, asked, answered])[0].role == "user"
    assert [turn.role for turn in read_turns([system, asked, answered, system, asked, answered])] == [
        "system",
        "user",
        "assistant",
        "user",
        "assistant",
    ]


def test_parts_of_other_services_are_text() -> None:
    gemini = [{"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Y"}, {"text": "o"}]}]
    assert read_turns(gemini) == (Turn("user", "Hi"), Turn("assistant", "Yo"))
    assert plain_text('[{"text": "Be kind."}]') == plain_text('{"parts": [{"text": "Be kind."}]}') == "Be kind."
    assert plain_text("Be kind.") == "Be kind." and plain_text(None) == ""


def test_pictures_and_thinking_are_named() -> None:
    picture = [
        {"role": "user", "content": "<image>\nWhat is it?"},
        {"role": "assistant", "content": "Tea.", "reasoning_content": "x"},
    ]
    assert read_turns(picture)[0].content == "What is it?" and unread_parts(picture) == ("pictures", "thinking")
    parts = [
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "a"}}, {"type": "text", "text": "What?"}],
        }
    ]
    assert read_turns(parts) == (Turn("user", "What?"),) and has_pictures(parts)
    assert unread_parts([{"role": "user", "content": "plain"}]) == ()


def test_conversation_of_an_empty_system_message_has_no_messages() -> None:
    with pytest.raises(UnusableRow) as refused:
        read_turns([{"role": "system", "content": ""}])
    assert refused.value.code == "no_turns"


@pytest.mark.parametrize("kind", [["text"], {"is": "text"}, 5])
def test_part_of_an_odd_type_is_no_text(kind: Any) -> None:
    odd = [{"role": "user", "content": [{"type": kind, "text": "Hi"}]}]
    assert not has_pictures(odd)
    with pytest.raises(UnusableRow) as refused:
        read_turns(odd)
    assert refused.value.code == "unsupported_content"
