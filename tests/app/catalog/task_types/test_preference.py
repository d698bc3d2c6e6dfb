"""What the report says about preferences: pairs that teach nothing, that contradict each other, and what length alone explains."""

from pathlib import Path

import pytest

from app.catalog.task_types import task_type
from tests.app.catalog.task_types.checking import check, reported

COLUMNS = {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"}
TASK = task_type("preference")


def pair(number: int, **cells: str) -> dict[str, str]:
    words = {
        "prompt": f"What is {number}?",
        "chosen": f"A fine number {number}.",
        "rejected": f"No idea, number {number}.",
    }
    return {**words, **cells}


def test_pairs_that_teach_nothing_are_left_out_and_said(tmp_path: Path) -> None:
    rows = [pair(number) for number in range(60)]
    rows[0]["rejected"] = rows[0]["chosen"] + " "
    rows[1]["rejected"] = ""
    rows[2]["chosen"] = " "
    rows[3]["prompt"] = ""
    rows[5] = {**rows[4], "chosen": rows[4]["rejected"], "rejected": rows[4]["chosen"]}
    report = check(tmp_path, rows)
    assert report["task"] == "preference" and report["columns"] == COLUMNS
    assert report["rows"] == {"total": 60, "usable": 56}
    assert {code: lines for code, _, lines in reported(report)}.items() >= {
        "same_answers": [1],
        "empty_rejected": [2],
        "empty_chosen": [3],
        "empty_prompt": [4],
        "swapped_pair": [6],
    }.items()
    assert report["runner_up"]["task_type"] == "instruction"


@pytest.mark.parametrize(("longer", "severity"), [(1.0, "warning"), (0.5, "info")])
def test_length_that_explains_the_choice_is_reported(tmp_path: Path, longer: float, severity: str) -> None:
    words = "because it is longer than the other one"
    rows = [
        pair(n, chosen=f"Yes {n}. {words}", rejected=f"No {n}.")
        if n < 40 * longer
        else pair(n, chosen=f"Yes {n}.", rejected=f"No {n}. {words}")
        for n in range(40)
    ]
    [found] = [problem for problem in check(tmp_path, rows)["problems"] if problem["code"] == "length_bias"]
    assert found["severity"] == severity and f"{100 * longer:.0f} %" in found["message"]


def test_whole_conversations_must_begin_alike(tmp_path: Path) -> None:
    def talk(asked: str, answer: str) -> str:
        return f"\n\nHuman: {asked}\n\nAssistant: {answer}"

    rows = [{"chosen": talk(f"Q {n}?", f"Yes, {n}."), "rejected": talk(f"Q {n}?", f"No, {n}.")} for n in range(60)]
    rows[7]["rejected"] = talk("Something else?", "No.")
    report = check(tmp_path, rows)
    assert report["columns"] == {"chosen": "chosen", "rejected": "rejected"}
    assert ("prompts_differ", "error", [8]) in reported(report)
    assert report["runner_up"]["answer"] == "chat:messages=chosen"


def test_ties_are_left_out_and_said(tmp_path: Path) -> None:
    rows = [
        {"prompt": f"What is {n}?", "response_a": f"A fine one, {n}.", "response_b": f"A bad one, {n}.", "winner": w}
        for n, w in zip(range(60), ["model_a", "model_b", "tie"] * 20, strict=True)
    ]
    report = check(tmp_path, rows)
    assert report["columns"]["winner"] == "winner" and report["rows"]["usable"] == 40
    assert not [problem for problem in report["problems"] if problem["severity"] == "error"]
    [left_out] = [problem for problem in report["problems"] if problem["code"] == "marked_rows"]
    assert left_out["count"] == 20 and "'winner' is not 'model_a' / 'model_b'" in left_out["message"]


def test_votes_in_numbers_are_asked_about_and_none_is_dropped_in_silence(tmp_path: Path) -> None:
    rows = [
        {"prompt": f"What is {n}?", "answer_1": f"A fine one, {n}.", "answer_2": f"A bad one, {n}.", "winner": w}
        for n, w in zip(range(80), ["0", "1", "0", "tie"] * 20, strict=True)
    ]
    asked = check(tmp_path, rows)
    assert asked["status"] == "rejected" and asked["problems"][0]["code"] == "several_readings"
    taken = check(tmp_path, rows, answer=asked["question"]["options"][0]["answer"])
    assert taken["columns"]["winner:0/1"] == "winner" and taken["rows"]["usable"] == 60
    # Who names the column without saying what its numbers mean learns which rows cannot be read.
    named = {"prompt": "prompt", "chosen": "answer_1", "rejected": "answer_2", "winner": "winner"}
    [unknown] = [item for item in check(tmp_path, rows, columns=named)["problems"] if item["code"] == "unknown_winner"]
    assert unknown["count"] == 40 and "'winner' holds names none of the two answers" in unknown["message"]
    coded = {**{role: name for role, name in named.items() if role != "winner"}, "winner:0/1": "winner"}
    rows[0]["winner"] = "?"
    assert ("unknown_winner", "error", [1]) in reported(check(tmp_path, rows, columns=coded))


def test_thumbs_are_asked_about_and_read(tmp_path: Path) -> None:
    rows = [{"prompt": f"Q {n % 30}?", "completion": f"Answer {n}.", "label": n % 2 == 0} for n in range(60)]
    asked = check(tmp_path, rows)
    assert asked["status"] == "rejected" and asked["problems"][0]["code"] == "several_readings"
    offered = [option["task_type"] for option in asked["question"]["options"]]
    assert offered == ["preference", "instruction", "text-classification"]
    report = check(tmp_path, rows, "preference")
    assert report["columns"] == {"prompt": "prompt", "chosen": "completion", "mark": "label"}
    assert report["rows"]["usable"] == 60
    rows[1] = {**rows[0], "label": False}
    assert ("contradicting_marks", "warning", [2]) in reported(check(tmp_path, rows, "preference"))


def test_the_same_request_is_one_question_however_it_is_written() -> None:
    one = TASK.identity(pair(1), COLUMNS)
    assert (
        one == TASK.identity(pair(1, chosen="Another.", rejected="answer."), COLUMNS) != TASK.identity(pair(2), COLUMNS)
    )
    marked = {"prompt": "p", "chosen": "c", "mark": "m"}
    assert TASK.answers({"p": "Hi?", "c": "Yes.", "m": "👎"}, marked) == ("bad",)
