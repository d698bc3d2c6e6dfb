"""The lease of a job that is done in the light worker itself, between whose steps somebody may ask for its end."""

import logging
import os
import threading
from collections.abc import Callable

from app.services.queue import jobs
from app.services.queue.jobs import Claim, StaleClaim
from worker.database_outage import DATABASE_AWAY

log = logging.getLogger(__name__)

RENEW_SECONDS = 1.0


class JobStopped(Exception):
    """The owner or the stopping worker wants the job to end."""


class Lease:
    """Renews the lease about once a second, in a thread, so that a step may take as long as it needs.

    Attributes:
        request: what the owner asked for, if that is why the job stops.
    """

    def __init__(self, claim: Claim, leaving: Callable[[], bool]) -> None:
        self.claim, self.leaving = claim, leaving
        self.request: str | None = None
        self._stale = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease-{claim.job_id}", daemon=True)

    def __enter__(self) -> "Lease":
        self._thread.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._ended.set()
        self._thread.join()

    def keep(self) -> None:
        """Call this between steps.

        Raises:
            JobStopped: the owner has asked for an end, or the worker is stopping.
            StaleClaim: another worker has the job.
        """
        if self._stale:
            raise StaleClaim(self.claim.job_id)
        if self.request is not None or self.leaving():
            raise JobStopped

    def _renew(self) -> None:
        while not self._ended.wait(RENEW_SECONDS):
            try:
                self.request = jobs.renew(self.claim) or self.request
            except StaleClaim:
                self._stale = True
                return
            except DATABASE_AWAY as error:
                # The next try may find the database again before the lease runs out.
                log.warning("the lease was not renewed: %s", type(error).__name__)


def run_in_worker(
    claim: Claim, leaving: Callable[[], bool], phase: str, work: Callable[[Claim, Callable[[], None]], None]
) -> None:
    """Do a job to its end, in the foreground.

    Args:
        leaving: whether this worker is stopping; the job then goes back to the queue.
        work: ends the job itself, and calls its second argument between steps.
    """
    jobs.begin(claim, pid=os.getpid(), phase=phase)
    with Lease(claim, leaving) as lease:
        try:
            work(claim, lease.keep)
            return
        except JobStopped:
            pass
    if lease.request is None:
        jobs.release(claim)
        return
    with jobs.held(claim) as session:
        jobs.cancel(session, claim)
