"""Every way of writing a conversation gives the same messages."""

import json
from typing import Any

import pytest

from app.catalog.task_types.conversation_forms import find_messages

ASKED, TOLD = "How long?", "Two minutes."
BOTH = [("user", ASKED), ("assistant", TOLD)]
TREE = {
    "root": {"message": None, "parent": None, "children": ["a"]},
    "b": {"message": {"author": {"role": "assistant"}, "content": {"parts": [TOLD]}}, "parent": "a", "children": []},
    "a": {"message": {"author": {"role": "user"}, "content": {"parts": [ASKED]}}, "parent": "root", "children": ["b"]},
}
SYSTEM = ("system", "You run a tea shop.")


@pytest.mark.parametrize(
    ("cell", "messages"),
    [
        ([{"role": "user", "content": ASKED}, {"role": "assistant", "content": TOLD}], BOTH),
        ({"body": {"model": "m", "messages": [{"role": "user", "content": ASKED}]}}, BOTH[:1]),
        ({"messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": TOLD}]}, BOTH),
        ([{"human": ASKED, "assistant": TOLD}], BOTH),
        ([{"system": SYSTEM[1], "input": ASKED, "output": TOLD}], [SYSTEM, *BOTH]),
        ([{"Frage": ASKED, "Antwort": TOLD}], BOTH),
        ([[ASKED, TOLD]], BOTH),
        (
            f"<|im_start|>system\n{SYSTEM[1]}<|im_end|>\n<|im_start|>user\n{ASKED}<|im_end|>\n<|im_start|>assistant\n{TOLD}<|im_end|>",
            [SYSTEM, *BOTH],
        ),
        (
            f"<|start_header_id|>user<|end_header_id|>\n\n{ASKED}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n{TOLD}<|eot_id|>",
            BOTH,
        ),
        (f"<s>[INST] <<SYS>>\n{SYSTEM[1]}\n<</SYS>>\n\n{ASKED} [/INST] {TOLD} </s>", [SYSTEM, *BOTH]),
        (f"<s>[INST] {ASKED} [/INST] {TOLD} </s><s>[INST] {ASKED} [/INST] {TOLD} </s>", [*BOTH, *BOTH]),
        (f"<|user|>\n{ASKED}</s>\n<|assistant|>\n{TOLD}</s>", BOTH),
        (
            f"Below is an instruction.\n\n### Instruction:\n{ASKED}\n\n### Response:\n{TOLD}",
            [("system", "Below is an instruction."), *BOTH],
        ),
        (f"### Human: {ASKED}\n### Assistant: {TOLD}", BOTH),
        (f"\n\nHuman: {ASKED}\n\nAssistant: {TOLD}", BOTH),
        (f"User: {ASKED}\nAssistant: {TOLD}", BOTH),
        (f"Frage: {ASKED}\nAntwort: {TOLD}", BOTH),
        (f"### Human: {ASKED}### Assistant: {TOLD}", BOTH),
        (f"### Anweisung:\n{ASKED}\n\n### Antwort:\n{TOLD}", BOTH),
        (f"### Instruction\n{ASKED}\n\n### Response\n{TOLD}", BOTH),
        (f"{SYSTEM[1]} USER: {ASKED} ASSISTANT: {TOLD}</s>", [SYSTEM, *BOTH]),
        (f"**User:** {ASKED}\n**Assistant:** {TOLD}", BOTH),
        (f"问题\uff1a{ASKED}\n回答\uff1a{TOLD}", BOTH),
        (f"<human>: {ASKED}\n<bot>: {TOLD}", [("human", ASKED), ("bot", TOLD)]),
        # Where the answer is to be written, nobody has spoken yet.
        (f"### Instruction:\n{ASKED}\n\n### Response:\n", BOTH[:1]),
        ([{"human": ASKED, "ai": TOLD}], BOTH),
        ([{"question": ASKED, "answer": TOLD, "agent": "Ann"}], BOTH),
        (TREE, BOTH),
    ],
)
def test_messages_are_found(cell: Any, messages: list[tuple[str, str]]) -> None:
    for given in (cell, cell if isinstance(cell, str) else json.dumps(cell)):
        found = find_messages(given)
        assert found is not None
        assert [(str(item["role"]), item["content"].strip()) for item in found] == messages


def test_input_of_an_instruction_belongs_to_the_request() -> None:
    found = find_messages(f"### Instruction:\n{ASKED}\n\n### Input:\ngreen tea\n\n### Response:\n{TOLD}")
    assert found == [
        {"role": "user", "content": f"{ASKED}\n\ngreen tea"},
        {"role": "assistant", "content": TOLD},
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
