"""Work on datasets described as JSON: it does the same as the call that it stands for, also after it was stored."""

import json
from dataclasses import asdict

import pytest

from app.errors import NotFound, Rejected
from app.services.accounts import accounts
from app.services.datasets.changes import Add, Edit, Exclude, SetColumn
from app.services.datasets.dataset_jobs import DATASET_JOBS, DatasetJob, changes_job, perform
from app.services.datasets.row_search import Selection
from tests.app.services.datasets.letters import newest, splits_of


def stored(work: DatasetJob) -> DatasetJob:
    """The work as the database gives it back."""
    return DatasetJob(**json.loads(json.dumps(asdict(work))))


def test_changes_are_applied_after_a_round_trip_through_json(owner, dataset):
    wanted = [
        Edit(0, {"text": "edited"}),
        Add({"text": "added", "label": "a"}),
        SetColumn(Selection(ids=(1, 3)), "label", "a"),
        Exclude(Selection(problem="empty_text")),
    ]
    version = newest(perform(owner, stored(changes_job(dataset.id, wanted, 1))))
    assert version.number == 2 and version.change["counts"] == {"edited": 3, "added": 1, "excluded": 2}


def test_splits_and_restored_versions_are_versions_of_the_same_dataset(owner, dataset):
    changed = newest(perform(owner, stored(DatasetJob("splits", dataset.id, {"how": "ratio", "test": 0.3}))))
    assert len(splits_of(changed)["test"]) > len(splits_of(newest(dataset))["test"])
    restored = newest(perform(owner, stored(DatasetJob("restore", dataset.id, {"number": 1}))))
    assert restored.number == 3 and restored.content_sha256 == newest(dataset).content_sha256


def test_refusals_are_those_of_the_service(owner, dataset):
    with pytest.raises(Rejected) as refused:
        perform(owner, changes_job(dataset.id, [Edit(5000, {"text": "x"})], 1))
    assert refused.value.code == "row_not_found"
    with pytest.raises(NotFound):
        perform(accounts.add_user("bob").id, DatasetJob("restore", dataset.id, {"number": 1}))
    with pytest.raises(NotFound):
        perform(owner, DatasetJob("import", "", {"staged": "none"}))
    assert set(DATASET_JOBS) == {"import", "fetched", "changes", "columns", "splits", "restore", "reading"}
