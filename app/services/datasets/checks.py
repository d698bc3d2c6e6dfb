"""Work on datasets that takes a while, as a job: start it, say how far it is, stop it, try it again, carry it out.

Rows are checked in a process of their own, so that nothing that is served waits for it. Whoever is asked starts that
process: the web process at once, or a worker that finds the job waiting. Knows no door.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import files, storage
from app.db import AWAY, snapshot, transaction
from app.errors import Conflict, NotFound, StudioError
from app.models import ACTIVE_STATES, QUEUED, Job, new_id
from app.models_data import DatasetCheck
from app.services.datasets.dataset_jobs import DatasetJob
from app.services.datasets.versions import find_dataset
from app.services.queue import jobs
from app.services.queue.job_kinds import DATA_CHECK
from app.services.queue.jobs import Claim

log = logging.getLogger(__name__)

# Tables up to this size are judged while the person waits for the answer; it takes less than starting a process.
SMALL_ROWS = 3000
LOOK_SECONDS, RENEW_SECONDS, END_SECONDS = 0.05, 1.0, 3.0
REFUSED = 3
# So many checks work at once in one web process; others wait for their turn.
_turns = threading.BoundedSemaphore(2)


def start(user_id: str, work: DatasetJob) -> dict[str, Any]:
    """Queue the work and begin with it in the background; returns what :func:`status` tells.

    Raises:
        NotFound: the dataset is not theirs.
    """
    with transaction() as session:
        if work.dataset_id:
            find_dataset(session, user_id, work.dataset_id)
        job = jobs.add(session, owner_id=user_id, kind=DATA_CHECK)
        session.flush()
        dataset_id = work.dataset_id or None
        check = DatasetCheck(id=new_id(), owner_id=user_id, job_id=job.id, dataset_id=dataset_id, work=asdict(work))
        session.add(check)
        session.flush()
        told = _told(session, check)
    _begin_here(told["job_id"])
    return told


def status(user_id: str, check_id: str) -> dict[str, Any]:
    """``{"id", "job_id", "kind", "state", "phase", "progress", "error", "dataset_id", "version", "staged", "created_at"}``.

    ``progress`` is ``{"done", "total"}`` in rows, empty where that is not known.

    Raises:
        NotFound: there is no such check of theirs.
    """
    with snapshot() as session:
        told = _told(session, _find(session, user_id, check_id))
    if told["state"] == QUEUED:
        # Whoever had it is gone, or every worker is busy for hours.
        _begin_here(told["job_id"])
    return told


def cancel(user_id: str, check_id: str) -> dict[str, Any]:
    """Stop it; nothing is changed then.

    Raises:
        Conflict: it has ended already.
    """
    with transaction() as session:
        check = _find(session, user_id, check_id)
        jobs.request_cancel(session, session.get_one(Job, check.job_id))
        session.flush()
        return _told(session, check)


def retry(user_id: str, check_id: str) -> dict[str, Any]:
    """Do the same once more after it was stopped or failed.

    Raises:
        Conflict: it is still at work, or has succeeded.
    """
    with transaction() as session:
        check = _find(session, user_id, check_id)
        state = session.get_one(Job, check.job_id).state
        if state in ACTIVE_STATES or check.version is not None:
            raise Conflict("not_to_be_repeated", f"This check is {state}.", "Only what stopped or failed is repeated.")
        job = jobs.add(session, owner_id=user_id, kind=DATA_CHECK)
        session.flush()
        check.job_id = job.id
        session.flush()
        told = _told(session, check)
    _begin_here(told["job_id"])
    return told


def carry_out(claim: Claim, leaving: Callable[[], bool] = lambda: False) -> None:
    """Do a claimed check to its end in a process of its own; ``leaving`` says that whoever waits here must stop."""
    with tempfile.TemporaryDirectory(dir=storage.uploads_dir(), prefix="check-") as folder:
        process = _start_process(claim, Path(folder))
        try:
            jobs.begin(claim, pid=process.pid, phase="Starting")
            wish = _watch(claim, process, Path(folder), leaving)
        finally:
            _end(process)
        _conclude(claim, Path(folder), process.returncode, wish, leaving())


def wanted(job_id: str) -> tuple[str, DatasetJob]:
    """(user id, work) of the check that a job carries out."""
    with snapshot() as session:
        check = session.scalars(select(DatasetCheck).where(DatasetCheck.job_id == job_id)).one()
        return check.owner_id, DatasetJob(**check.work)


def note_result(session: Session, claim: Claim, dataset_id: str, version: int) -> None:
    """Record what came out and end the job, in the transaction that adds the version."""
    check = session.scalars(select(DatasetCheck).where(DatasetCheck.job_id == claim.job_id)).one()
    check.dataset_id, check.version = dataset_id, version
    jobs.succeed(session, claim)


def _begin_here(job_id: str) -> None:
    threading.Thread(target=_run_here, args=(job_id,), daemon=True, name="data-check").start()


def _run_here(job_id: str) -> None:
    with _turns:
        try:
            if claim := jobs.claim(job_id):
                carry_out(claim)
        except jobs.StaleClaim:
            log.warning("overtaken, leaving the check job=%s", job_id)
        except AWAY:
            log.warning("the database is away; the sweeper will find the check job=%s", job_id)


def _start_process(claim: Claim, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "app.services.datasets.check_process", str(folder)]
    files.write_json(folder / "claim.json", asdict(claim))
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        )


def _watch(claim: Claim, process: subprocess.Popen[bytes], folder: Path, leaving: Callable[[], bool]) -> str | None:
    """Wait for the end of the process; returns the person's wish to stop, if there was one."""
    renewed = 0.0
    while process.poll() is None and not leaving():
        time.sleep(LOOK_SECONDS)
        if time.monotonic() - renewed < RENEW_SECONDS:
            continue
        renewed = time.monotonic()
        try:
            if wish := jobs.renew(claim):
                return wish
            if (told := folder / "progress.json").exists():
                with jobs.held(claim) as session:
                    jobs.note_progress(session, claim, **storage.read_json(told))
        except jobs.StaleClaim:
            # The process may have ended the job this moment.
            if process.poll() is None and _left(process):
                raise
    return None


