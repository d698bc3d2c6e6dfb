"""Instructions: which columns are found, what a row teaches, and what is taken for labels instead."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.catalog.task_types import task_type
from app.catalog.task_types.generative import Turn, UnusableRow
from tests.app.catalog.task_types.checking import check, reported
from tests.app.catalog.task_types.tables import table

TASK = task_type("instruction")
COLUMNS = {"prompt": "q", "response": "a"}


def test_alpaca_columns_are_found_and_joined(tmp_path: Path) -> None:
    rows = [
        {"instruction": f"Add one to {n}", "input": "in words" if n % 2 else "", "output": str(n)} for n in range(12)
    ]
    report = check(tmp_path, [*rows, {"instruction": "Say", "input": "", "output": ""}])
    assert report["task"] == "instruction"
    assert report["columns"] == {"prompt": "instruction", "input": "input", "response": "output"}
    assert reported(report) == [("empty_answer", "error", [13])]
    example = TASK.read_example(rows[1], report["columns"])
    assert example.turns == (Turn("user", "Add one to 1\n\nin words"), Turn("assistant", "1"))


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


def test_labels_stay_a_task_of_their_own(tmp_path: Path) -> None:
    rows = [{"question": f"Where is card {n}?", "answer": ("yes", "no")[n % 2]} for n in range(40)]
    assert check(tmp_path, rows)["task"] == "text-classification"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["Prompt", "Completion"], {"prompt": "Prompt", "response": "Completion"}),
        (["question", "context", "answer"], {"prompt": "question", "input": "context", "response": "answer"}),
        (["input", "output", "system"], {"prompt": "input", "response": "output", "system": "system"}),
        (["question", "label"], {}),
    ],
)
def test_columns_are_found_by_name(columns: list[str], expected: dict[str, str]) -> None:
    assert TASK.guess_columns(columns, []) == expected


def test_answers_that_recur_are_labels() -> None:
    def found(distinct: int) -> dict[str, str]:
        return TASK.guess_columns(["q", "answer", "question"], [{"answer": str(n % distinct)} for n in range(40)])

    # Of forty answers at least 0.3 * 40 = 12 must differ.
    assert found(11) == {} and found(12) == {"prompt": "question", "response": "answer"}


ASKED = [f"How long does plant number {n} need?" for n in range(30)]
ANSWERED = [f"It needs {n} hours of light every day." for n in range(30)]
GROUPS = ["water", "light", "pests"] * 10


@pytest.mark.parametrize(
    ("first", "second", "columns"),
    [
        ("Frage", "Antwort", {"prompt": "Frage", "response": "Antwort"}),
        ("pregunta", "respuesta", {"prompt": "pregunta", "response": "respuesta"}),
        ("article", "highlights", {"prompt": "article", "response": "highlights"}),
        ("input", "correct_answer", {"prompt": "input", "response": "correct_answer"}),
        ("body text", "summary", {"prompt": "body text", "response": "summary"}),
        ("Kysymys", "Vastaus", {"prompt": "Kysymys", "response": "Vastaus"}),
        ("agent_reply", "customer_message", {"prompt": "customer_message", "response": "agent_reply"}),
        ("Complaint", "Company reply", {"prompt": "Complaint", "response": "Company reply"}),
        ("问题", "回答", {"prompt": "问题", "response": "回答"}),
    ],
)
def test_request_and_answer_are_found_in_any_language(first: str, second: str, columns: dict[str, str]) -> None:
    [found] = TASK.candidates(table(**{"id": list(map(str, range(30))), first: ASKED, second: ANSWERED}))
    assert found.columns == columns and not found.doubt


def test_two_texts_under_unknown_names_are_a_question() -> None:
    found = TASK.candidates(table(foo=ASKED, bar=ANSWERED, kind=GROUPS))
    assert [item.columns for item in found] == [
        {"prompt": "foo", "response": "bar"},
        {"prompt": "bar", "response": "foo"},
    ]
    assert all("do not say which" in item.doubt for item in found)


def test_part_of_a_name_asks_too() -> None:
    [found] = TASK.candidates(table(question_title=ANSWERED, question_body=ASKED, answer=ANSWERED, category=GROUPS))
    assert found.columns == {"prompt": "question_body", "response": "answer"}


def test_title_above_a_text_is_no_request() -> None:
    assert TASK.candidates(table(title=ASKED, text=ANSWERED, url=GROUPS)) == []


def test_earlier_rounds_are_read_and_not_learned() -> None:
    columns = {**COLUMNS, "history": "h"}
    example = TASK.read_example({"q": "And now?", "a": "Now.", "h": '[["Hi", "Hello"]]'}, columns)
    assert example.turns == (
        Turn("user", "Hi"),
        Turn("assistant", "Hello", learned=False),
        Turn("user", "And now?"),
        Turn("assistant", "Now."),
    )
    assert example.question == example.turns[:3] and example.answer == "Now."
    assert len(TASK.read_example({"q": "And?", "a": "So.", "h": "[]"}, columns).turns) == 2
    with pytest.raises(UnusableRow, match="not_rounds"):
        TASK.read_example({"q": "And?", "a": "So.", "h": '["a", "b"]'}, columns)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"q": None, "a": "b"}, "empty_prompt"),
        ({"q": "\u200b", "a": "b"}, "empty_prompt"),
        ({"q": "a", "a": " "}, "empty_answer"),
        ({"q": "a [/INST]", "a": "b"}, "template_markers"),
    ],
)
def test_row_that_cannot_be_learned_says_why(row: dict[str, Any], code: str) -> None:
    with pytest.raises(UnusableRow) as caught:
        TASK.read_example(row, COLUMNS)
    assert caught.value.code == code


def test_answer_that_repeats_the_request_is_worth_a_look() -> None:
    example = TASK.read_example({"q": "Say it", "a": " Say it "}, COLUMNS)
    assert TASK.remarks(example) == [("echo", {"text": " Say it "})]
    assert TASK.remarks(TASK.read_example({"q": "Say it", "a": "It"}, COLUMNS)) == []


def test_system_prompt_stands_first() -> None:
    example = TASK.read_example({"q": "Hi", "a": "Yo", "s": "Be kind."}, {**COLUMNS, "system": "s"})
    assert example.turns == (Turn("system", "Be kind."), Turn("user", "Hi"), Turn("assistant", "Yo"))


def test_history_of_an_empty_system_message_holds_no_rounds() -> None:
    row = {"prompt": "Ask", "response": "Answer", "history": '[{"role": "system", "content": ""}]'}
    example = task_type("instruction").read_example(row, {name: name for name in row})
    assert [turn.content for turn in example.turns] == ["Ask", "Answer"]
