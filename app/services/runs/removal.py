"""Deletion of runs: only their files, so that results stay comparable, or everything.

Rows are deleted first and folders after the commit, so that no row ever names a file that is gone.
"""

import shutil

from sqlalchemy import delete, update

from app import storage
from app.db import transaction
from app.errors import Conflict
from app.models import ACTIVE_STATES, Artifact, Checkpoint, Experiment, Job, Run
from app.models_work import TrackerExport
from app.services.accounts.accounts import record
from app.services.runs import runs


def remove(user_id: str, run_id: str, *, keep_results: bool) -> int:
    """Delete one's own ended run; returns the bytes that were freed on disk.

    Args:
        keep_results: delete only checkpoints, download and logs; curves, results, answers and settings stay.

    Raises:
        NotFound: the run is not theirs.
        Conflict: it is still active.
    """
    with transaction() as session:
        run = runs.find(session, user_id, run_id)
        if run.job.state in ACTIVE_STATES:
            raise Conflict("still_active", "This run is still active.", "Stop it first, then delete it.")
        name, job_id = run.name, run.job_id
        for table in (Checkpoint, Artifact):
            session.execute(delete(table).where(table.run_id == run_id))
        if not keep_results:
            session.execute(delete(TrackerExport).where(TrackerExport.run_id == run_id))
            chosen = update(Experiment).where(Experiment.chosen_run_id == run_id)
            session.execute(chosen.values(chosen_run_id=None))
            session.execute(delete(Run).where(Run.id == run_id))
            session.execute(delete(Job).where(Job.id == job_id))
    folder = storage.run_dir(run_id)
    freed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder, ignore_errors=True)
    record(user_id, "delete", "run", run_id, data={"name": name, "keep_results": keep_results, "bytes": freed})
    return freed
