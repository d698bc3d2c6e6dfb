"""What may go: files of overtaken tries, old checkpoints of ended runs, uploads nobody finished. Rows go first.

A row never names a file that is gone: the row is deleted and committed before its folder.
"""

import shutil
import time
from pathlib import Path

from sqlalchemy import delete, select

from app import storage
from app.db import db_now, snapshot, transaction
from app.models import TERMINAL_STATES, Artifact, Checkpoint, Job, Run
from app.settings import get_settings

DAY = 24 * 3600.0


def cleanup() -> dict[str, int]:
    """Remove what the settings no longer keep; returns ``{"checkpoints", "folders", "uploads"}`` removed."""
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
    folders = sum(_tidy_run(run_id, needed[run_id], artifacts) for run_id in runs)
    return {"checkpoints": removed, "folders": folders + _tidy_restored(), "uploads": _tidy_uploads()}


def _needed(run_id: str) -> set[str]:
    """Checkpoints of an ended run that are kept: those of its last try; a finished run may be continued."""
    tries = sorted(storage.run_dir(run_id).glob("attempt-*"), key=_fence)
    with_checkpoints = [each for each in tries if any((each / "checkpoints").glob("step-*"))]
    last = with_checkpoints[-1:]
    return {
        str(step.relative_to(storage.data_dir())) for each in last for step in (each / "checkpoints").glob("step-*")
    }


def _tidy_run(run_id: str, needed: set[str], artifacts: set[str]) -> int:
    """Empty the folders of tries that hold nothing that is kept."""
    removed = 0
    tries = sorted(storage.run_dir(run_id).glob("attempt-*"), key=_fence)
    for folder in tries[:-1]:
        place = str(folder.relative_to(storage.data_dir())) + "/"
        if not any(path.startswith(place) for path in needed | artifacts):
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _tidy_restored() -> int:
    """Checkpoints that were tried are kept in a form that answers, by their hash, for as long as they are there."""
    with snapshot() as session:
        known = set(session.scalars(select(Checkpoint.sha256)))
    gone = [each for each in (storage.cache_dir() / "restored").glob("[!.]*") if each.name not in known]
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def _tidy_uploads() -> int:
    """Uploads are moved on at once; what is a day old was left by a broken connection."""
    removed = 0
    for path in storage.uploads_dir().iterdir():
        if time.time() - path.stat().st_mtime > DAY:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
            removed += 1
    return removed


def _fence(folder: Path) -> int:
    return int(folder.name.partition("-")[2])
