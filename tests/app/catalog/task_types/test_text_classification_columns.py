"""Which column is the label: by name, by values that recur, and not without asking where neither says it."""

import pytest

from app.catalog.task_types.candidates import question_about, ranked
from app.catalog.task_types.text_classification_columns import candidates, guess_columns
from tests.app.catalog.task_types.tables import FLAGS, GROUPS, OTHERS, ROWS, TEXTS, table

PEOPLE = ["Anna", "Ben"] * (ROWS // 2)
TIMES = ["2024-03-01", "2024-03-02"] * (ROWS // 2)
NUMBERS = [str(("water", "light", "pests", "soil").index(group)) for group in GROUPS]


@pytest.mark.parametrize(
    ("columns", "label"),
    [
        ({"text": TEXTS, "label": GROUPS, "lang": PEOPLE}, "label"),
        ({"Nachricht": TEXTS, "Kategorie": GROUPS, "Bearbeiter": PEOPLE}, "Kategorie"),
        ({"foo": TEXTS, "bar": GROUPS}, "bar"),
        ({"foo": TEXTS, "bar": GROUPS, "Datum": TIMES, "lang": PEOPLE}, "bar"),
        ({"text": TEXTS, "label": NUMBERS, "label_text": GROUPS}, "label_text"),
        ({"text": TEXTS, "label": ["0", "1"] * 20}, "label"),
        ({"headline": TEXTS, "is_sarcastic": FLAGS}, "is_sarcastic"),
    ],
)
def test_clear_label_is_taken(columns: dict[str, list[str]], label: str) -> None:
    found = ranked(candidates(table(**columns)))
    assert found[0].columns["label"] == label and question_about(found) is None


@pytest.mark.parametrize(
    ("columns", "labels", "words"),
    [
        ({"Ticket text": TEXTS, "Team": GROUPS, "Agent": PEOPLE}, ["Team", "Agent"], "no name says which"),
        ({"text": TEXTS, "category": GROUPS, "department": PEOPLE}, ["category", "department"], "'category' or"),
        ({"text": TEXTS, "annotator": FLAGS}, ["annotator"], "wrote or handled a row"),
        ({"text": TEXTS, "Agent": PEOPLE}, ["Agent"], "wrote or handled a row"),
        ({"text": TEXTS, "lang": PEOPLE}, ["lang"], "about the row"),
        ({"col_a": TEXTS, "col_b": OTHERS, "category": GROUPS}, ["category"], "holds the text"),
        ({"text": TEXTS, "Land": PEOPLE}, ["Land"], "about the row"),
        ({"text": TEXTS, "foo": FLAGS}, ["foo"], "no name says what they mean"),
    ],
)
def test_label_that_nothing_names_is_asked_about(columns: dict[str, list[str]], labels: list[str], words: str) -> None:
    question = question_about(ranked(candidates(table(**columns))))
    assert question is not None and words in question.words
    assert [candidate.columns["label"] for candidate in question.candidates] == labels


@pytest.mark.parametrize("column", [TIMES, ["https://example.org/a", "https://example.org/b"] * 20, ["same"] * ROWS])
def test_times_links_and_constants_are_no_labels(column: list[str]) -> None:
    assert candidates(table(text=TEXTS, foo=column)) == []


def test_title_stands_beside_its_text() -> None:
    assert guess_columns(table(title=OTHERS, content=TEXTS, label=GROUPS))["text"] == "content"
    assert guess_columns(table(Betreff=OTHERS, Beschreibung=TEXTS, Abteilung=GROUPS))["text"] == "Beschreibung"


def test_label_beside_request_and_answer_counts_less() -> None:
    beside, alone = table(question=TEXTS, answer=OTHERS, topic=GROUPS), table(text=TEXTS, topic=GROUPS)
    [less], [more] = candidates(beside), candidates(alone)
    assert less.score < more.score


def test_column_called_label_keeps_the_role_though_its_values_do_not_recur() -> None:
    assert guess_columns(table(text=TEXTS, label=[f"id{n}" for n in range(ROWS)])) == {"text": "text", "label": "label"}
    assert guess_columns(table(text=[None] * ROWS, label=GROUPS)) == {"text": "text", "label": "label"}
    assert guess_columns(table(question=TEXTS, answer=OTHERS)) == {"text": "question"}
