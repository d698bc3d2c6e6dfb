"""Carries out a job that writes a run for another tracker, in a process of its own that has only the tracker's settings."""

import os
from collections.abc import Callable

from app.catalog.trackers import find_tracker
from app.services import tracker_exports
from app.services.jobs import Claim
from worker import child

CRASHED = (
    "export_crashed",
    "Writing the run for the tracker ended without a result (exit code {code}).",
    "Try again; the worker's data folder holds the process's log under exports/.",
)


def carry_out(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` says that this worker was told to stop."""
    folder, tracker = tracker_exports.prepare(claim)
    names = find_tracker(tracker).environment
    own = {name: os.environ[name] for name in names if os.environ.get(name)}
    errand = child.Errand("worker.exporter", tracker_exports.store_results, CRASHED, own)
    child.carry_out(claim, leaving, folder, errand)
