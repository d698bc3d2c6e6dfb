"""Several labels of one text, however they are written."""

import pytest

from app.catalog.task_types.generative import UnusableRow
from app.catalog.task_types.label_sets import as_text, read_set, written


@pytest.mark.parametrize(
    ("role", "cell", "labels"),
    [
        ("labels", '["bug", "billing", "bug"]', ("billing", "bug")),
        ("labels", "['bug', 'billing']", ("billing", "bug")),
        ("labels", '{"bug": 0.9, "billing": 0.2}', ("bug",)),
        ("labels", '[{"name": "bug"}]', ("bug",)),
        ("labels", "[]", ()),
        ("labels", "billing; bug", ("billing", "bug")),
        ("labels", "billing, bug", ("billing", "bug")),
        # Who knows the separator keeps what else looks like one.
        ("labels:;", "Paris, France;Rome, Italy", ("Paris, France", "Rome, Italy")),
        ("labels: and ", "light and water", ("light", "water")),
        ("labels:/", "bug", ("bug",)),
    ],
)
def test_cell_is_read_as_the_labels_that_it_holds(role: str, cell: str, labels: tuple[str, ...]) -> None:
    assert read_set({"c": cell}, {"text": "t", role: "c"}) == labels


def test_columns_of_yes_and_no_name_the_labels() -> None:
    columns = {"text": "t", "label:water": "W", "label:light": "L", "label:pests": "P"}
    assert read_set({"t": "x", "W": "1", "L": "no", "P": "x"}, columns) == ("pests", "water")
    assert read_set({"t": "x", "W": "0", "L": None, "P": ""}, columns) == ()


def test_columns_with_a_label_each_are_taken_together() -> None:
    assert read_set({"a": "bug", "b": None}, {"value:a": "a", "value:b": "b"}) == ("bug",)


def test_list_and_columns_of_yes_and_no_are_taken_together() -> None:
    columns = {"text": "t", "label:toxic": "toxic", "labels:;": "more"}
    assert read_set({"toxic": "1", "more": "spam; insult"}, columns) == ("insult", "spam", "toxic")
    assert read_set({"toxic": "0", "more": "spam"}, columns) == ("spam",)


@pytest.mark.parametrize(
    ("row", "columns", "code"),
    [
        ({"c": ""}, {"labels": "c"}, "empty_label"),
        ({"c": None}, {"labels:;": "c"}, "empty_label"),
        ({"c": "[[1, 2]]"}, {"labels": "c"}, "not_a_list"),
        ({"c": "maybe"}, {"label:c": "c"}, "not_yes_or_no"),
    ],
)
def test_what_cannot_be_read_is_said(row: dict, columns: dict, code: str) -> None:
    with pytest.raises(UnusableRow) as caught:
        read_set(row, columns)
    assert caught.value.code == code


def test_labels_are_written_as_they_were_read() -> None:
    assert as_text(["b", "ä"]) == '["b", "ä"]'
    assert written(["b", "a"], "labels") == '["a", "b"]' and written(["b", "a"], "labels:;") == "a;b"
