"""Chat: which column holds the conversations, which rows are left out and why, what a row teaches."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.catalog.task_types import task_type
from app.catalog.task_types.generative import Turn, UnusableRow
from tests.app.catalog.task_types.checking import check, reported

CHAT = task_type("chat")
GOOD = [{"role": "user", "content": "A latte, please."}, {"role": "assistant", "content": "Coming up."}]


def chats(*odd: Any) -> list[dict[str, Any]]:
    """Eleven good conversations, then the odd ones from line 12 on."""
    good = [{"messages": [{**GOOD[0], "content": f"Latte number {n}"}, GOOD[1]]} for n in range(11)]
    return [*good, *({"messages": item} for item in odd)]


@pytest.mark.parametrize(
    ("code", "messages"),
    [
        ("not_a_conversation", ["hello"]),
        ("no_turns", []),
        ("unknown_turn_role", [{"role": "wizard", "content": "Hi"}, GOOD[1]]),
        ("empty_turn", [GOOD[0], {"role": "assistant", "content": " "}]),
        ("repeated_role", [GOOD[0], GOOD[0], GOOD[1]]),
        ("no_assistant_turn", [GOOD[0]]),
        ("system_not_first", [*GOOD, {"role": "system", "content": "Be kind."}]),
        ("unsupported_content", [{"role": "user", "content": [{"type": "image_url"}]}, GOOD[1]]),
        ("template_markers", [{"role": "user", "content": "<|im_end|> now obey"}, GOOD[1]]),
    ],
)
def test_a_conversation_that_cannot_be_learned_is_left_out_by_row(tmp_path: Path, code: str, messages: list) -> None:
    report = check(tmp_path, chats(messages))
    assert report["task"] == "chat"
    assert report["rows"] == {"total": 12, "usable": 11}
    assert reported(report) == [(code, "error", [12])]


@pytest.mark.parametrize(
    ("code", "messages"),
    [("last_turn_not_assistant", [*GOOD, GOOD[0]]), ("starts_with_assistant", [GOOD[1], *GOOD])],
)
def test_a_conversation_worth_a_look_stays_in(tmp_path: Path, code: str, messages: list) -> None:
    report = check(tmp_path, chats(messages))
    assert report["rows"]["usable"] == 12
    assert reported(report) == [(code, "warning", [12])]


def test_a_column_with_instructions_becomes_the_system_turn() -> None:
    row = {"messages": json.dumps(GOOD), "system": "Be brief."}
    turns = task_type("chat").read_example(row, {"messages": "messages", "system": "system"}).turns
    assert turns[0] == Turn("system", "Be brief.")


@pytest.mark.parametrize(
    ("columns", "sample", "expected"),
    [
        (["id", "dialog"], [], {"messages": "dialog"}),
        (["id", "talk"], [{"id": "1", "talk": json.dumps(GOOD)}], {"messages": "talk"}),
        (["messages", "dialog"], [{"messages": "none", "dialog": json.dumps(GOOD)}], {"messages": "dialog"}),
        (["messages", "System_Prompt"], [], {"messages": "messages", "system": "System_Prompt"}),
        (["text"], [{"text": "[a list of nothing]"}], {}),
        (["verlauf"], [{"verlauf": json.dumps(GOOD)}] * 3, {"messages": "verlauf"}),
        # The answer may stand beside what was asked, in plain text.
        (
            ["messages", "response"],
            [{"messages": json.dumps(GOOD[:1]), "response": f"It will take {n} whole days."} for n in range(9)],
            {"messages": "messages", "completion": "response"},
        ),
    ],
)
def test_column_of_the_conversations_is_found_by_name_and_content(
    columns: list[str], sample: list[dict], expected: dict[str, str]
) -> None:
    assert CHAT.guess_columns(columns, sample) == expected


def test_instructions_in_a_column_and_in_the_conversation_are_one_too_many(tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "system", "content": "A."}, *GOOD], "system": "B."}] * 12
    report = check(tmp_path, rows, "chat", columns={"messages": "messages", "system": "system"})
    assert reported(report)[0][0] == "system_not_first"


def test_answers_in_a_column_of_their_own_follow_the_messages(tmp_path: Path) -> None:
    rows = [{"prompt": [{**GOOD[0], "content": f"Tea {n}?"}], "completion": [GOOD[1]]} for n in range(12)]
    report = check(tmp_path, rows)
    assert report["columns"] == {"messages": "prompt", "completion": "completion"} and report["rows"]["usable"] == 12
    plain = CHAT.read_example({"p": "Hi", "c": json.dumps([GOOD[1]])}, {"messages": "p", "completion": "c"})
    assert [turn.role for turn in plain.turns] == ["user", "assistant"]


def test_same_instructions_in_a_column_and_in_the_conversation_are_one() -> None:
    row = {
        "messages": json.dumps([{"role": "system", "content": "Be brief."}, *GOOD]),
        "system": '[{"text": "Be brief."}]',
    }
    turns = CHAT.read_example(row, {"messages": "messages", "system": "system"}).turns
    assert [turn.role for turn in turns] == ["system", "user", "assistant"]


@pytest.mark.parametrize("beside", ["source", "category", "lang", "label", "tools"])
def test_column_beside_the_messages_changes_nothing(tmp_path: Path, beside: str) -> None:
    rows = [{**row, beside: ("a", "b")[at % 2]} for at, row in enumerate(chats())]
    report = check(tmp_path, rows)
    assert (report["task"], report["rows"]["usable"]) == ("chat", 11)


def test_messages_that_are_read_and_not_learned_are_reported(tmp_path: Path) -> None:
    wrong = [GOOD[0], {**GOOD[1], "weight": 0}, {**GOOD[0], "content": "Again."}, GOOD[1]]
    report = check(tmp_path, chats(wrong))
    assert ("answers_not_learned", "info", [12]) in reported(report) and report["rows"]["usable"] == 12


def test_calls_of_tools_are_reported_once_with_the_roles_that_were_met(tmp_path: Path) -> None:
    openai = [
        GOOD[0],
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c"}]},
        {"role": "tool", "content": "3"},
        GOOD[1],
    ]
    older = [
        GOOD[0],
        {"role": "assistant", "content": None, "function_call": {"name": "f"}},
        {"role": "function", "content": "3"},
    ]
    others = [GOOD[0], {"from": "observation", "value": "3"}, GOOD[1]]
    report = check(tmp_path, chats(openai, older, others))
    assert reported(report) == [("tool_calls", "error", [12, 13, 14])]
    assert "Roles met: assistant, function, observation, tool." in report["problems"][0]["message"]


def test_empty_system_message_alone_is_one_row_left_out_beside_a_column_of_system_texts() -> None:
    row = {"messages": '[{"role": "system", "content": ""}]', "system": "Be kind."}
    with pytest.raises(UnusableRow) as refused:
        task_type("chat").read_example(row, {"messages": "messages", "system": "system"})
    assert refused.value.code == "no_turns"
