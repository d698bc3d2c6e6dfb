"""Requests for data: done at once or as a check, and files that wait for a decision."""

import pytest

from app import storage
from app.errors import NotFound, StudioError
from app.services.datasets import checks, datasets, imports, requests
from app.services.datasets.dataset_jobs import DatasetJob

NOTHING_SAID = {"name": None, "task_type": None, "columns": None}


def staged(user_id, content, name="data.csv"):
    path = storage.uploads_dir() / "incoming"
    path.write_bytes(content)
    staged_id = imports.stage(user_id, path, name)
    path.unlink()
    return staged_id


def test_few_rows_are_imported_at_once_and_many_become_a_check(studio_home, owner, monkeypatch):
    rows = "\n".join(["text,label", *(f"question {n} about it,{'ab'[n % 2]}" for n in range(40))]).encode()
    answer = requests.begin_import(owner, staged(owner, rows), NOTHING_SAID)
    assert answer.check is None and datasets.latest_version(answer.dataset).rows == 40
    monkeypatch.setattr(checks, "SMALL_ROWS", 10)
    waiting = requests.begin_import(owner, staged(owner, rows), NOTHING_SAID)
    assert waiting.dataset is None and waiting.check["state"] == "queued" and waiting.read["preview"]["total"] == 40
    again = requests.run_or_enqueue(owner, DatasetJob("restore", answer.dataset.id, {"number": 1}))
    assert again.dataset is None and again.check["kind"] == "restore"


def test_refused_file_waits_with_its_reason_for_its_owner_only(studio_home, owner):
    staged_id = staged(owner, b"a,b\n1,2\n3,4\n")
    with pytest.raises(StudioError) as refused:
        requests.begin_import(owner, staged_id, NOTHING_SAID)
    assert refused.value.details["staged"] == staged_id
    kept = requests.staged_file(owner, staged_id)
    assert kept["file_name"] == "data.csv" and kept["error"]["code"] == refused.value.code
    assert kept["preview"]["columns"] == ["a", "b"] and kept["reading"]["format"] == "csv"
    with pytest.raises(NotFound):
        requests.staged_file("somebody-else", staged_id)


def test_file_that_nothing_can_be_made_of_is_removed(studio_home, owner):
    staged_id = staged(owner, b"")
    with pytest.raises(StudioError, match="empty"):
        requests.begin_import(owner, staged_id, NOTHING_SAID)
    with pytest.raises(NotFound):
        requests.staged_file(owner, staged_id)
