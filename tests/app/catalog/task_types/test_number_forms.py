"""Numbers in cells are read in every plain form, and refused where they could mean two things."""

import pytest

from app.catalog.task_types import number_forms as forms
from app.catalog.task_types.generative import UnusableRow


@pytest.mark.parametrize(
    ("cell", "role", "number"),
    [
        ("0.53", "score", (0.53, "")),
        ("0,53", "score", (0.53, "")),
        ("-2", "score", (-2, "")),
        ("\u22122,5", "score:tone", (-2.5, "")),
        ("1e-3", "score", (0.001, "")),
        (3.5, "score", (3.5, "")),
        ("1.234,5", "score", (1234.5, "")),
        ("1,234.5", "score", (1234.5, "")),
        ("1,234,567", "score", (1234567, "")),
        ("1\u00a0234,5", "score", (1234.5, "")),
        ("1'234.5", "score", (1234.5, "")),
        # The role says what a comma before three digits means, and so what a point means.
        ("1,234", "score,", (1.234, "")),
        ("1,234", "score.", (1234, "")),
        ("1.234", "score,:size", (1234, "")),
        ("1.234", "score", (1.234, "")),
        ("0,123", "score.", (0.123, "")),
        ("53 %", "score", (53, "%")),
        ("4/5", "score", (4, "/5")),
        ("4,5 von 5", "score", (4.5, "/5")),
        ("★★★☆☆", "score", (3, "/5")),
        ("3 stars", "score", (3, "")),
    ],
)
def test_number_is_read_in_every_form(cell: object, role: str, number: tuple[float, str]) -> None:
    assert tuple(forms.read_number(cell, role)) == pytest.approx(number)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (None, "empty_score"),
        ("\u200b", "empty_score"),
        ("1,234", "ambiguous_number"),
        *(
            (cell, "not_a_number")
            for cell in ("nan", "inf", "1e999", "1_000", "1.2.3", "1,2,3", "high", "12 apples", "True")
        ),
    ],
)
def test_what_is_no_number_is_refused_by_name(cell: object, code: str) -> None:
    with pytest.raises(UnusableRow) as refusal:
        forms.read_number(cell)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["1", "2.5"], [""]),
        (["0,5", "1,25"], [","]),
        (["1,234", "2,5"], [","]),
        (["1.234,5"], [","]),
        (["1,234", "12.5"], ["."]),
        (["1,234", "1,234,567"], ["."]),
        (["1,234", "999"], [",", "."]),
    ],
)
def test_column_says_what_its_commas_mean(cells: list[str], found: list[str]) -> None:
    assert forms.endings(cells) == found


def test_answers_are_stored_without_losing_a_digit() -> None:
    assert forms.as_text(["a"], [1 / 3]) == "0.3333333333333333" and forms.of_text("0.25") == {"": 0.25}
    assert forms.of_text(forms.as_text(["a", "b"], [0.1, 2])) == {"a": 0.1, "b": 2.0}


def test_columns_of_numbers_are_those_of_their_roles() -> None:
    columns = {"text": "t", "score,:a": "A", "score:b": "B", "scores": "C"}
    assert forms.score_columns(columns) == ["A", "B"]
