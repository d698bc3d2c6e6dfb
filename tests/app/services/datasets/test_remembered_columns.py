"""Columns that are remembered: by their names in any order, for one project, the last choice."""

from app.services.accounts import accounts
from app.services.datasets.remembered_columns import ColumnMeaning, recall, remember, with_remembered

FIRST = ColumnMeaning("text-classification", {"text": "body", "label": "kind"})
SECOND = ColumnMeaning("text-classification", {"text": "body", "label": "colour"})


def test_last_choice_is_recalled_for_the_same_columns_in_any_order(owner):
    project = accounts.home_project(owner).id
    remember(project, owner, ["body", "kind", "colour"], FIRST)
    remember(project, owner, ["colour", "body", "kind"], SECOND)
    assert recall(project, ["kind", "colour", "body"]) == SECOND
    assert recall(project, ["kind", "body"]) is None


def test_choice_is_not_recalled_in_another_project(owner):
    other = accounts.add_user("bob").id
    remember(accounts.home_project(owner).id, owner, ["body", "kind"], FIRST)
    assert recall(accounts.home_project(other).id, ["body", "kind"]) is None


def test_given_columns_or_another_task_take_precedence():
    assert with_remembered(FIRST, None, None) == with_remembered(FIRST, FIRST.task_type, {}) == FIRST
    assert with_remembered(FIRST, None, {"text": "kind"}) is None
    assert with_remembered(FIRST, "chat", None) is None and with_remembered(None, None, None) is None
