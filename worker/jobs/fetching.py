"""Carries out a job that fetches a base model: asks, downloads, tells how far it is, keeps the lease. Never imports torch."""

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

TELL_SECONDS = 1.0
# What another try may put right by itself; anything else a person has to decide.
PASSING = ("hub_unreachable", "hub_failed", "hub_damaged")


def run(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` says that this worker was told to stop."""
    jobs.begin(claim, pid=os.getpid(), phase="Asking the hub")
    model = model_fetches.requested(claim.job_id)
    watch = _Watch(claim, leaving)
    try:
        plan = model_hub.plan(model.repo, model.revision)
        with jobs.held(claim) as session:
            model_fetches.note_plan(
                session, claim.job_id, plan.commit, fetched_models.model_name(plan.repo, plan.commit)
            )
        model_hub.fetch(plan, watch.tell, watch.should_stop)
    except model_hub.FetchStopped:
        _stopped(claim, watch)
    except StudioError as error:
        _failed(claim, error)
    else:
        with jobs.held(claim) as session:
            jobs.succeed(session, claim)


class _Watch:
    """Tells the progress and renews the lease about once a second; remembers a wish to stop."""

    def __init__(self, claim: Claim, leaving: Callable[[], bool]) -> None:
        self.claim, self.leaving = claim, leaving
        self.wish: str | None = None
        self._told = 0.0

    def tell(self, here: int, total: int) -> None:
        """Bytes here and in all."""
        now = time.monotonic()
        if now - self._told < TELL_SECONDS and here < total:
            return
        self._told = now
        self.wish = self.wish or jobs.renew(self.claim)
        with jobs.held(self.claim) as session:
            jobs.note_progress(session, self.claim, "Fetching", {"bytes": here, "total_bytes": total})

    def should_stop(self) -> bool:
        """Whether the person, or the worker's end, asks for it."""
        return self.wish is not None or self.leaving()


def _stopped(claim: Claim, watch: _Watch) -> None:
    if watch.wish is None:
        jobs.release(claim)
        return
    with jobs.held(claim) as session:
        jobs.cancel(session, claim)


def _failed(claim: Claim, error: StudioError) -> None:
    log.warning("a fetch ended with %s job=%s", error.code, claim.job_id)
    if error.code in PASSING:
        jobs.retry(claim, error.as_dict())
        return
    with jobs.held(claim) as session:
        jobs.fail(session, claim, error.as_dict())
