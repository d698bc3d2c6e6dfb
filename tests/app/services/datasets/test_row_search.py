"""Rows of a version found by problem, text, value or exclusion."""

import pytest

from app.errors import Rejected
from app.services.datasets.changes import Exclude, change
from app.services.datasets.row_search import Selection, find_ids, find_rows
from tests.app.services.datasets.letters import codes, folder_of, newest, splits_of


def test_rows_of_a_problem_are_paged_with_their_cells(owner, dataset):
    assert codes(newest(dataset)) == {"empty_text": 2, "empty_label": 1, "duplicate_rows": 1}
    page = find_rows(folder_of(newest(dataset)), Selection(problem="empty_text"), limit=1)
    assert [(row["_line"], row["cells"]) for row in page.rows] == [(102, {"text": "", "label": "a"})]
    assert page.matching == 2
    rest = find_rows(folder_of(newest(dataset)), Selection(problem="empty_text"), after=page.after, limit=1)
    assert [row["_line"] for row in rest.rows] == [103] and rest.after is None


def test_selection_by_text_value_and_exclusion(owner, dataset):
    folder = folder_of(newest(dataset))
    assert find_ids(folder, Selection(search="FRUIT", column="label", value=" b ")) == list(range(1, 100, 2))
    assert find_ids(folder, Selection(ids=(3, 101), problem="empty_text")) == [101]
    excluded = folder_of(newest(change(owner, dataset.id, [Exclude(Selection(problem="empty_text"))])))
    assert find_ids(excluded, Selection(excluded=True)) == [100, 101]
    assert find_ids(excluded, Selection(search="number 7 ", excluded=False)) == [7]


def test_rows_of_the_test_split_are_marked(dataset):
    version = newest(dataset)
    page = find_rows(folder_of(version), Selection(), limit=200)
    assert [row["_id"] for row in page.rows if row["test"]] == splits_of(version)["test"]


def test_selection_by_an_unknown_column_is_refused(dataset):
    with pytest.raises(Rejected) as refused:
        find_ids(folder_of(newest(dataset)), Selection(column="nowhere", value="x"))
    assert refused.value.code == "missing_column"
