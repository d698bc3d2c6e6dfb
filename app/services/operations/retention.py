"""Retention: deletes files of superseded attempts, old checkpoints of ended runs, and abandoned uploads.

The row is deleted and committed before its folder, so that no row ever names a file that is gone.
"""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, select

from app import files, storage
from app.db import db_now, snapshot, transaction
from app.models import TERMINAL_STATES, Artifact, Checkpoint, Job, Run
from app.services.inference import batch_prediction
from app.services.operations import person_export
from app.settings import get_settings

DAY = 24 * 3600.0


@dataclass(frozen=True)
class CleanupResult:
    """How many checkpoints, folders and uploads were deleted."""

    checkpoints: int
    folders: int
    uploads: int


def cleanup() -> CleanupResult:
    """Delete what the settings no longer keep."""
    kept_seconds = get_settings().keep_attempt_days * DAY
    with transaction() as session:
        ended = Job.state.in_(TERMINAL_STATES) & (Job.finished_at < db_now() - kept_seconds)
        runs = session.scalars(select(Run.id).join(Job, Run.job_id == Job.id).where(ended)).all()
        needed = {run_id: _needed(run_id) for run_id in runs}
        artifacts = set(session.scalars(select(Artifact.path)))
        removed = 0
        for run_id, path in session.execute(select(Checkpoint.run_id, Checkpoint.path)).all():
            if run_id in needed and path not in needed[run_id]:
                session.execute(delete(Checkpoint).where(Checkpoint.run_id == run_id, Checkpoint.path == path))
                removed += 1
    folders = sum(_clean_attempts(run_id, needed[run_id], artifacts) for run_id in runs)
    person_export.clean()
    batch_prediction.clean()
    files.sweep_temporary(storage.data_dir(), time.time() - DAY)
    return CleanupResult(removed, folders + _clean_restored(), _clean_uploads())


def _needed(run_id: str) -> set[str]:
    """Checkpoints of an ended run that are kept: those of its last attempt, since a finished run may be continued."""
    attempts = sorted(storage.run_dir(run_id).glob("attempt-*"), key=_fence)
    steps = [list((attempt / "checkpoints").glob("step-*")) for attempt in attempts]
    last = next((found for found in reversed(steps) if found), [])
    return {str(step.relative_to(storage.data_dir())) for step in last}


def _clean_attempts(run_id: str, needed: set[str], artifacts: set[str]) -> int:
    """Delete the folders of earlier attempts that hold nothing that is kept."""
    removed = 0
    attempts = sorted(storage.run_dir(run_id).glob("attempt-*"), key=_fence)
    for folder in attempts[:-1]:
        prefix = str(folder.relative_to(storage.data_dir())) + "/"
        if not any(path.startswith(prefix) for path in needed | artifacts):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _clean_restored() -> int:
    """Delete cached adapters of restored checkpoints, named by hash, whose checkpoint is gone."""
    with snapshot() as session:
        known = set(session.scalars(select(Checkpoint.sha256)))
    stale = [folder for folder in (storage.cache_dir() / "restored").glob("[!.]*") if folder.name not in known]
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    return len(stale)


def _clean_uploads() -> int:
    """Delete uploads that are a day old: complete ones are moved at once, so a broken connection has left these."""
    removed = 0
    for path in storage.uploads_dir().iterdir():
        if time.time() - path.stat().st_mtime > DAY:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            removed += 1
    return removed


def _fence(folder: Path) -> int:
    return int(folder.name.partition("-")[2])
