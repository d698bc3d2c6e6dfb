"""Chat, instructions and running text: which columns are found, which rows are left out and why, what a row teaches."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.catalog.task_types import task_type
from app.catalog.task_types.generative import Turn
from app.services.datasets.datasets import check_file

GOOD = [{"role": "user", "content": "A latte, please."}, {"role": "assistant", "content": "Coming up."}]


def check(folder: Path, rows: list[Any], task: str | None = None, name: str = "rows.jsonl") -> dict[str, Any]:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return check_file(path, name, task_type=task)


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
    assert [
        (problem["code"], problem["severity"], problem["rows"]) for problem in report["problems"] if problem["rows"]
    ] == [(code, "error", [12])]


@pytest.mark.parametrize(
    ("code", "messages"),
    [("last_turn_not_assistant", [*GOOD, GOOD[0]]), ("starts_with_assistant", [GOOD[1], *GOOD])],
)
def test_a_conversation_worth_a_look_stays_in(tmp_path: Path, code: str, messages: list) -> None:
    report = check(tmp_path, chats(messages))
    assert report["rows"]["usable"] == 12
    assert [(problem["code"], problem["severity"]) for problem in report["problems"] if problem["rows"]] == [
        (code, "warning")
    ]


def test_sharegpt_and_openai_say_the_same() -> None:
    chat = task_type("chat")
    sharegpt = [
        {"from": "system", "value": "Be kind."},
        {"from": "human", "value": "Hi"},
        {"from": "gpt", "value": "Yo"},
    ]
    lesson = chat.read_example({"conversations": json.dumps(sharegpt)}, {"messages": "conversations"})
    assert lesson.turns == (Turn("system", "Be kind."), Turn("user", "Hi"), Turn("assistant", "Yo"))
    assert lesson.question == lesson.turns[:2]
    parts = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, {"role": "assistant", "content": "Yo"}]
    assert chat.read_example({"m": json.dumps(parts)}, {"messages": "m"}).turns == lesson.turns[1:]


def test_a_column_with_instructions_becomes_the_system_turn() -> None:
    row = {"messages": json.dumps(GOOD), "system": "Be brief."}
    turns = task_type("chat").read_example(row, {"messages": "messages", "system": "system"}).turns
    assert turns[0] == Turn("system", "Be brief.")


def test_alpaca_columns_are_found_and_joined(tmp_path: Path) -> None:
    rows = [
        {"instruction": f"Add one to {n}", "input": "in words" if n % 2 else "", "output": str(n)} for n in range(12)
    ]
    report = check(tmp_path, [*rows, {"instruction": "Say", "input": "", "output": ""}])
    assert report["task"] == "instruction"
    assert report["columns"] == {"prompt": "instruction", "input": "input", "response": "output"}
    assert [(problem["code"], problem["rows"]) for problem in report["problems"] if problem["severity"] == "error"] == [
        ("empty_answer", [13])
    ]
    lesson = task_type("instruction").read_example(rows[1], report["columns"])
    assert lesson.turns == (Turn("user", "Add one to 1\n\nin words"), Turn("assistant", "1"))


def test_the_same_request_with_two_answers_stays_in_one_split(owner: str, tmp_path: Path) -> None:
    from app import storage
    from app.services.datasets import datasets

    rows = [{"prompt": f"Question {n // 2}", "response": f"Answer {n}"} for n in range(60)]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    version = datasets.latest_version(datasets.import_file(owner, (path, path.name)))
    splits = json.loads((storage.dataset_dir(version.id) / "splits.json").read_text())
    home = {row: name for name in ("train", "validation", "test") for row in splits[name]}
    assert all(home[n] == home[n + 1] for n in range(0, 60, 2))


def test_plain_text_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "tales.txt"
    path.write_text("\n\n".join(f"Once upon a time there were {n} kings." for n in range(12)), encoding="utf-8")
    report = check_file(path, path.name)
    assert (report["task"], report["columns"], report["rows"]["usable"]) == (
        "continued-pretraining",
        {"text": "text"},
        12,
    )


def test_labels_stay_a_task_of_their_own(tmp_path: Path) -> None:
    rows = [{"question": f"Where is card {n}?", "answer": ("yes", "no")[n % 2]} for n in range(40)]
    assert check(tmp_path, rows)["task"] == "text-classification"
