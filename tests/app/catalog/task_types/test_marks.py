"""Columns in which a labelling tool says which rows count."""

import pytest

from app.catalog.task_types.candidates import Keep
from app.catalog.task_types.marks import find_mark, unread_marks
from tests.app.catalog.task_types.tables import ROWS, TEXTS, table


@pytest.mark.parametrize(
    ("name", "values", "keep"),
    [
        ("answer", ["accept", "reject"], Keep("answer", ("accept",))),
        ("Answer", ["accept", "ignore"], Keep("Answer", ("accept",))),
        ("status", ["submitted", "discarded"], Keep("status", ("submitted",))),
        # Loans that were accepted or refused are labels.
        ("status", ["approved", "rejected"], None),
        ("decision", ["accept", "reject"], None),
        ("answer", ["reject", "ignore"], None),
    ],
)
def test_mark_is_found_by_name_and_values(name: str, values: list[str], keep: Keep | None) -> None:
    assert find_mark(table(**{"text": TEXTS, name: values * (ROWS // 2)})) == keep


def test_columns_that_say_how_to_learn_a_row_are_named_if_nothing_reads_them() -> None:
    data = table(text=TEXTS, weight=["0.5"] * ROWS, tools=["[]"] * ROWS, Split=["train"] * ROWS, label=["a"] * ROWS)
    assert unread_marks(data, {"text", "label"}) == ["weight", "Split"]
    assert unread_marks(data, {"text", "weight", "Split"}) == []
