"""Imports of files: what is stored, what is refused, and that a refused or failed import leaves nothing."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app import storage
from app.db import transaction
from app.errors import Conflict, NotFound, Rejected
from app.services.accounts import accounts, quotas
from app.services.accounts.projects import project_for_new
from app.services.accounts.quotas import QuotaBounds
from app.services.datasets import datasets, imports
from app.services.datasets.imports import ImportOptions
from tests.app.services.datasets.letters import ROWS, folder_of, newest, nothing_stored, splits_of, table_of

REPORT_KEYS = {"status", "format", "encoding", "rows", "task", "columns", "labels", "problems"}


def test_import_stores_rows_splits_and_report(owner, file):
    dataset = datasets.import_file(owner, (file, "My letters.csv"))
    version = datasets.latest_version(dataset)
    table, splits, folder = table_of(version), splits_of(version), folder_of(version)
    assert dataset.name == "My letters" and version.number == 1 and version.file_name == "My letters.csv"
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("_id", "int64"),
        ("_line", "int64"),
        ("text", "string"),
        ("label", "string"),
    ]
    assert table["_id"].to_pylist() == list(range(100)) and table["_line"].to_pylist() == list(range(2, 102))
    assert table["text"].to_pylist() == [text for text, _ in ROWS]
    assert {name: len(splits[name]) for name in ("train", "validation", "test")} == version.split_sizes
    assert version.split_sizes == {"train": 80, "validation": 10, "test": 10}
    assert (splits["seed"], splits["how"]) == (0, "stratified 80/10/10")
    assert storage.read_json(folder / "report.json") == version.report and set(version.report) == REPORT_KEYS
    assert (version.rows, version.usable_rows, version.status, version.format) == (100, 100, "ok", "csv")
    assert version.columns == {"text": "text", "label": "label"} and version.labels == {"a": 50, "b": 50}
    assert version.bytes == file.stat().st_size and len(version.content_sha256) == 64
    json.dumps(datasets.as_dict(dataset))


def test_same_file_and_seed_give_the_same_content_and_share_the_rows_on_disk(owner, file):
    first, second = (datasets.latest_version(datasets.import_file(owner, (file, "a.csv"))) for _ in range(2))
    other = datasets.latest_version(datasets.import_file(owner, (file, "a.csv"), options=ImportOptions(seed=1)))
    assert first.id != second.id and first.content_sha256 == second.content_sha256 != other.content_sha256
    assert splits_of(first) == splits_of(second) != splits_of(other)
    inodes = {(storage.dataset_dir(version.id) / "rows.parquet").stat().st_ino for version in (first, second)}
    assert len(inodes) == 1


def test_two_files_of_one_name_are_two_datasets(owner, file):
    ids = {datasets.import_file(owner, (file, "letters.csv")).id for _ in range(2)}
    assert len(ids) == 2 and [dataset.id in ids for dataset in datasets.list_datasets(owner)] == [True, True]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty_file"),
        ("text,label\n", "no_rows"),
        ("text,label\n" + "a,b\n" * 3, "too_few_rows"),
        ("text,label\n" + "".join(f"t{n},same\n" for n in range(20)), "one_class"),
        ("text,label\n" + "".join(f"t{n},word{n}\n" for n in range(60)), "too_many_labels"),
        ("text,label\n" + ",a\n" * 20, "empty_text"),
        ("a,b,c\n" + "".join(f"text {n} here,other {n} there,third {n} now\n" for n in range(60)), "missing_column"),
        ("text,label\n" + "x,a\ny,b\n" * 20, "too_few_rows"),
    ],
)
def test_refused_file_stores_nothing_and_its_report_has_the_reason(owner, tmp_path, content, code):
    path = tmp_path / "x.csv"
    path.write_text(content)
    with pytest.raises(Rejected) as caught:
        datasets.import_file(owner, (path, "x.csv"))
    assert caught.value.code == code and nothing_stored()
    report = datasets.check_file(path, "x.csv")
    assert report["status"] == "rejected" and set(report) == REPORT_KEYS
    assert code in [problem["code"] for problem in report["problems"]]
    if code not in ("empty_file", "no_rows", "missing_column"):
        assert caught.value.details["report"] == report


def test_failed_insert_of_the_version_leaves_no_files(owner, file):
    refuse = "CREATE TRIGGER full BEFORE INSERT ON dataset_versions BEGIN SELECT RAISE(ABORT, 'no more versions'); END"
    with transaction() as session:
        session.execute(text(refuse))
    with pytest.raises(IntegrityError, match="no more versions"):
        datasets.import_file(owner, (file, "x.csv"))
    assert nothing_stored()


def test_staged_file_is_imported_once_by_its_owner_after_it_was_read(owner, file):
    upload = storage.uploads_dir() / "upload"
    upload.write_bytes(file.read_bytes())
    staged = imports.stage(owner, upload, "letters.csv")
    with pytest.raises(Rejected) as refused:
        imports.import_staged(owner, staged)
    assert refused.value.code == "not_read" and nothing_stored()
    assert imports.read_staged(owner, staged).stored == 100
    with pytest.raises(NotFound):
        imports.import_staged(accounts.add_user("bob").id, staged)
    dataset = imports.import_staged(owner, staged, name="Staged")
    assert dataset.name == "Staged" and (folder_of(newest(dataset)) / imports.ORIGINAL_FILE).exists()
    with pytest.raises(NotFound):
        imports.import_staged(owner, staged)


def test_test_file_counts_in_the_share_of_the_disk(owner, file):
    size = file.stat().st_size
    quotas.set_project_quota(owner, project_for_new(owner), QuotaBounds(max_bytes=2 * size - 1))
    with pytest.raises(Conflict) as refused:
        imports.stage(owner, file, "a.csv", (file, "b.csv"))
    assert refused.value.details["needed_bytes"] == 2 * size and imports.staged_of(owner) == []
    imports.stage(owner, file, "a.csv")


@pytest.mark.parametrize("whose", ["person", "project"])
def test_files_that_wait_pass_no_share_of_the_disk_together(owner, file, whose):
    """Each would fit alone; the second is refused when it is imported, and leaves no version."""
    waiting = [imports.stage(owner, file, "a.csv") for _ in range(2)]
    bounds = QuotaBounds(max_bytes=2 * file.stat().st_size - 1)
    if whose == "person":
        quotas.set_person_quota(owner, owner, bounds)
    else:
        quotas.set_project_quota(owner, project_for_new(owner), bounds)
    for staged_id in waiting:
        imports.read_staged(owner, staged_id)
    imports.import_staged(owner, waiting[0])
    with pytest.raises(Conflict, match=f"most for {'one person' if whose == 'person' else 'it'}"):
        imports.import_staged(owner, waiting[1])
    assert len(datasets.list_datasets(owner)) == len(list((storage.data_dir() / "datasets").iterdir())) == 1
    assert len(imports.staged_of(owner)) == 1
