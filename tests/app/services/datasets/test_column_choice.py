"""What is taken, what is asked, what is answered, and what a file's own marks leave out."""

import json
from pathlib import Path
from typing import Any

import pytest

from app import storage
from app.errors import Rejected
from app.readers import Choices
from app.services.datasets import datasets, imports, readings, requests
from app.services.datasets.imports import ImportOptions
from app.services.datasets.versions import load_exclusions
from tests.app.catalog.task_types.checking import check

TEAMS, PEOPLE = ("Billing", "Logistics", "App"), ("Anna", "Ben")
TICKETS = [
    {"Ticket text": f"My parcel number {n} has not come yet", "Team": TEAMS[n % 3], "Agent": PEOPLE[n % 2]}
    for n in range(48)
]
PAIRS = [
    {
        "prompt": f"How long does tea {n} steep?",
        "completion": f"About {n} minutes." if n % 2 else "No idea.",
        "label": n % 2 == 1,
    }
    for n in range(48)
]
MARKED = [
    {
        "text": f"Sentence number {n} of the file",
        "label": TEAMS[n % 3],
        "answer": ("accept", "accept", "reject", "ignore")[n % 4],
    }
    for n in range(48)
]


def written(folder: Path, rows: list[dict[str, Any]], name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_two_columns_that_could_be_the_label_are_asked_about(tmp_path: Path) -> None:
    report = check(tmp_path, TICKETS)
    assert report["status"] == "rejected" and [problem["code"] for problem in report["problems"]] == [
        "several_readings"
    ]
    options = report["question"]["options"]
    assert [option["columns"]["label"] for option in options] == ["Team", "Agent"]
    assert [[part["text"] for part in row] for row in options[0]["rows"]] == [
        [TICKETS[n]["Ticket text"], TICKETS[n]["Team"]] for n in range(3)
    ]


@pytest.mark.parametrize("answer", ["2", "text-classification:text=Ticket text,label=Agent"])
def test_answer_by_number_or_name_decides(tmp_path: Path, answer: str) -> None:
    report = check(tmp_path, TICKETS, answer=answer)
    assert report["labels"] == {"Anna": 24, "Ben": 24}
    assert report["answered"] == "You chose “Sort texts into categories” (Text: Ticket text, Label: Agent)."
    assert "question" not in report


def test_answer_that_was_not_offered_names_those_that_were(tmp_path: Path) -> None:
    report = check(tmp_path, TICKETS, answer="7")
    assert [problem["code"] for problem in report["problems"]] == ["unknown_answer"]
    assert "1: text-classification:text=Ticket text,label=Team" in report["problems"][0]["hint"]


def test_who_names_the_column_of_the_answer_is_not_asked(tmp_path: Path) -> None:
    assert check(tmp_path, TICKETS, columns={"label": "Team"})["labels"] == {"App": 16, "Billing": 16, "Logistics": 16}
    asked = check(tmp_path, TICKETS, "text-classification", columns={"text": "Ticket text"})
    assert len(asked["question"]["options"]) == 2


def test_second_best_reading_is_reported(tmp_path: Path) -> None:
    rows = [
        {
            "instruction": f"How long does tea {n} steep?",
            "response": f"It steeps {n} minutes.",
            "category": TEAMS[n % 3],
        }
        for n in range(48)
    ]
    report = check(tmp_path, rows)
    assert report["task"] == "instruction" and report["runner_up"]["columns"]["label"] == "category"
    assert check(tmp_path, rows, answer=report["runner_up"]["answer"])["labels"]["App"] == 16


def test_answers_marked_false_are_never_learned_as_good_ones(tmp_path: Path) -> None:
    asked = check(tmp_path, PAIRS)
    assert [problem["code"] for problem in asked["problems"]] == ["several_readings"]
    report = check(tmp_path, PAIRS, answer="2")
    assert (report["task"], report["rows"]) == ("instruction", {"total": 48, "usable": 24, "excluded": 24})
    # Who insists on all rows gets a note of what they learn.
    reported = check(tmp_path, PAIRS, "instruction", columns={"prompt": "prompt", "response": "completion"})
    assert reported["rows"]["usable"] == 48 and "mark_not_obeyed" in [
        problem["code"] for problem in reported["problems"]
    ]


def test_rows_that_the_file_rejects_are_left_out_and_can_come_back(owner: str, tmp_path: Path) -> None:
    dataset = imports.import_file(owner, (written(tmp_path, MARKED), "prodigy.jsonl"))
    version = datasets.latest_version(dataset)
    [marked] = [problem for problem in version.report["problems"] if problem["code"] == "marked_rows"]
    assert version.usable_rows == 24 and marked["count"] == 24 and marked["rows"][:4] == [3, 4, 7, 8]
    assert load_exclusions(storage.dataset_dir(version.id)).count == 24
    from app.services.datasets import changes
    from app.services.datasets.row_search import Selection

    back = changes.change(owner, dataset.id, [changes.Include(Selection(excluded=True))], version=1)
    assert datasets.latest_version(back).usable_rows == 48


def test_choice_is_kept_with_the_version_and_for_the_next_file(owner: str, tmp_path: Path) -> None:
    path = written(tmp_path, TICKETS)
    dataset = imports.import_file(owner, (path, "tickets.jsonl"), options=ImportOptions(answer="1"))
    version = datasets.latest_version(dataset)
    assert version.columns["label"] == "Team"
    assert version.change["answer"] == version.report["answer"] == "text-classification:text=Ticket text,label=Team"
    assert "You chose “Sort texts into categories”" in version.change["summary"]
    again = datasets.latest_version(imports.import_file(owner, (path, "more.jsonl")))
    assert again.columns["label"] == "Team" and again.change["remembered"]


def test_choice_of_rows_is_asked_again_for_the_next_file(owner: str, tmp_path: Path) -> None:
    path = written(tmp_path, PAIRS)
    imports.import_file(owner, (path, "thumbs.jsonl"), options=ImportOptions(answer="2"))
    with pytest.raises(Rejected, match="more than one way"):
        imports.import_file(owner, (path, "more.jsonl"))


def test_file_waits_until_it_is_answered(owner: str, tmp_path: Path) -> None:
    staged = imports.stage(owner, written(storage.uploads_dir(), TICKETS), "tickets.jsonl")
    nothing = {"name": None, "task_type": None, "columns": None, "answer": None}
    with pytest.raises(Rejected) as asked:
        requests.begin_import(owner, staged, nothing)
    assert asked.value.details["staged"] == staged and datasets.list_datasets(owner) == []
    assert len(requests.staged_file(owner, staged)["error"]["details"]["question"]["options"]) == 2
    made = requests.begin_import(owner, staged, {**nothing, "answer": "1"}).dataset
    assert made is not None and datasets.latest_version(made).columns["label"] == "Team"


def test_chosen_rows_stay_chosen_when_the_file_is_read_again(owner: str) -> None:
    path = written(storage.uploads_dir(), PAIRS)
    dataset = imports.import_file(owner, (path, "thumbs.jsonl"), options=ImportOptions(answer="2"))
    again = datasets.latest_version(readings.read_again(owner, dataset.id, Choices()))
    assert (again.number, again.usable_rows, again.task_type) == (2, 24, "instruction")


REMARKS = [
    {
        "text": f"Remark number {n} of the thread",
        "toxic": n % 2,
        "insult": n % 3 == 0,
        "is_test": n % 5 == 0,
        "labels": ("spam; bot", "bot; new", "new", "spam")[n % 4],
    }
    for n in range(48)
]


def test_columns_of_labels_that_a_person_left_out_stay_out(tmp_path: Path) -> None:
    given = {"text": "text", "label:toxic": "toxic", "label:insult": "insult"}
    report = check(tmp_path, REMARKS, "multi-label-classification", columns=given)
    assert report["columns"] == given and sorted(report["labels"]) == ["insult", "toxic"]
    without = [{name: cell for name, cell in row.items() if name != "labels"} for row in REMARKS]
    assert check(tmp_path, without, "multi-label-classification", columns=given)["columns"] == given
    # Who names the text alone still gets the rest from the cells.
    assert "labels:;" in check(tmp_path, REMARKS, "multi-label-classification", columns={"text": "text"})["columns"]
