"""Every way of writing a conversation becomes a list of messages that can be edited without losing anything."""

import json

import pytest

from app.catalog.task_types.conversations import read_turns
from app.catalog.task_types.message_lists import canonical_messages

TALK = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]


@pytest.mark.parametrize(
    "cell",
    [
        json.dumps(TALK),
        json.dumps({"messages": TALK}),
        json.dumps([{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello."}]),
        json.dumps([{"role": "user", "parts": [{"text": "Hi"}]}, {"role": "model", "parts": [{"text": "Hello."}]}]),
        json.dumps([["Hi", "Hello."]]),
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello.<|im_end|>",
        "User: Hi\nAssistant: Hello.",
    ],
)
def test_forms_of_a_conversation_become_the_same_messages(cell):
    assert canonical_messages(cell) == TALK


def test_what_else_a_message_holds_stays():
    picture = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": "x"}}]
    given = [
        {"role": "user", "content": picture},
        {"role": "assistant", "content": "A cat.", "weight": 0, "reasoning_content": "ears"},
        {"role": "narrator", "content": None},
    ]
    assert canonical_messages(json.dumps(given)) == [*given[:2], {"role": "narrator", "content": ""}]


def test_stored_messages_are_read_as_the_cell_was():
    cell = json.dumps([{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hm.", "weight": 0}])
    assert read_turns(json.dumps(canonical_messages(cell))) == read_turns(cell)


@pytest.mark.parametrize("cell", [None, "", "a plain text", "[1, 2]", "[]", '{"a": 1}'])
def test_other_cells_are_none(cell):
    assert canonical_messages(cell) is None
