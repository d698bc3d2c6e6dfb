"""Changes to data and imports as jobs: queue one, say how far it is, wait for it, stop it, try it again, record its result.

A light worker does the work, so that the web process stays free to answer; ``worker.jobs.checking`` starts it.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import snapshot, transaction
from app.errors import Conflict, NotFound, StudioError
from app.job_kinds import DATA_CHECK, DATASET_FETCH
from app.languages import gettext_noop, restored, stated, translated_json
from app.models import ACTIVE_STATES, CANCELLED, QUEUED, SUCCEEDED, Dataset, Job, new_id
from app.models_data import DatasetCheck
from app.queue import LIGHT_QUEUE
from app.services.accounts import access
from app.services.accounts.access import TO_CHANGE
from app.services.datasets.dataset_jobs import FETCHED, DatasetJob
from app.services.datasets.versions import find_dataset
from app.services.queue import jobs, workers
from app.services.queue.jobs import Claim

# Tables up to this size are checked in the request; that takes less than a job.
SMALL_ROWS, SMALL_BYTES = 3000, 4 * 1024**2
POLL_SECONDS = 0.05
# A light worker may be starting; after this long a request that waits is answered that none is running.
WORKER_START_SECONDS = 10.0
NO_WORKER = gettext_noop("Waiting: no worker for reports is running")
NO_LIGHT_WORKER = "no_light_worker"
# Requests that wait for a check in a thread of their own.
WAITING_PER_PERSON, WAITING = 4, 16
_lock = threading.Lock()
_waiting: Counter[str] = Counter()


def start(user_id: str, work: DatasetJob) -> dict[str, Any]:
    """Queue the work; returns what :func:`status` returns.

    Raises:
        NotFound: the dataset is not theirs.
    """
    with transaction() as session:
        if work.dataset_id:
            find_dataset(session, user_id, work.dataset_id, TO_CHANGE)
        job = jobs.add(session, owner_id=user_id, kind=_job_kind(work.kind))
        session.flush()
        dataset_id = work.dataset_id or None
        check = DatasetCheck(id=new_id(), owner_id=user_id, job_id=job.id, dataset_id=dataset_id, work=asdict(work))
        session.add(check)
        session.flush()
        return _as_dict(session, check)


def status(user_id: str, check_id: str) -> dict[str, Any]:
    """``{"id", "job_id", "kind", "state", "phase", "progress", "error", "dataset_id", "version", "staged", "source",
    "created_at"}``.

    ``source`` is what is fetched from another machine, None for everything else; ``progress`` is ``{"done", "total"}`` in rows, empty where that is not known.

    Raises:
        NotFound: there is no such check of theirs.
    """
    with snapshot() as session:
        summary = _as_dict(session, _find(session, user_id, check_id))
    if summary["state"] == QUEUED and not workers.is_any_alive(LIGHT_QUEUE):
        summary["phase"] = NO_WORKER
    return summary


def wait(user_id: str, check_id: str) -> Dataset:
    """Wait for the end of a check, in this thread; returns the dataset with its new version.

    Raises:
        StudioError: what the check was refused for; 503, when it waits and no light worker is running; 429, when too many
            requests wait like this already, of this person or in all.
    """
    with _place_to_wait(user_id, check_id):
        began = time.monotonic()
        while (done := poll(user_id, check_id, time.monotonic() - began)) is None:
            time.sleep(POLL_SECONDS)
    return done


def poll(user_id: str, check_id: str, waited_seconds: float) -> Dataset | None:
    """The dataset with its new version once a check has ended, None before.

    Raises:
        StudioError: as :func:`wait`.
    """
    with snapshot() as session:
        check = _find(session, user_id, check_id)
        job = session.get_one(Job, check.job_id)
        if job.state == SUCCEEDED:
            return find_dataset(session, user_id, str(check.dataset_id))
    if job.state not in ACTIVE_STATES:
        raise _refusal(job)
    if job.state == QUEUED and waited_seconds > WORKER_START_SECONDS and not workers.is_any_alive(LIGHT_QUEUE):
        raise _no_worker(status(user_id, check_id))
    return None


@contextmanager
def _place_to_wait(user_id: str, check_id: str) -> Iterator[None]:
    """Whoever waits holds a thread of the web process, of which others need some as well."""
    with _lock:
        if _waiting[user_id] >= WAITING_PER_PERSON or _waiting.total() >= WAITING:
            raise StudioError(
                "busy",
                stated(
                    "Too many requests wait for their reports already; this one is being worked on without an answer."
                ),
                stated(
                    "GET /api/v1/checks/{check} says how far it is; `Prefer: respond-async` does not wait at all.",
                    check=check_id,
                ),
                status=429,
                details={"retry_after": 5, "check_id": check_id},
            )
        _waiting[user_id] += 1
    try:
        yield
    finally:
        with _lock:
            _waiting[user_id] -= 1


def cancel(user_id: str, check_id: str) -> dict[str, Any]:
    """Stop it; nothing is changed then.

    Raises:
        Conflict: it has ended already.
    """
    with transaction() as session:
        check = _find(session, user_id, check_id)
        jobs.request_cancel(session, session.get_one(Job, check.job_id))
        session.flush()
        return _as_dict(session, check)


def retry(user_id: str, check_id: str) -> dict[str, Any]:
    """Queue the same work once more after it was stopped or failed.

    Raises:
        Conflict: it is still queued or running, or has succeeded.
    """
    with transaction() as session:
        check = _find(session, user_id, check_id)
        state = session.get_one(Job, check.job_id).state
        if state in ACTIVE_STATES or check.version is not None:
            raise Conflict(
                "not_to_be_repeated",
                stated("This check is {state}.", state=state),
                stated("Only what stopped or failed is repeated."),
            )
        job = jobs.add(session, owner_id=user_id, kind=_job_kind(check.work["kind"]))
        session.flush()
        check.job_id = job.id
        session.flush()
        return _as_dict(session, check)


def work_of(job_id: str) -> tuple[str, DatasetJob]:
    """(user id, work) of the check that a job carries out."""
    with snapshot() as session:
        check = session.scalars(select(DatasetCheck).where(DatasetCheck.job_id == job_id)).one()
        return check.owner_id, DatasetJob(**check.work)


def note_staged(claim: Claim, staged_id: str, source: dict[str, Any]) -> None:
    """Record that what was to be fetched has arrived as a staged file, and the source that is shown from now on."""
    with jobs.held(claim) as session:
        check = session.scalars(select(DatasetCheck).where(DatasetCheck.job_id == claim.job_id)).one()
        check.work = {**check.work, "said": {**check.work["said"], "staged": staged_id, "source": source}}


def note_result(claim: Claim, session: Session, dataset_id: str, version: int) -> None:
    """Record the new version and end the job, in the transaction that adds the version."""
    check = session.scalars(select(DatasetCheck).where(DatasetCheck.job_id == claim.job_id)).one()
    check.dataset_id, check.version = dataset_id, version
    jobs.succeed(session, claim)


def _job_kind(work_kind: str) -> str:
    return DATASET_FETCH if work_kind == FETCHED else DATA_CHECK


def _refusal(job: Job) -> StudioError:
    if job.state == CANCELLED or not job.error:
        return Conflict(
            "check_stopped", stated("The check was stopped; nothing was changed."), stated("Start it again.")
        )
    error = restored(job.error["error"])
    return StudioError(
        error["code"],
        error["message"],
        error["hint"],
        status=job.error.get("status", 500),
        details=error["details"],
    )


def _no_worker(check: dict[str, Any]) -> StudioError:
    return StudioError(
        NO_LIGHT_WORKER,
        stated("The data waits for its report: no worker for reports is running now."),
        stated(
            "Start one with `studio worker --queue light`; GET /api/v1/checks/{check} says how far it is.",
            check=check["id"],
        ),
        status=503,
        details={"check": check},
    )


def _find(session: Session, user_id: str, check_id: str) -> DatasetCheck:
    missing = NotFound(
        "check_not_found",
        stated("There is no check {check} among yours.", check=repr(check_id[:60])),
        stated("Open the Data page."),
    )
    return access.find(session, DatasetCheck, check_id[:36], user_id, missing)


def _as_dict(session: Session, check: DatasetCheck) -> dict[str, Any]:
    job = session.get_one(Job, check.job_id)
    return {
        "id": check.id,
        "job_id": job.id,
        "kind": check.work["kind"],
        "state": job.state,
        "phase": job.phase,
        "progress": job.progress or {},
        "error": translated_json(job.error["error"]) if job.error else None,
        "dataset_id": check.dataset_id,
        "version": check.version,
        "staged": check.work["said"].get("staged", ""),
        "source": check.work["said"].get("source"),
        "created_at": check.created_at,
    }
