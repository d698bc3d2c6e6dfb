"""Every way of writing a conversation gives the same messages."""

import json
from typing import Any

import pytest

from app.catalog.task_types.conversation_forms import find_messages

ASKED, ANSWERED = "How long?", "Two minutes."
BOTH = [("user", ASKED), ("assistant", ANSWERED)]
TREE = {
    "root": {"message": None, "parent": None, "children": ["a"]},
    "b": {
        "message": {"author": {"role": "assistant"}, "content": {"parts": [ANSWERED]}},
        "parent": "a",
        "children": [],
    },
    "a": {"message": {"author": {"role": "user"}, "content": {"parts": [ASKED]}}, "parent": "root", "children": ["b"]},
}
SYSTEM = ("system", "You run a tea shop.")


@pytest.mark.parametrize(
    ("cell", "messages"),
    [
        ([{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWERED}], BOTH),
        ({"body": {"model": "m", "messages": [{"role": "user", "content": ASKED}]}}, BOTH[:1]),
        ({"messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": ANSWERED}]}, BOTH),
        ([{"human": ASKED, "assistant": ANSWERED}], BOTH),
        ([{"system": SYSTEM[1], "input": ASKED, "output": ANSWERED}], [SYSTEM, *BOTH]),
        ([{"Frage": ASKED, "Antwort": ANSWERED}], BOTH),
        ([[ASKED, ANSWERED]], BOTH),
        (
            f"<|im_start|>system\n{SYSTEM[1]}<|im_end|>\n<|im_start|>user\n{ASKED}<|im_end|>\n<|im_start|>assistant\n{ANSWERED}<|im_end|>",
            [SYSTEM, *BOTH],
        ),
        (
            f"<|start_header_id|>user<|end_header_id|>\n\n{ASKED}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n{ANSWERED}<|eot_id|>",
            BOTH,
        ),
        (f"<s>[INST] <<SYS>>\n{SYSTEM[1]}\n<</SYS>>\n\n{ASKED} [/INST] {ANSWERED} </s>", [SYSTEM, *BOTH]),
        (f"<s>[INST] {ASKED} [/INST] {ANSWERED} </s><s>[INST] {ASKED} [/INST] {ANSWERED} </s>", [*BOTH, *BOTH]),
        (f"<|user|>\n{ASKED}</s>\n<|assistant|>\n{ANSWERED}</s>", BOTH),
        (
            f"Below is an instruction.\n\n### Instruction:\n{ASKED}\n\n### Response:\n{ANSWERED}",
            [("system", "Below is an instruction."), *BOTH],
        ),
        (f"### Human: {ASKED}\n### Assistant: {ANSWERED}", BOTH),
        (f"\n\nHuman: {ASKED}\n\nAssistant: {ANSWERED}", BOTH),
        (f"User: {ASKED}\nAssistant: {ANSWERED}", BOTH),
        (f"Frage: {ASKED}\nAntwort: {ANSWERED}", BOTH),
        (f"### Human: {ASKED}### Assistant: {ANSWERED}", BOTH),
        (f"### Anweisung:\n{ASKED}\n\n### Antwort:\n{ANSWERED}", BOTH),
        (f"### Instruction\n{ASKED}\n\n### Response\n{ANSWERED}", BOTH),
        (f"{SYSTEM[1]} USER: {ASKED} ASSISTANT: {ANSWERED}</s>", [SYSTEM, *BOTH]),
        (f"**User:** {ASKED}\n**Assistant:** {ANSWERED}", BOTH),
        (f"问题\uff1a{ASKED}\n回答\uff1a{ANSWERED}", BOTH),
        (f"<human>: {ASKED}\n<bot>: {ANSWERED}", [("human", ASKED), ("bot", ANSWERED)]),
        # Where the answer is to be written, nobody has spoken yet.
        (f"### Instruction:\n{ASKED}\n\n### Response:\n", BOTH[:1]),
        ([{"human": ASKED, "ai": ANSWERED}], BOTH),
        ([{"question": ASKED, "answer": ANSWERED, "agent": "Ann"}], BOTH),
        (TREE, BOTH),
    ],
)
def test_messages_are_found(cell: Any, messages: list[tuple[str, str]]) -> None:
    for given in (cell, cell if isinstance(cell, str) else json.dumps(cell)):
        found = find_messages(given)
        assert found is not None
        assert [(str(item["role"]), item["content"].strip()) for item in found] == messages


def test_input_of_an_instruction_belongs_to_the_request() -> None:
    found = find_messages(f"### Instruction:\n{ASKED}\n\n### Input:\ngreen tea\n\n### Response:\n{ANSWERED}")
    assert found == [
        {"role": "user", "content": f"{ASKED}\n\ngreen tea"},
        {"role": "assistant", "content": ANSWERED},
    ]


@pytest.mark.parametrize(
    "cell",
    [
        None,
        "plain words",
        "Note: this is a text with a colon.",
        "Question: what is it?",
        "He wrote: user: hello",
        "[1, 2]",
        '["a", "b", "c"]',
        '{"role": "user"}',
        '[{"start": 0, "end": 4, "label": "X"}]',
    ],
)
def test_other_cells_hold_no_messages(cell: Any) -> None:
    assert find_messages(cell) is None


def test_keys_that_are_no_texts_name_no_side() -> None:
    assert find_messages("[{1: 'a', 2: 'b'}]") is None
