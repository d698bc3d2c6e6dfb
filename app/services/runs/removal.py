"""Deletion of runs: only their files, so that results stay comparable, or everything.

Rows are deleted first and folders after the commit, so that no row ever names a file that is gone.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app import storage
from app.db import after_commit, snapshot, transaction
from app.errors import Conflict
from app.languages import gettext as _
from app.models import ACTIVE_STATES, Artifact, Checkpoint, Experiment, Job, Run
from app.models_work import TrackerExport
from app.services.accounts.access import TO_DELETE
from app.services.accounts.audit_chain import record
from app.services.runs import runs


def remove(user_id: str, run_id: str, *, keep_results: bool) -> int:
    """Delete one's own ended run; returns the bytes that were freed on disk.

    Args:
        keep_results: delete only checkpoints, download and logs; curves, results, answers and settings stay.

    Raises:
        NotFound: the run is not theirs.
        Conflict: it is still active.
    """
    with snapshot() as session:
        _find_ended(session, user_id, run_id)
    folder = storage.run_dir(run_id)
    # Before the transaction: nobody's writing waits for a walk over the disk.
    freed = bytes_in([folder])
    with transaction() as session:
        run = _find_ended(session, user_id, run_id)
        name = run.name
        if keep_results:
            for table in (Checkpoint, Artifact):
                session.execute(delete(table).where(table.run_id == run_id))
        else:
            delete_rows(session, [run])
        details = {"name": name, "keep_results": keep_results, "bytes": freed}
        record(session, user_id, "delete", "run", run_id, data=details)
    shutil.rmtree(folder, ignore_errors=True)
    return freed


def _find_ended(session: Session, user_id: str, run_id: str) -> Run:
    run = runs.find(session, user_id, run_id, TO_DELETE)
    if run.job.state in ACTIVE_STATES:
        raise Conflict("still_active", _("This run is still active."), _("Stop it first, then delete it."))
    return run


def delete_rows(session: Session, gone: Sequence[Run]) -> None:
    """Delete ended runs and all rows about them; what was exported of them goes after the commit."""
    ids, jobs = [run.id for run in gone], [run.job_id for run in gone]
    exports = list(session.scalars(select(TrackerExport.id).where(TrackerExport.run_id.in_(ids))))
    after_commit(session, lambda: _delete_exports(exports))
    for table in (Checkpoint, Artifact, TrackerExport):
        session.execute(delete(table).where(table.run_id.in_(ids)))
    session.execute(update(Experiment).where(Experiment.chosen_run_id.in_(ids)).values(chosen_run_id=None))
    session.execute(delete(Run).where(Run.id.in_(ids)))
    session.execute(delete(Job).where(Job.id.in_(jobs)))


def _delete_exports(export_ids: Sequence[str]) -> None:
    for export_id in export_ids:
        with suppress(OSError):
            storage.export_file(export_id).unlink(missing_ok=True)


def bytes_in(folders: Iterable[Path]) -> int:
    """Bytes that deleting folders frees: a file with another name elsewhere stays, one that is deleted meanwhile is none."""
    links: dict[tuple[int, int], list[int]] = {}
    for folder in folders:
        for place, _folders, names in os.walk(folder):
            for name in names:
                with suppress(FileNotFoundError):
                    found = os.stat(os.path.join(place, name))
                    links.setdefault((found.st_dev, found.st_ino), [found.st_size, found.st_nlink])[1] -= 1
    return sum(size for size, elsewhere in links.values() if elsewhere <= 0)
