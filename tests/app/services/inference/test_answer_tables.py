"""Answers of every form become columns beside those of the file."""

import csv
from pathlib import Path
from typing import Any

import pytest

from app.catalog.task_types.scores import AnswerForm
from app.services.datasets.row_tables import store_rows
from app.services.inference import answer_tables

LABELS = {
    "labels": ["bug"],
    "probabilities": {"bug": 0.8, "billing": 0.3},
    "thresholds": {"bug": 0.5, "billing": 0.35},
}
ENTITIES = {"entities": [{"start": 0, "end": 4, "label": "PER", "score": 0.7, "text": "Anna"}], "read_to": 9}


def table(folder: Path, form: AnswerForm, answers: list[Any], order: str = "file") -> list[list[str]]:
    source = folder / "a.csv"
    source.write_text("text,probability\n" + "".join(f"t{number},x\n" for number in range(len(answers))))
    store_rows(folder, (source, "a.csv"))
    answer_tables.discard(folder)
    answer_tables.store_portion(folder, 0, answers[:1])
    answer_tables.store_portion(folder, 1, answers[1:])
    answer_tables.write_tables(folder, form)
    with answer_tables.table_path(folder, order).open(newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def test_columns_do_not_hide_those_of_the_file(studio_home: Path, tmp_path: Path) -> None:
    sure = {"label": "a", "probabilities": {"a": 0.9, "b": 0.1}}
    head, row, _ = table(tmp_path, "label", [sure, {"unanswered": "empty"}])
    assert head[:4] == ["text", "probability", "predicted_label", "probability_2"] and row[1] == "x"


def test_several_labels_have_a_probability_each(studio_home: Path, tmp_path: Path) -> None:
    # 0.30 is nearer to its threshold of 0.35 than anything of the second row.
    clear = {**LABELS, "labels": [], "probabilities": {"bug": 0.1, "billing": 0.1}}
    head, first, _second = table(tmp_path, "labels", [clear, LABELS], "unsure")
    assert head[2:] == ["predicted_labels", "probability: billing", "probability: bug", "no_answer_because"]
    assert first[2:] == ["bug", "0.3000", "0.8000", ""]


def test_marked_words_are_json(studio_home: Path, tmp_path: Path) -> None:
    _head, row, _ = table(tmp_path, "entities", [ENTITIES, {**ENTITIES, "entities": []}])
    assert '"label": "PER"' in row[2] and row[3] == "9"


def test_numbers_have_a_column_for_each_target(studio_home: Path, tmp_path: Path) -> None:
    answers = [{"numbers": {"stars": 4.25, "price": -1200.5}}, {"numbers": {"stars": 1.0, "price": 0.125}}]
    head, row, _ = table(tmp_path, "number", answers)
    assert head[2:4] == ["predicted: stars", "predicted: price"] and row[2:4] == ["4.25", "-1200.5"]


def test_written_targets_say_whether_their_source_was_cut(studio_home: Path, tmp_path: Path) -> None:
    head, row, _ = table(tmp_path, "target", [{"text": "When was it built?", "cut": True}, {"unanswered": "empty"}])
    assert head[2:] == ["written", "source_cut", "no_answer_because"] and row[2:] == ["When was it built?", "yes", ""]


@pytest.mark.parametrize("form", sorted(answer_tables.CELLS))
def test_file_without_any_answer_still_has_its_rows(studio_home: Path, tmp_path: Path, form: AnswerForm) -> None:
    head, *rows = table(tmp_path, form, [{"unanswered": "empty"}] * 2)
    assert head == ["text", "probability", "no_answer_because"] and [row[-1] for row in rows] == ["empty"] * 2