def _left(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """A friendly end first, so that what was half written is removed."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        if _left(process):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def _conclude(claim: Claim, folder: Path, code: int, wish: str | None, leaving: bool) -> None:
    if code == 0:
        return
    if wish:
        with jobs.held(claim) as session:
            jobs.cancel(session, claim)
    elif code == REFUSED and (folder / "error.json").exists():
        with jobs.held(claim) as session:
            jobs.fail(session, claim, storage.read_json(folder / "error.json"))
    elif leaving:
        jobs.release(claim)
    else:
        jobs.retry(claim, _crash(code, folder).as_dict())


def _crash(code: int, folder: Path) -> StudioError:
    said = (folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
    return StudioError(
        "check_crashed",
        f"The check of the data ended without a result (exit code {code}).",
        "Try again; with very much data it may have run out of memory.",
        details={"log": said},
    )


def _find(session: Session, user_id: str, check_id: str) -> DatasetCheck:
    check = session.get(DatasetCheck, check_id[:36])
    if check is None or check.owner_id != user_id:
        raise NotFound("check_not_found", f"There is no check {check_id[:60]!r} among yours.", "Open the Data page.")
    return check


def _told(session: Session, check: DatasetCheck) -> dict[str, Any]:
    job = session.get_one(Job, check.job_id)
    return {
        "id": check.id,
        "job_id": job.id,
        "kind": check.work["kind"],
        "state": job.state,
        "phase": job.phase,
        "progress": job.progress or {},
        "error": job.error["error"] if job.error else None,
        "dataset_id": check.dataset_id,
        "version": check.version,
        "staged": check.work["said"].get("staged", ""),
        "created_at": check.created_at,
    }
