"""Jobs that delete what the retention rules no longer keep, in the light worker itself."""

from collections.abc import Callable

from app.services.operations import retention_rules
from app.services.queue.jobs import Claim
from worker.jobs.lease import run_in_worker


def run(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` tells whether this worker is stopping."""
    run_in_worker(claim, leaving, "Deleting", retention_rules.apply)
