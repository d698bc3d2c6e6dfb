"""Which columns are taken for source and target."""

import pytest

from app.catalog.task_types.candidates import CLOSE, ranked
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.instruction import Instruction
from app.catalog.task_types.text_to_text import TextToText
from app.catalog.task_types.text_to_text_columns import candidates, swapped

LONG = "The old mill by river number {} was built of red brick and stands to this day."


def table(**columns: str) -> TableFacts:
    """Thirty rows; ``{}`` in a cell becomes the row's number."""
    rows = [{name: cell.format(number) for name, cell in columns.items()} for number in range(30)]
    return TableFacts(tuple(columns), rows)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("source", "target"),
        ("article", "highlights"),
        ("text", "summary"),
        ("dialogue", "summary"),
        ("meaning_representation", "human_reference"),
        ("mr", "ref"),
    ],
)
def test_usual_names_are_found_whatever_stands_beside_them(source: str, target: str) -> None:
    found = candidates(table(id="{}", **{target: "Built of brick {}.", source: LONG}))
    assert [item.columns for item in found] == [{"source": source, "target": target}]


def test_two_languages_are_asked_about_in_both_directions() -> None:
    found = candidates(table(**{"translation.en": LONG, "translation.de": "Die alte Mühle Nummer {} steht noch."}))
    assert [item.columns["source"] for item in found] == ["translation.en", "translation.de"]
    assert all(item.doubt for item in found)


def test_columns_of_instructions_stay_with_instructions() -> None:
    """Alpaca's and Dolly's data, questions with answers, and labels are other tasks."""
    for columns in (
        {"instruction": "Name river {} in a line.", "input": LONG, "output": "Mill {} of brick."},
        {"instruction": "Name river {} here.", "context": LONG, "response": "Mill {}.", "category": "open"},
        {"question": "Who built mill number {}?", "answer": "The miller of place {}."},
        {"text": LONG, "target": "positive"},
    ):
        assert candidates(table(**columns)) == []


def test_names_that_also_mean_a_request_are_close_to_instructions() -> None:
    facts = table(input=LONG, target="Mill {} is old.")
    found = ranked([*Instruction().candidates(facts), *TextToText().candidates(facts)])
    assert {item.task_type for item in found} == {"instruction", "text-to-text"}
    assert abs(found[0].score - found[1].score) < CLOSE


def test_swapped_names_are_seen() -> None:
    assert swapped({"source": "summary", "target": "article"})
    assert not swapped({"source": "article", "target": "summary"})
    assert not swapped({"source": "left", "target": "right"})
