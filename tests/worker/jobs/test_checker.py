"""The process that makes a version of a dataset: how it ends, and how often it notes its progress."""

import json
from pathlib import Path

import pytest

from app.db import transaction
from app.models import Job
from app.services.datasets import checks, datasets, imports
from app.services.datasets.dataset_jobs import IMPORT, DatasetJob
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from tests.app.written_files import as_csv
from worker.jobs import checker
from worker.jobs.checker import _ProgressFile
from worker.jobs.checking import REFUSED, CheckProcess


def claimed(owner: str, staged: str) -> Claim:
    """A claim of a check that imports this staged file."""
    check = checks.start(owner, DatasetJob(IMPORT, "", {"staged": staged, "name": "Sent"}))
    claim = jobs.claim(check["job_id"])
    assert claim is not None
    return claim


def test_refusal_and_lost_claim_end_with_codes_of_their_own(owner: str, tmp_path: Path) -> None:
    sent = tmp_path / "sent.csv"
    sent.write_bytes(as_csv([[f"question {n} about it", "ab"[n % 2]] for n in range(60)]))
    staged = imports.stage(owner, sent, "sent.csv")
    imports.read_staged(owner, staged)
    # The first names a file that is not there; another worker has taken the second over.
    claims = [claimed(owner, "0" * 32), claimed(owner, staged)]
    with transaction() as session:
        session.get_one(Job, claims[1].job_id).fence += 1
    processes = [CheckProcess() for _ in claims]
    for number, (process, claim) in enumerate(zip(processes, claims, strict=True)):
        (tmp_path / str(number)).mkdir()
        process.give(claim, tmp_path / str(number))
    codes = [process.wait(60) for process in processes]
    logs = [(process.end(), process.log_tail)[1] for process in processes]
    assert codes == [REFUSED, 1], logs
    error = json.loads((tmp_path / "0" / "error.json").read_text())
    assert error["error"]["code"] and error["status"] == 404
    assert not (tmp_path / "1" / "error.json").exists() and datasets.list_datasets(owner) == []


def test_process_without_a_job_ends_when_its_worker_is_gone(studio_home: Path) -> None:
    process = CheckProcess()
    process.close_input()
    code = process.wait(60)
    process.end()
    assert code == 0, process.log_tail


def test_progress_is_noted_at_once_for_a_new_phase_and_else_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checker, "NOTE_SECONDS", 3600.0)
    path = tmp_path / "progress.json"
    progress = _ProgressFile(path)
    progress.note("Reading", 0, 100)
    progress.note("Reading", 50, 100)
    assert json.loads(path.read_text()) == {"phase": "Reading", "progress": {"done": 0, "total": 100}}
    progress.note("Writing", 0, 0)
    assert json.loads(path.read_text()) == {"phase": "Writing", "progress": {}}
    monkeypatch.setattr(checker, "NOTE_SECONDS", 0.0)
    progress.note("Writing", 7, 9)
    assert json.loads(path.read_text())["progress"] == {"done": 7, "total": 9}
