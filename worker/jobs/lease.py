"""The lease of a job that is done in the light worker itself, between whose steps somebody may ask for its end."""

import os
import time
from collections.abc import Callable

from app.services.queue import jobs
from app.services.queue.jobs import Claim

RENEW_SECONDS = 1.0


class JobStopped(Exception):
    """The owner or the stopping worker wants the job to end."""


class Lease:
    """Renews the lease about once a second.

    Attributes:
        request: what the owner asked for, if that is why the job stops.
    """

    def __init__(self, claim: Claim, leaving: Callable[[], bool]) -> None:
        self.claim, self.leaving = claim, leaving
        self.request: str | None = None
        self._renewed_at = time.monotonic()

    def keep(self) -> None:
        """Call this between steps.

        Raises:
            JobStopped: the owner has asked for an end, or the worker is stopping.
        """
        if self.leaving():
            raise JobStopped
        if time.monotonic() - self._renewed_at >= RENEW_SECONDS:
            self._renewed_at = time.monotonic()
            self.request = jobs.renew(self.claim)
            if self.request is not None:
                raise JobStopped


def run_in_worker(
    claim: Claim, leaving: Callable[[], bool], phase: str, work: Callable[[Claim, Callable[[], None]], None]
) -> None:
    """Do a job to its end, in the foreground.

    Args:
        leaving: whether this worker is stopping; the job then goes back to the queue.
        work: ends the job itself, and calls its second argument between steps.
    """
    jobs.begin(claim, pid=os.getpid(), phase=phase)
    lease = Lease(claim, leaving)
    try:
        work(claim, lease.keep)
    except JobStopped:
        if lease.request is None:
            jobs.release(claim)
            return
        with jobs.held(claim) as session:
            jobs.cancel(session, claim)
