"""Saved items: one row for each name of a person, a maximum, and nothing of other people."""

import pytest

from app.errors import NotFound, Rejected
from app.models_saved import PromptSuite
from app.services.accounts.saved_items import SavedItems
from tests.factories import make_user

SUITES = SavedItems(PromptSuite, "suite", "No suite {id!r}.", max_items=2)


def test_saving_a_name_again_replaces_its_row(any_database: str, owner: str) -> None:
    first = SUITES.save(owner, "Basics", prompts=["One?"])
    again = SUITES.save(owner, "Basics", prompts=["Two?"])
    assert again.id == first.id
    assert [(suite.name, suite.prompts) for suite in SUITES.list_of(owner)] == [("Basics", ["Two?"])]


def test_items_are_listed_by_name_up_to_a_maximum(owner: str) -> None:
    for name in ("b", "a"):
        SUITES.save(owner, name, prompts=["?"])
    assert [suite.name for suite in SUITES.list_of(owner)] == ["a", "b"]
    with pytest.raises(Rejected, match="2 suites") as refused:
        SUITES.save(owner, "c", prompts=["?"])
    assert refused.value.code == "too_many_suites"
    SUITES.save(owner, "a", prompts=["!"])


def test_items_of_others_are_neither_listed_nor_removed(owner: str) -> None:
    mine, other = SUITES.save(owner, "mine", prompts=["?"]), make_user("other")
    assert SUITES.list_of(other) == []
    with pytest.raises(NotFound, match=mine.id) as refused:
        SUITES.remove(other, mine.id)
    assert refused.value.code == "suite_not_found"
    SUITES.remove(owner, mine.id)
    assert SUITES.list_of(owner) == []
