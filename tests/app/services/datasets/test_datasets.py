"""A person's datasets: check without storing, change columns, preview, list, archive; each only by its owner."""

import pytest

from app import storage
from app.errors import NotFound, Rejected
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.services.datasets.imports import ImportOptions
from tests.app.services.datasets.letters import ROWS, nothing_stored, splits_of, table_of, write

REPORT_KEYS = {"status", "format", "encoding", "rows", "task", "columns", "labels", "problems"}


def test_check_returns_the_report_of_an_import_and_stores_nothing(owner, file):
    report = datasets.check_file(file, "letters.csv")
    assert nothing_stored() and report["status"] == "ok"
    assert datasets.latest_version(datasets.import_file(owner, (file, "letters.csv"))).report == report


def test_unknown_task_type_is_refused(owner, file):
    for call in (datasets.check_file, lambda path, name, **kw: datasets.import_file(owner, (path, name), **kw)):
        with pytest.raises(Rejected) as caught:
            call(file, "a.csv", task_type="no-such")
        assert caught.value.code == "unknown_task_type"


def test_change_columns_makes_a_version_and_leaves_the_old_one(owner, tmp_path):
    path = write(
        tmp_path / "x.csv", [(*row, "cd"[n % 3 == 0]) for n, row in enumerate(ROWS)], ("text", "label", "other")
    )
    dataset = datasets.import_file(owner, (path, "x.csv"), options=ImportOptions(seed=5))
    before = datasets.latest_version(dataset)
    changed = datasets.change_columns(owner, dataset.id, "text-classification", {"text": "text", "label": "other"})
    after = datasets.latest_version(changed)
    assert [version.number for version in changed.versions] == [1, 2] and changed.versions[0].labels == before.labels
    assert set(after.labels) == {"c", "d"} and after.content_sha256 != before.content_sha256
    assert table_of(after).equals(table_of(before)) and splits_of(after)["seed"] == 5
    with pytest.raises(Rejected):
        datasets.change_columns(owner, dataset.id, "text-classification", {"text": "nowhere"})
    assert len(datasets.get_dataset(owner, dataset.id).versions) == 2
    assert len(list((storage.data_dir() / "datasets").iterdir())) == 2


def test_preview_has_the_first_rows_as_read(owner, tmp_path):
    path = write(tmp_path / "x.csv", [("=1+1", "a"), *ROWS])
    dataset = datasets.import_file(owner, (path, "x.csv"))
    shown = datasets.preview(owner, dataset.id, limit=2)
    assert shown["columns"] == ["text", "label"]
    assert shown["rows"] == [
        {"_line": 2, "text": "=1+1", "label": "a"},
        {"_line": 3, "text": ROWS[0][0], "label": ROWS[0][1]},
    ]
    assert len(datasets.preview(owner, dataset.id, limit=200)["rows"]) == 101


def test_other_users_find_nothing(owner, file):
    dataset = datasets.import_file(owner, (file, "a.csv"))
    other = accounts.add_user("bob").id
    assert datasets.list_datasets(other) == []
    for call in (
        lambda: datasets.get_dataset(other, dataset.id),
        lambda: datasets.preview(other, dataset.id),
        lambda: datasets.archive(other, dataset.id),
        lambda: datasets.change_columns(other, dataset.id, "text-classification", {}),
    ):
        with pytest.raises(NotFound):
            call()
    assert not datasets.get_dataset(owner, dataset.id).archived


def test_archived_datasets_leave_the_list_but_can_be_read(owner, file):
    listed, hidden = (datasets.import_file(owner, (file, "a.csv"), name=name) for name in ("Kept", " Hid\nden "))
    datasets.archive(owner, hidden.id)
    assert [dataset.name for dataset in datasets.list_datasets(owner)] == ["Kept"]
    assert datasets.get_dataset(owner, hidden.id).name == "Hid den" and listed.id != hidden.id


def test_unknown_sample_is_not_found(owner):
    with pytest.raises(NotFound):
        datasets.import_sample(owner, "no-such")
