"""Names of columns are the same whatever their case, accents and joiners."""

import pytest

from app.catalog.task_types import column_names as names


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Full-Text", "full_text"),
        (" Catégorie ", "categorie"),
        ("S\u0131n\u0131f", "sinif"),
        ("问题", "问题"),
        ("Sentence #", "sentence"),
    ],
)
def test_writing_does_not_matter(name: str, key: str) -> None:
    assert names.name_key(name) == key


def test_first_name_that_occurs_is_found() -> None:
    assert names.find_column(["Output", "Full-Text"], ["full_text", "output"]) == "Full-Text"
    assert names.find_column(["a", "A"], ["a"]) == "a"
    assert names.find_column(["a", "b"], ["a", "b"], taken=["a"]) == "b"
    assert names.find_column(["a"], ["c"]) is None


def test_part_of_a_name_is_less_than_the_name() -> None:
    assert names.is_named("issue_label", names.LABELS) and not names.is_called("issue_label", names.LABELS)
    assert names.is_called("Étiquette", names.LABELS) and not names.is_named("labelling", names.LABELS)
