"""Versions of a dataset: listed, restored, added only to the newest one, read only by their owner."""

import pytest

from app.errors import Conflict, NotFound
from app.services.accounts import accounts
from app.services.datasets import changes
from app.services.datasets.changes import Edit, Exclude
from app.services.datasets.exports import export_report, export_version
from app.services.datasets.row_search import Selection
from app.services.datasets.versions import change_splits, list_versions, read_changes, read_splits, restore
from app.services.profiling.split_plans import SplitPlan
from tests.app.services.datasets.letters import newest, splits_of, table_of


def test_change_on_a_stale_version_and_access_by_others_are_refused(owner, dataset):
    changes.change(owner, dataset.id, [Edit(0, {"text": "mine"})], version=1)
    with pytest.raises(Conflict):
        changes.change(owner, dataset.id, [Edit(0, {"text": "yours"})], version=1)
    other = accounts.add_user("bob").id
    for call in (
        lambda: changes.change(other, dataset.id, [Edit(0, {"text": "x"})]),
        lambda: restore(other, dataset.id, 1),
        lambda: list_versions(other, dataset.id),
        lambda: export_version(other, dataset.id, "csv"),
        lambda: export_report(other, dataset.id),
    ):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(NotFound):
        restore(owner, dataset.id, 9)


def test_restored_version_has_the_content_of_the_old_one(owner, dataset):
    first = newest(dataset)
    changes.change(owner, dataset.id, [Exclude(Selection(problem="empty_text")), Edit(0, {"text": "other"})])
    restored = newest(restore(owner, dataset.id, 1))
    assert restored.content_sha256 == first.content_sha256 and splits_of(restored) == splits_of(first)
    listed = list_versions(owner, dataset.id)
    assert [(version.number, version.change["summary"]) for version in listed][::2] == [
        (3, "Back to version 1."),
        (1, "Imported from x.csv."),
    ]
    assert all(version.author for version in listed)


def test_changed_splits_are_a_version_of_the_same_rows(owner, dataset):
    version = newest(change_splits(owner, dataset.id, SplitPlan(validation=0.2, test=0.3, seed=3)))
    assert table_of(version).equals(table_of(newest(dataset)))
    splits = read_splits(version)
    assert splits["how"] == "stratified 50/20/30" and splits["plan"]["seed"] == 3
    assert splits["sizes"] == {name: len(splits_of(version)[name]) for name in splits["sizes"]}


def test_changes_are_read_by_pages(owner, dataset):
    changes.change(owner, dataset.id, [Exclude(Selection(ids=(1, 2, 3)))])
    first = read_changes(owner, dataset.id, 2, limit=2)
    rest = read_changes(owner, dataset.id, 2, after=first.after, limit=2)
    assert [entry["id"] for entry in [*first.entries, *rest.entries]] == [1, 2, 3]
    assert (first.total, first.after, rest.after) == (3, 2, 3)
