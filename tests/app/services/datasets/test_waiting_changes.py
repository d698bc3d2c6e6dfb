"""Rows show what changes of many rows, which are not saved yet, will make of them."""

from app.services.datasets.changes import Clean, Delete, Exclude, Include, SetColumn
from app.services.datasets.row_search import Selection
from app.services.datasets.waiting_changes import waiting_changes
from tests.app.services.datasets.letters import newest


def test_only_rows_that_are_looked_at_and_selected_change(studio_home, owner, dataset):
    noted = [
        SetColumn(Selection(ids=(1, 2)), "label", "other"),
        Exclude(Selection(problem="empty_text")),
        Delete(Selection(ids=(2,))),
        Include(Selection(ids=(2,))),
        Clean(Selection()),
    ]
    found = waiting_changes(newest(dataset), [0, 1, 2, 100, 101], noted)
    assert found.pop(1) == {"op": "", "cells": {"label": "other"}}
    assert found.pop(2) == {"op": "delete", "cells": {"label": "other"}}
    assert found and all(row == {"op": "exclude", "cells": {}} for row in found.values()) and found.keys() <= {100, 101}
