"""Ways of writing one label."""

import pytest

from app.catalog.task_types.label_forms import label_key, merged_forms, variants


@pytest.mark.parametrize(
    "label",
    ["Card Arrival", " card  arrival", "card_arrival", "card-arrival", "CARD\u2011ARRIVAL", "card\u200b arrival"],
)
def test_case_spaces_hyphens_and_hidden_characters_do_not_count(label: str) -> None:
    assert label_key(label) == "card arrival"


def test_unicode_forms_of_one_letter_are_alike_and_accents_are_not() -> None:
    assert label_key("Ｃａｆé") == label_key("cafe\u0301") == "café" != label_key("cafe")


def test_variants_are_grouped_from_the_commonest() -> None:
    counts = {"b": 1, "B": 3, "a-x": 2, "a x": 2, "c": 9, "\u200b": 1, " ": 2}
    # Labels without anything to see have no key; of equally common ones the first in the alphabet leads.
    assert variants(counts) == [["B", "b"], ["a x", "a-x"]]


def test_every_variant_gets_the_commonest_way_without_spaces_around_it() -> None:
    assert merged_forms({" yes ": 5, "Yes": 2, "no": 1}) == {" yes ": "yes", "Yes": "yes"}
