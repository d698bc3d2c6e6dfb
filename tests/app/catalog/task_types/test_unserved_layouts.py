"""Layouts with several rows for each example."""

import pytest

from app.catalog.task_types.unserved_layouts import (
    argilla_responses,
    inline_marks,
    label_studio_choices,
    numbered_spans,
    turn_rows,
    word_rows,
)
from tests.app.catalog.task_types.tables import GROUPS, ROWS, TEXTS, table


@pytest.mark.parametrize("speakers", [["human", "gpt"], ["Agent", "Customer"], ["user", "assistant"]])
def test_one_row_for_each_message_is_reported(speakers: list[str]) -> None:
    assert turn_rows(table(who=speakers * 20, wrote=TEXTS)) == []


def test_other_groups_are_no_speakers() -> None:
    assert (
        turn_rows(table(who=GROUPS, wrote=TEXTS)) is None and turn_rows(table(who=["user"] * ROWS, wrote=TEXTS)) is None
    )


def test_exported_chat_has_one_row_for_each_message_whoever_writes() -> None:
    times = [f"2024-03-{n % 28 + 1:02d} 10:00" for n in range(ROWS)]
    assert turn_rows(table(time=times, speaker=GROUPS, message=TEXTS)) == []
    assert turn_rows(table(time=times, place=GROUPS, message=TEXTS)) is None


def test_marks_inside_of_texts_are_reported() -> None:
    assert inline_marks(table(text=[f"{text} near [Berlin](city)" for text in TEXTS])) == []
    assert inline_marks(table(text=[f"{text} near <city>Berlin</city>" for text in TEXTS])) == []
    assert inline_marks(table(text=[f"{text}, see [the page](https://example.org/x)" for text in TEXTS])) is None
    assert inline_marks(table(text=[f"<p>{text} is <b>new</b></p>" for text in TEXTS])) is None


def test_one_row_for_each_word_is_reported() -> None:
    assert word_rows(table(word=["Anna", "sleeps"] * 20, tag=["B-PER", "O"] * 20)) == []
    assert word_rows(table(word=["Anna", "sleeps"] * 20, tag=["O", "O"] * 20)) is None
    plain = ["DEVICE", "O", "O", "O"] * 10
    assert word_rows(table(doc=GROUPS, token=["oven", "is", "far", "hot"] * 10, entity=plain)) == []
    assert word_rows(table(text=TEXTS, label=plain)) is None, "whole texts"
    assert word_rows(table(text=TEXTS, label=GROUPS)) is None


def test_numbers_for_marked_spans_are_reported() -> None:
    assert numbered_spans(table(text=TEXTS, label=['[{"start_offset": 0, "end_offset": 4, "label": 7}]'] * ROWS)) == []
    assert numbered_spans(table(text=TEXTS, label=['[{"start": 0, "end": 4, "label": "X"}]'] * ROWS)) is None


def test_full_export_of_label_studio_is_reported() -> None:
    cell = '[{"result": [{"value": {"choices": ["water"]}, "type": "choices"}]}]'
    assert label_studio_choices(table(data=TEXTS, annotations=[cell] * ROWS)) == []
    spans = '[{"result": [{"value": {"start": 0, "end": 4, "labels": ["X"]}, "type": "labels"}]}]'
    assert label_studio_choices(table(text=TEXTS, annotations=[spans] * ROWS)) is None


def test_export_of_argilla_with_labels_in_its_responses_is_reported() -> None:
    cells = ['[{"values": {"label": {"value": "water"}}, "status": "submitted"}]'] * ROWS
    assert argilla_responses(table(text=TEXTS, responses=cells)) == []
    assert argilla_responses(table(text=TEXTS, responses=cells, label=GROUPS)) is None
    assert argilla_responses(table(text=TEXTS, responses=['["yes", "no"]'] * ROWS)) is None


@pytest.mark.parametrize("results", ['["a", 5]', '[{"value": 5}]', '[{"value": "choices"}]'])
def test_odd_results_are_no_export_of_label_studio(results: str) -> None:
    assert label_studio_choices(table(data=TEXTS, annotations=[f'[{{"result": {results}}}]'] * ROWS)) is None
