"""Jobs that export a run to a tracker, in a process of its own that has only the tracker's settings."""

from collections.abc import Callable

from app.catalog.trackers import find_tracker
from app.processes.subprocess import inherited
from app.services.queue.jobs import Claim
from app.services.runs import tracker_exports
from worker.jobs import subprocess_job

CRASHED = (
    "export_crashed",
    "Writing the run for the tracker ended without a result (exit code {code}).",
    "Try again; the worker's data folder holds the process's log under exports/.",
)


def run(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` tells whether this worker is stopping."""
    folder, tracker = tracker_exports.prepare(claim)
    names = find_tracker(tracker).environment
    settings = {name: value for name, value in inherited(names).items() if value}
    job = subprocess_job.SubprocessJob("worker.jobs.exporter", tracker_exports.store_results, CRASHED, settings)
    subprocess_job.run(claim, leaving, folder, job)
