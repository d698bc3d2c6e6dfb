"""Rows with errors stop a run until somebody decided about them."""

import pytest

from app.errors import Conflict
from app.services.datasets import row_errors
from app.services.datasets.versions import list_versions, restore
from tests.app.services.datasets.letters import newest

# Two empty texts, an empty label; the duplicate row is no error.
ERRORS = 3


def test_undecided_rows_refuse_a_run_by_name(dataset):
    version = newest(dataset)
    assert row_errors.undecided(version) == ERRORS
    with pytest.raises(Conflict, match="3 rows of the data cannot be used") as refused:
        row_errors.require_decided(version)
    assert refused.value.code == "rows_undecided" and refused.value.details["rows"] == ERRORS
    lines = {problem["code"]: problem["rows"] for problem in refused.value.details["problems"]}
    assert lines == {"empty_text": [102, 103], "empty_label": [104]}


def test_leaving_errors_out_adds_a_version_that_a_run_may_use(owner, dataset):
    version = row_errors.version_for_run(owner, newest(dataset), leave_out=True)
    assert version.number == 2 and version.change["counts"] == {"excluded": ERRORS}
    assert row_errors.undecided(version) == 0
    assert row_errors.version_for_run(owner, version, leave_out=True).number == 2
    restored = newest(restore(owner, dataset.id, 1))
    with pytest.raises(Conflict):
        row_errors.version_for_run(owner, restored, leave_out=False)
    assert len(list_versions(owner, dataset.id)) == 3
