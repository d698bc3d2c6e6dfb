"""Jobs that write everything of a person into a ZIP, in the light worker itself: rows and files are only copied."""

from collections.abc import Callable

from app.services.operations import person_export
from app.services.queue.jobs import Claim
from worker.jobs.lease import run_in_worker


def run(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` tells whether this worker is stopping."""
    run_in_worker(claim, leaving, "Copying", person_export.write)
