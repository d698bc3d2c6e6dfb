"""Two texts as one input."""

from app.catalog.task_types.text_pairs import in_any_order, input_of, written

COLUMNS = {"text": "a", "text_pair": "b", "label": "l"}


def test_an_input_is_one_text_or_two() -> None:
    row = {"a": "Grüße", "b": None, "l": "x"}
    assert input_of(row, {"text": "a", "label": "l"}) == "Grüße" == written("Grüße")
    assert input_of(row, COLUMNS) == ("Grüße", "") and written(("Grüße", "")) == '["Grüße", ""]'


def test_two_texts_are_the_same_in_either_order() -> None:
    one, other, third = ({"a": a, "b": b} for a, b in (("My  card", "x"), ("X ", "my card"), ("my card", "y")))
    assert in_any_order(one, COLUMNS) == in_any_order(other, COLUMNS) != in_any_order(third, COLUMNS)
