"""The folder of one attempt of a run: the job file that the trainer reads, and the storing of its spool lines and results.

Everything is written under a claim.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import manifest, storage
from app.catalog.job_file import JobFile
from app.db import db_now, snapshot
from app.errors import StudioError
from app.models import Artifact, Checkpoint, Run
from app.services.queue import jobs
from app.services.queue.jobs import Claim
from app.services.runs import generation_samples, metrics, predictions, run_costs
from app.settings import get_settings

# Problems of the data report that make the test look better than it is.
LEAKAGE = ("leakage", "near_leakage")


def prepare(claim: Claim, model_path: Callable[[str], Path], threads: int) -> JobFile:
    """Write the job file of this attempt into a folder of its own.

    Raises:
        StudioError: a checkpoint or download that the run is made from is gone or changed.
    """
    with snapshot() as session:
        run = session.scalars(select(Run).where(Run.job_id == claim.job_id)).one()
        resume_from, damaged = _newest(session, run.id)
        resume_from = resume_from or _start(session, run.job.adjustments.get("start"))
        rows = storage.dataset_dir(run.dataset_version_id)
        parents = (run.spec.get("origin") or {}).get("parents", [])
        job = JobFile(
            folder=storage.attempt_dir(run.id, claim.fence),
            run_id=run.id,
            spec=run.spec,
            rows=rows / "rows.parquet",
            splits=rows / "splits.json",
            cache=storage.cache_dir(),
            base_model=model_path(run.base_model),
            resume_from=resume_from,
            threads=threads,
            devices=run.job.devices,
            portions=run.job.adjustments.get("portions", 1),
            max_seconds=get_settings().max_run_hours * 3600,
            free_disk_bytes=get_settings().free_disk_bytes,
            parents=tuple(_download_of(session, parent["run_id"]) for parent in parents),
            leaking_rows=_tested_on_known(session, parents, run) or count_leaking(run.dataset_version.report),
            earlier_attempts=_earlier_attempts(run.id, claim.fence),
        )
    job.write()
    if damaged:
        _note_damaged(claim, job, damaged)
    run_costs.store_estimate(job.run_id)
    return job


def _tested_on_known(session: Session, parents: Sequence[Mapping[str, Any]], run: Run) -> int:
    """Test rows of a run that is made of other runs which learned from every row."""
    known = session.scalars(select(Run).where(Run.id.in_([parent["run_id"] for parent in parents])))
    whole = any(parent.spec["training"].get("cross_validation_folds") for parent in known)
    return int(run.dataset_version.split_sizes.get("test", 0)) if whole else 0


def _earlier_attempts(run_id: str, fence: int) -> tuple[Path, ...]:
    """Folders of the attempts before this one, the newest first."""
    fences = {int(folder.name.partition("-")[2]): folder for folder in storage.run_dir(run_id).glob("attempt-*")}
    return tuple(fences[earlier] for earlier in sorted(fences, reverse=True) if earlier < fence)


def count_leaking(report: Mapping[str, Any]) -> int:
    """Rows of the evaluation file that the data report found in the training file, word for word or nearly."""
    return sum(int(problem["count"]) for problem in report.get("problems") or () if problem["code"] in LEAKAGE)


def note(claim: Claim, job: JobFile, message: str, severity: str, data: dict[str, Any], about: str = "outcome") -> None:
    """Store the supervisor's event about this attempt, one per attempt and topic; by default how it ended."""
    line = {"n": 0, "type": "event", "kind": "alert", "severity": severity, "message": message, "data": data}
    with jobs.held(claim) as session:
        metrics.append(
            session, job.run_id, f"{job.attempt}-{about}", [{**line, "at": session.scalar(select(db_now()))}]
        )


def store_lines(claim: Claim, run_id: str, source: str, lines: Sequence[dict[str, Any]]) -> None:
    """Store spool lines in one transaction under the claim; the newest progress line becomes the job's progress.

    Rows of dropped checkpoints are deleted first and their folders after the commit, so that no row ever names a folder
    that is gone.
    """
    with jobs.held(claim) as session:
        metrics.append(session, run_id, source, lines)
        generation_samples.append(session, run_id, lines)
        for line in lines:
            if line["type"] == "checkpoint":
                _add_checkpoint(session, claim, run_id, line)
            elif line["type"] == "dropped":
                path = _relative(Path(line["path"]))
                session.execute(delete(Checkpoint).where(Checkpoint.run_id == run_id, Checkpoint.path == path))
        progress = [line for line in lines if line["type"] == "progress"]
        if progress:
            values = {key: value for key, value in progress[-1].items() if key not in ("n", "type", "phase", "at")}
            jobs.note_progress(session, claim, progress[-1].get("phase", "Training"), values)
    for line in lines:
        if line["type"] == "dropped" and Path(line["path"]).resolve().is_relative_to(storage.run_dir(run_id)):
            shutil.rmtree(line["path"], ignore_errors=True)


