"""A job file is read as it was written; files of earlier versions are read too."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.catalog.job_file import NAME, JobFile


def job_in(folder: Path, **more: object) -> JobFile:
    paths = {"rows": "/rows", "splits": "/splits", "cache": "/cache", "base_model": "/base"}
    return JobFile.model_validate({"folder": folder, "run_id": "r1", "spec": {"name": "Böse"}, **paths, **more})


def test_reading_gives_what_was_written(tmp_path: Path) -> None:
    job = job_in(tmp_path, resume_from="/step", devices=2, parents=["/a", "/b"], max_seconds=7.5)
    job.write()
    assert JobFile.read(tmp_path) == job
    assert "folder" not in json.loads((tmp_path / NAME).read_text())


def test_copied_file_takes_the_folder_it_lies_in(tmp_path: Path) -> None:
    job_in(tmp_path).write()
    (moved := tmp_path / "attempt-7").mkdir()
    (tmp_path / NAME).rename(moved / NAME)
    assert JobFile.read(moved).folder == moved and JobFile.read(moved).attempt == "attempt-7"


def test_file_without_newer_fields_is_read_with_their_defaults(tmp_path: Path) -> None:
    old = {"run_id": "r1", "spec": {}, "rows": "/r", "splits": "/s", "cache": "/c", "base_model": "/b"}
    (tmp_path / NAME).write_text(json.dumps({**old, "resume_from": None, "threads": 2, "unknown": 1}))
    job = JobFile.read(tmp_path)
    assert (job.threads, job.devices, job.portions, job.parents, job.only_restore) == (2, 1, 1, (), False)


def test_file_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"run_id": "r1"}')
    with pytest.raises(ValidationError, match="rows"):
        JobFile.read(tmp_path)


def test_restoring_takes_one_process(tmp_path: Path) -> None:
    job = job_in(tmp_path, devices=4)
    assert (job.processes, job.model_copy(update={"only_restore": True}).processes) == (4, 1)


def test_portions_count_rows_per_accumulation_step(tmp_path: Path) -> None:
    assert (job_in(tmp_path).batch_size, job_in(tmp_path).portion_rows) == (32, 32)
    job = job_in(tmp_path, spec={"training": {"batch_size": 24, "accumulation": 3}})
    assert (job.batch_size, job.portion_rows) == (24, 8)
