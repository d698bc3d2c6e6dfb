"""Executes one job: claims it, passes it to the handler of its kind, records what the handler did not."""

import json
import logging
import multiprocessing
from collections.abc import Callable

from app import disk_space, job_kinds, logs
from app.errors import StudioError
from app.services.queue import jobs
from app.services.queue.jobs import Claim, StaleClaim
from worker.database_outage import DATABASE_AWAY
from worker.jobs import (
    batch_predicting,
    checking,
    dataset_fetching,
    exporting,
    failure_messages,
    fetching,
    person_exporting,
    retaining,
    reviewing,
)
from worker.jobs.training import Listener, TrainingAttempt
from worker.processes import prewarmed

log = logging.getLogger(__name__)

# Set in the worker's parent process when it is asked to stop; shared memory, read by the child that executes jobs.
stopping = multiprocessing.get_context("fork").Event()

# By the kind of the job; everything else is an attempt at a run.
JOB_HANDLERS: dict[str, Callable[[Claim, Callable[[], bool]], None]] = {
    job_kinds.MODEL_FETCH: fetching.run,
    job_kinds.LABEL_REVIEW: reviewing.run,
    job_kinds.DATA_CHECK: checking.run,
    job_kinds.DATASET_FETCH: dataset_fetching.run,
    job_kinds.TRACKER_EXPORT: exporting.run,
    job_kinds.PERSON_EXPORT: person_exporting.run,
    job_kinds.BATCH_PREDICTION: batch_predicting.run,
    job_kinds.RETENTION: retaining.run,
}


def execute(job_id: str, *, on_spool: Listener | None = None) -> None:
    """Execute the job to its end, in the foreground; does nothing when it cannot be claimed.

    Args:
        job_id: the row to work on.
        on_spool: called with every spool line once it is stored; the command line draws its progress bar from it.
    """
    claim = jobs.claim(job_id)
    if claim is None:
        return
    with logs.about(job=claim.job_id, fence=str(claim.fence)):
        log.info("claimed, attempt %s", claim.attempt)
        _handle(claim, on_spool)


def _handle(claim: Claim, on_spool: Listener | None) -> None:
    try:
        if claim.kind in JOB_HANDLERS:
            JOB_HANDLERS[claim.kind](claim, stopping.is_set)
        else:
            TrainingAttempt(claim, stopping.is_set, on_spool).run()
    except StaleClaim:
        log.warning("another worker has claimed the job; leaving it")
    except StudioError as error:
        _record_failure(claim, error)
    except DATABASE_AWAY:
        log.exception("the database is away, leaving the job to the sweeper")
    except Exception as error:
        log.exception("supervisor failed")
        full = disk_space.is_full(error)
        _record_failure(
            claim, failure_messages.disk_full(disk_space.free_bytes()) if full else failure_messages.defect()
        )
    finally:
        if claim.kind not in JOB_HANDLERS and on_spool is None and not stopping.is_set():
            prewarmed.refill()


def _record_failure(claim: Claim, error: StudioError) -> None:
    try:
        with jobs.held(claim) as session:
            jobs.fail(session, claim, json.loads(json.dumps(error.as_dict(), default=str)))
    except StaleClaim:
        log.warning("another worker claimed the job before the failure could be recorded")
    except DATABASE_AWAY:
        log.exception("the failure could not be recorded; the sweeper will find the job")
