"""Jobs that fetch a base model from the hub: plan, download, report progress, renew the lease. Never imports torch."""

import logging
import os
import time
from collections.abc import Callable

from app.catalog import fetched_models
from app.errors import StudioError
from app.services.models import model_fetches, model_hub
from app.services.queue import jobs
from app.services.queue.jobs import Claim

log = logging.getLogger(__name__)

REPORT_SECONDS = 1.0
# Errors that a retry may resolve; anything else fails the job.
TRANSIENT = ("hub_unreachable", "hub_failed", "hub_damaged")


def run(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` tells whether this worker is stopping."""
    jobs.begin(claim, pid=os.getpid(), phase="Asking the hub")
    model = model_fetches.requested(claim.job_id)
    progress = FetchProgress(claim, leaving)
    try:
        plan = model_hub.plan(model.repo, model.revision)
        with jobs.held(claim) as session:
            model_fetches.note_plan(
                session, claim.job_id, plan.commit, fetched_models.model_name(plan.repo, plan.commit)
            )
        model_hub.fetch(plan, progress.report, progress.should_stop)
    except model_hub.FetchStopped:
        _stopped(claim, progress)
    except StudioError as error:
        _failed(claim, error)
    else:
        with jobs.held(claim) as session:
            jobs.succeed(session, claim)


class FetchProgress:
    """Reports progress and renews the lease about once a second; remembers a request to stop."""

    def __init__(self, claim: Claim, leaving: Callable[[], bool]) -> None:
        self.claim, self.leaving = claim, leaving
        self.request: str | None = None
        self._reported_at = 0.0

    def report(self, done: int, total: int) -> None:
        """Bytes downloaded, and in all."""
        now = time.monotonic()
        if now - self._reported_at < REPORT_SECONDS and done < total:
            return
        self._reported_at = now
        self.request = self.request or jobs.renew(self.claim)
        with jobs.held(self.claim) as session:
            jobs.note_progress(session, self.claim, "Fetching", {"bytes": done, "total_bytes": total})

    def should_stop(self) -> bool:
        """Whether the owner or the stopping worker requests it."""
        return self.request is not None or self.leaving()


def _stopped(claim: Claim, progress: FetchProgress) -> None:
    if progress.request is None:
        jobs.release(claim)
        return
    with jobs.held(claim) as session:
        jobs.cancel(session, claim)


def _failed(claim: Claim, error: StudioError) -> None:
    log.warning("a fetch ended with %s job=%s", error.code, claim.job_id)
    if error.code in TRANSIENT:
        jobs.retry(claim, error.as_dict())
        return
    with jobs.held(claim) as session:
        jobs.fail(session, claim, error.as_dict())
