"""Access to test rows: added up over versions and users' looks, only for one's own datasets."""

import pytest

from app.errors import NotFound
from app.services.accounts import accounts
from app.services.datasets import changes, holdout_access
from app.services.datasets.changes import Edit
from tests.app.services.datasets.letters import newest, splits_of


def test_looks_and_changes_add_up_over_versions(owner, dataset):
    assert holdout_access.summary(owner, dataset.id) == {"looks": 0, "rows_seen": 0, "rows_changed": 0}
    for rows in (3, 8):
        holdout_access.record_access(owner, dataset.id, 1, rows)
    changes.change(owner, dataset.id, [Edit(splits_of(newest(dataset))["test"][0], {"text": "new words"})])
    total = holdout_access.record_access(owner, dataset.id, None, 2)
    assert total == {"looks": 3, "rows_seen": 13, "rows_changed": 1} == holdout_access.summary(owner, dataset.id)


def test_ids_are_those_of_the_test_split(dataset):
    version = newest(dataset)
    assert holdout_access.test_ids(version.id).tolist() == splits_of(version)["test"]


def test_access_to_another_users_rows_or_an_unknown_version_is_refused(owner, dataset):
    with pytest.raises(NotFound):
        holdout_access.record_access(accounts.add_user("bob").id, dataset.id, 1, 1)
    with pytest.raises(NotFound, match="no version 7"):
        holdout_access.record_access(owner, dataset.id, 7, 1)
