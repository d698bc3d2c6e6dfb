"""Bodies of dataset changes become the service's values."""

import pytest
from pydantic import TypeAdapter, ValidationError

from app.errors import Rejected
from app.services.datasets import changes
from app.services.datasets.change_bodies import AnyChange, RowsBody, SplitsBody, parse_changes

CHANGE = TypeAdapter(AnyChange)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"op": "edit", "row_id": 3, "cells": {"text": "new"}}, changes.Edit(3, {"text": "new"})),
        ({"op": "add", "cells": {"text": None}}, changes.Add({"text": None})),
        ({"op": "delete", "rows": {"ids": [1, 2]}}, changes.Delete(RowsBody(ids=[1, 2]).selection())),
        ({"op": "exclude", "rows": {"problem": "p"}}, changes.Exclude(RowsBody(problem="p").selection())),
        ({"op": "include", "rows": {}}, changes.Include(RowsBody().selection())),
        ({"op": "merge_labels", "into": {"Yes": "yes"}}, changes.MergeLabels({"Yes": "yes"})),
    ],
    ids=lambda value: value["op"] if isinstance(value, dict) else "",
)
def test_each_operation_becomes_its_change(body, expected):
    assert CHANGE.validate_python(body).change() == expected


@pytest.mark.parametrize(
    "body",
    [
        {"op": "drop"},
        {"op": "edit", "row_id": -1, "cells": {"a": "b"}},
        {"op": "edit", "row_id": 1, "cells": {}},
        {"op": "delete", "rows": {"ids": [1], "where": "1=1"}},
    ],
)
def test_malformed_changes_are_refused(body):
    with pytest.raises(ValidationError):
        CHANGE.validate_python(body)


def test_selection_keeps_ids_as_a_tuple():
    assert RowsBody(ids=[4, 2]).selection().ids == (4, 2)
    assert RowsBody().selection().ids is None


def test_split_by_group_or_time_needs_a_column():
    for how in ("group", "time"):
        with pytest.raises(Rejected, match="needs a column"):
            SplitsBody(how=how).plan()
    assert SplitsBody(how="group", column="customer").plan().column == "customer"


def test_changes_of_a_page_are_parsed_or_refused_in_words():
    assert parse_changes([{"op": "merge_labels"}]) == [changes.MergeLabels({})]
    for given in ([], [{"op": "edit", "row_id": 1, "cells": {"a": 3}}]):
        with pytest.raises(Rejected, match=r"(should|must) "):
            parse_changes(given)
