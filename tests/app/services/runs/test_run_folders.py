"""The folder of an attempt: its job file, its spool lines in the database, and its results under the claim."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import files, manifest, storage
from app.catalog.job_file import JobFile
from app.db import transaction
from app.errors import StudioError
from app.models import SUCCEEDED, Artifact, Run
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from app.services.runs import checkpoints, metrics, predictions, run_folders, runs
from tests.factories import SPEC, make_run


@pytest.fixture
def run(owner: str) -> Run:
    return make_run(owner)


@pytest.fixture
def claim(run: Run) -> Claim:
    claim = jobs.claim(run.job_id)
    assert claim
    jobs.begin(claim, pid=1, phase="")
    return claim


def prepare(claim: Claim) -> JobFile:
    return run_folders.prepare(claim, lambda name: Path("/models") / name, 3)


def write_checkpoint(run: Run, step: int) -> dict[str, Any]:
    """The files of a checkpoint; returns the trainer's line about it."""
    folder = storage.attempt_dir(run.id, 1) / "checkpoints" / f"step-{step}"
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"0" * step)
    return {"type": "checkpoint", "step": step, "path": str(folder), "bytes": step, "sha256": manifest.write(folder)}


def test_job_file_names_data_model_and_attempt(run: Run, claim: Claim) -> None:
    job = prepare(claim)
    assert JobFile.read(job.folder) == job
    assert job.folder == storage.attempt_dir(run.id, claim.fence) and job.attempt == "attempt-1"
    assert job.rows == storage.dataset_dir(run.dataset_version_id) / "rows.parquet"
    assert (job.base_model, job.threads, job.resume_from) == (Path("/models/starter-encoder"), 3, None)


def test_attempt_resumes_from_the_newest_undamaged_checkpoint(run: Run, claim: Claim) -> None:
    lines = [write_checkpoint(run, step) for step in (10, 20)]
    run_folders.store_lines(claim, run.id, "attempt-1", lines)
    assert prepare(claim).resume_from == Path(lines[1]["path"])
    (Path(lines[1]["path"]) / "weights.safetensors").unlink()
    assert run_folders.newest_checkpoint(run.id) == Path(lines[0]["path"])


def test_dropped_checkpoint_loses_row_and_folder_and_progress_is_noted(owner: str, run: Run, claim: Claim) -> None:
    kept, dropped = write_checkpoint(run, 10), write_checkpoint(run, 20)
    progress = {"n": 1, "type": "progress", "phase": "Training", "step": 20, "at": 5.0}
    run_folders.store_lines(claim, run.id, "attempt-1", [kept, dropped, kept])
    run_folders.store_lines(claim, run.id, "attempt-1", [{"type": "dropped", "path": dropped["path"]}, progress])
    assert [checkpoint.step for checkpoint in checkpoints.list_checkpoints(owner, run.id)] == [10]
    assert not Path(dropped["path"]).exists() and Path(kept["path"]).is_dir()
    job = runs.get_run(owner, run.id).job
    assert (job.phase, job.progress) == ("Training", {"step": 20})


def test_results_answers_and_adapter_end_the_job(owner: str, run: Run, claim: Claim) -> None:
    job = prepare(claim)
    with pytest.raises(StudioError, match="without a complete adapter"):
        run_folders.store_results(claim, job)
    adapter = job.folder / "adapter"
    adapter.mkdir()
    (adapter / "adapter_model.safetensors").write_bytes(b"0" * 7)
    manifest.write(adapter)
    files.write_json(job.folder / "result.json", {"metrics": {"accuracy": 0.5}, "seconds": {"total": 3.0}})
    answer = {"row_id": 1, "split": "test", "input": "a", "expected": "yes", "answer": "no", "score": 0.9}
    (job.folder / "predictions.jsonl").write_text(json.dumps({**answer, "base_answer": None}) + "\n")
    run_folders.store_results(claim, job)
    ended = runs.get_run(owner, run.id)
    assert (ended.job.state, ended.results["metrics"]) == (SUCCEEDED, {"accuracy": 0.5})
    assert [row.answer for row in predictions.page(owner, run.id).rows] == ["no"]
    with transaction() as session:
        (artifact,) = session.query(Artifact).filter_by(run_id=run.id)
    assert storage.data_dir() / artifact.path == adapter and artifact.bytes > 7


def test_outcome_of_an_attempt_is_noted_once(owner: str, run: Run, claim: Claim) -> None:
    job = prepare(claim)
    for _ in range(2):
        run_folders.note(claim, job, "Memory ran out.", "warning", {"portions": 2})
    events = metrics.events_since(owner, run.id).events
    assert [event.message for event in events] == ["Memory ran out."]


def test_a_later_attempt_knows_the_folders_of_the_earlier_ones(run: Run, claim: Claim) -> None:
    assert prepare(claim).earlier_attempts == ()
    later = replace(claim, fence=4)
    for fence in (1, 3, 4):
        storage.attempt_dir(run.id, fence).mkdir(parents=True, exist_ok=True)
    job = prepare(later)
    assert [folder.name for folder in job.earlier_attempts] == ["attempt-3", "attempt-1"]
    assert JobFile.read(job.folder).earlier_attempts == job.earlier_attempts


def test_a_run_made_of_one_that_learned_from_every_row_has_no_new_test_rows(owner: str, run: Run, claim: Claim) -> None:
    assert prepare(claim).leaking_rows == 0
    parent = make_run(owner, spec={**SPEC, "training": {"cross_validation_folds": 5}})
    with transaction() as session:
        made = session.get_one(Run, run.id)
        made.spec = {**made.spec, "origin": {"parents": [{"run_id": parent.id}]}}
        made.dataset_version.split_sizes = {"train": 80, "validation": 10, "test": 10}
        known = run_folders._tested_on_known(session, made.spec["origin"]["parents"], made)
    assert known == 10
