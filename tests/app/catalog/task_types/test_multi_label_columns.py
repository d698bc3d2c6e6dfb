"""Tables that give several labels to a text are recognised, and others are not."""

import pytest

from app.catalog.task_types.candidates import question_about, ranked
from app.catalog.task_types.multi_label_columns import candidates, role_columns
from app.catalog.task_types.text_classification import TextClassification
from tests.app.catalog.task_types.tables import TEXTS, table

ROWS = len(TEXTS)
LISTS = ['["a", "b"]', '["b"]', "[]", '["c", "a"]'] * (ROWS // 4)
FLAGS = ["0", "1"] * (ROWS // 2)
GROUPS = ["a", "b", "c", "a"] * (ROWS // 4)


@pytest.mark.parametrize(
    ("columns", "roles"),
    [
        ({"text": TEXTS, "labels": LISTS}, {"labels": "labels"}),
        ({"Meldung": TEXTS, "Schlagworte": LISTS}, {"labels": "Schlagworte"}),
        ({"text": TEXTS, "labels": ["a, b", "b, c", "c", "a"] * 10}, {"labels:,": "labels"}),
        ({"text": TEXTS, "Kategorien": ["a; b", "b; c", "c", "a"] * 10}, {"labels:;": "Kategorien"}),
        ({"Meldung": TEXTS, "Schlagworte": ["a, b", "b, c", "c", "a"] * 10}, {"labels:,": "Schlagworte"}),
        ({"text": TEXTS, "category": ["a + b", "b + c", "c", "a"] * 10}, {"labels:+": "category"}),
        ({"text": TEXTS, "label": ["red, dark", "dark, light", "light, red", "red"] * 10}, {"labels:,": "label"}),
        (
            {"Text": TEXTS, "Lärm": ["ja", "nein"] * 20, "Leck": ["nein", "nein", "ja", "ja"] * 10},
            {"label:Lärm": "Lärm", "label:Leck": "Leck"},
        ),
        (
            {"text": TEXTS, "water": FLAGS, "light": FLAGS[::-1], "pests": ["0"] * ROWS},
            {"label:water": "water", "label:light": "light", "label:pests": "pests"},
        ),
        # A rare label that no row of the sample has is a label too, in whatever words the others are written.
        (
            {"Text": TEXTS, "Lärm": ["ja", "nein"] * 20, "Brand": ["nein"] * ROWS, "Leck": ["False"] * ROWS},
            {"label:Lärm": "Lärm", "label:Brand": "Brand", "label:Leck": "Leck"},
        ),
        (
            {"Text": TEXTS, "Noise": ["x", ""] * 20, "Leak": ["", "", "x", "x"] * 10},
            {"label:Noise": "Noise", "label:Leak": "Leak"},
        ),
        (
            {"text": TEXTS, "label1": GROUPS, "label2": GROUPS[::-1]},
            {"value:label1": "label1", "value:label2": "label2"},
        ),
        ({"text": TEXTS, "label": GROUPS}, None),
        ({"text": TEXTS, "labels": ["a", "[b"] * 20}, None),
        ({"tokens": ['["Anna", "slept"]'] * ROWS, "labels": ['["B-X", "O"]'] * ROWS}, None),
        # One label with a comma in it has the same company everywhere.
        ({"text": TEXTS, "label": ["water, too much", "light, too little"] * 20}, None),
        ({"text": TEXTS, "label": ["Paris, France", "Rome, Italy"] * 20}, None),
    ],
)
def test_columns_of_labels_are_found(columns: dict[str, list[str]], roles: dict[str, str] | None) -> None:
    found = candidates(table(**columns))
    assert [{role: name for role, name in item.columns.items() if role != "text"} for item in found] == (
        [roles] if roles else []
    )
    if roles:
        assert role_columns(found[0].columns) == list(roles.values())


def test_reading_them_as_one_label_is_no_question_but_stays_possible() -> None:
    joined = table(text=TEXTS, labels=["a; b", "b; c", "c", "a"] * 10)
    found = ranked([*TextClassification().candidates(joined), *candidates(joined)])
    assert [item.task_type for item in found] == ["multi-label-classification", "text-classification"]
    assert question_about(found) is None


def test_flags_beside_a_column_that_could_be_the_label_are_asked_about() -> None:
    mails = table(message=TEXTS, priority=GROUPS, is_vip=FLAGS, has_attachment=FLAGS[::-1])
    question = question_about(ranked([*TextClassification().candidates(mails), *candidates(mails)]))
    assert question is not None and "'priority' could be the label as well." in question.words
    offered = [item.columns for item in question.candidates]
    assert {"text": "message", "label": "priority"} in offered
    assert {"text": "message", "label:is_vip": "is_vip", "label:has_attachment": "has_attachment"} in offered


def test_two_people_who_label_alike_are_asked_about() -> None:
    # They differ in one row of four.
    alike = table(text=TEXTS, label_1=["a", "b", "c", "a"] * 10, label_2=["a", "b", "c", "b"] * 10)
    question = question_about(ranked([*TextClassification().candidates(alike), *candidates(alike)]))
    assert question is not None and "'label_1', 'label_2' mostly say the same" in question.words
    assert {"text": "text", "label": "label_1"} in [item.columns for item in question.candidates]