def store_results(claim: Claim, job: JobFile) -> None:
    """Record results, held-out answers and the adapter, and end the job, all in one transaction.

    Raises:
        StudioError: the adapter folder carries no manifest, so it is not complete.
    """
    adapter = job.folder / "adapter"
    if not manifest.holds(adapter):
        raise StudioError("adapter_incomplete", "The trainer ended without a complete adapter.", "Resume the run.")
    results = storage.read_json(job.folder / "result.json")
    with (job.folder / "predictions.jsonl").open(encoding="utf-8") as source:
        answers = [json.loads(line) for line in source]
    size = sum(path.stat().st_size for path in adapter.rglob("*") if path.is_file())
    with jobs.held(claim) as session:
        run = session.get_one(Run, job.run_id)
        run.results = results
        run_costs.store_actual(session, run, results)
        run.sparkline = metrics.sparkline(session, run.id)
        # A continued run has an earlier adapter, which the new one replaces.
        session.execute(delete(Artifact).where(Artifact.run_id == job.run_id, Artifact.kind == "adapter"))
        predictions.replace(session, job.run_id, answers)
        session.add(
            Artifact(
                run_id=job.run_id,
                kind="adapter",
                path=_relative(adapter),
                bytes=size,
                sha256=manifest.sha256_of(adapter / manifest.NAME),
            )
        )
        jobs.succeed(session, claim)


def _add_checkpoint(session: Session, claim: Claim, run_id: str, line: dict[str, Any]) -> None:
    path = _relative(Path(line["path"]))
    known = select(Checkpoint.id).where(Checkpoint.run_id == run_id, Checkpoint.path == path)
    if session.scalar(known) is None:
        session.add(
            Checkpoint(
                run_id=run_id,
                fence=claim.fence,
                step=line["step"],
                path=path,
                bytes=line["bytes"],
                sha256=line["sha256"],
                metrics=line.get("metrics") or {},
            )
        )


def newest_checkpoint(run_id: str) -> Path | None:
    """The newest checkpoint that is complete and matches its recorded hash; None if there is none."""
    with snapshot() as session:
        return _newest(session, run_id)[0]


def _note_damaged(claim: Claim, job: JobFile, steps: list[int]) -> None:
    listed = ", ".join(f"{step:,}" for step in sorted(set(steps)))
    then = f"goes on from {job.resume_from.name.replace('-', ' ')}" if job.resume_from else "starts from the beginning"
    message = f"Checkpoints are damaged on disk or gone (step {listed}); the run {then}."
    note(claim, job, message, "warning", {"steps": sorted(set(steps))}, about="checkpoints")


def _newest(session: Session, run_id: str) -> tuple[Path | None, list[int]]:
    """The newest whole checkpoint, and the steps of newer ones that are not."""
    damaged: list[int] = []
    rows = (
        select(Checkpoint).where(Checkpoint.run_id == run_id).order_by(Checkpoint.step.desc(), Checkpoint.fence.desc())
    )
    for row in session.scalars(rows):
        folder = storage.recorded_path(row.path)
        if manifest.holds(folder, row.sha256):
            return folder, [step for step in damaged if step != row.step]
        damaged.append(row.step)
    return None, damaged


def _start(session: Session, start: dict[str, Any] | None) -> Path | None:
    """The checkpoint of another run that this one starts from, if any.

    Raises:
        StudioError: it is gone or changed.
    """
    if not start:
        return None
    named = (Checkpoint.run_id == start["run_id"], Checkpoint.step == start["step"])
    row = session.scalar(select(Checkpoint).where(*named).order_by(Checkpoint.fence.desc()).limit(1))
    folder = storage.recorded_path(row.path) if row else None
    if row and folder and manifest.holds(folder, row.sha256):
        return folder
    raise StudioError(
        "checkpoint_missing",
        f"Step {start['step']:,}, from which this run goes on, is not there any more.",
        "Continue from another checkpoint.",
    )


def _download_of(session: Session, run_id: str) -> Path:
    """The adapter folder of a finished run, verified against its recorded hash.

    Raises:
        StudioError: it is gone or changed.
    """
    artifact = session.scalar(select(Artifact).where(Artifact.run_id == run_id, Artifact.kind == "adapter"))
    folder = storage.recorded_path(artifact.path) if artifact else None
    if artifact is None or folder is None or manifest.sha256_of(folder / manifest.NAME) != artifact.sha256:
        raise StudioError(
            "parent_missing",
            f"The download of run {run_id} is not there any more.",
            "Run it again, then try once more.",
        )
    return folder


def _relative(path: Path) -> str:
    """Paths are stored relative to the data folder, so that a restored backup may live elsewhere."""
    return str(path.resolve().relative_to(storage.data_dir()))
