"""Jobs that write everything of a person into a ZIP, in the light worker itself: rows and files are only copied."""

import os
import time
from collections.abc import Callable

from app.services.operations import person_export
from app.services.operations.person_export import ExportStopped
from app.services.queue import jobs
from app.services.queue.jobs import Claim

RENEW_SECONDS = 1.0


def run(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` tells whether this worker is stopping."""
    jobs.begin(claim, pid=os.getpid(), phase="Copying")
    lease = _Lease(claim, leaving)
    try:
        person_export.write(claim, lease.keep)
    except ExportStopped:
        if lease.request is None:
            jobs.release(claim)
            return
        with jobs.held(claim) as session:
            jobs.cancel(session, claim)


class _Lease:
    """Renews the lease about once a second, and stops the work when somebody asks for it."""

    def __init__(self, claim: Claim, leaving: Callable[[], bool]) -> None:
        self.claim, self.leaving = claim, leaving
        self.request: str | None = None
        self._renewed_at = time.monotonic()

    def keep(self) -> None:
        """Call this between files."""
        if self.leaving():
            raise ExportStopped
        if time.monotonic() - self._renewed_at >= RENEW_SECONDS:
            self._renewed_at = time.monotonic()
            self.request = jobs.renew(self.claim)
            if self.request is not None:
                raise ExportStopped
