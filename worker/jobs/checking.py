"""Jobs that make a new version of a dataset, each in a process of its own that holds the rows while it works.

One process waits past its imports, so that the report on a small file is not delayed by them.
"""

import json
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from app import storage
from app.errors import StudioError
from app.processes.subprocess import (
    MODEL_VARIABLES,
    ROOT,
    Command,
    ManagedProcess,
    inherited,
    inherited_prefix,
    log_tail,
    python_module,
)
from app.services.queue import jobs
from app.services.queue.jobs import Claim

REFUSED = 3
POLL_SECONDS, RENEW_SECONDS, TERMINATE_SECONDS = 0.05, 1.0, 3.0
LOG_BYTES = 2000


class CheckProcess(ManagedProcess):
    """One process of ``worker.jobs.checker``, which waits on its standard input for a claim and a folder."""

    log_tail = ""

    def __init__(self) -> None:
        with tempfile.NamedTemporaryFile(dir=storage.logs_dir(), prefix="check-", suffix=".log", delete=False) as log:
            self.log = Path(log.name)
        # It stores the version itself, so it needs the settings and the database's variables.
        environment = {**inherited(MODEL_VARIABLES), **inherited_prefix("STUDIO_"), **inherited_prefix("PG")}
        environment["PYTHONPATH"] = str(ROOT)
        arguments = python_module("worker.jobs.checker", safe_path=True)
        super().__init__(Command(arguments, environment, log=self.log, has_input=True))

    def give(self, claim: Claim, folder: Path) -> None:
        """Let it begin; the pipe keeps the line until the imports are done."""
        self.send_line(json.dumps({"claim": asdict(claim), "folder": str(folder)}))

    def end(self, grace_seconds: float = TERMINATE_SECONDS) -> int:
        """End it, with time to remove half-written files; its log goes too."""
        code = super().end(grace_seconds)
        if self.log.exists():
            self.log_tail = log_tail(self.log, LOG_BYTES)
            self.log.unlink()
        return code


_lock = threading.Lock()
_prewarmed: list[CheckProcess] = []


def prewarm() -> None:
    """Start a process for the next check, if none waits."""
    with _lock:
        if not _prewarmed:
            _prewarmed.append(CheckProcess())


def dismiss() -> None:
    """End the waiting process."""
    with _lock:
        while _prewarmed:
            _prewarmed.pop().end()


def run(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` tells whether this worker is stopping."""
    with tempfile.TemporaryDirectory(dir=storage.uploads_dir(), prefix="check-") as folder:
        process = _take()
        with process:
            jobs.begin(claim, pid=process.pid, phase="Starting")
            process.give(claim, Path(folder))
            request = _watch(claim, process, Path(folder), leaving)
            code = process.end()
        _conclude(claim, process, Path(folder), code, request, leaving())


def _take() -> CheckProcess:
    with _lock:
        waiting = _prewarmed.pop() if _prewarmed else None
    return waiting if waiting is not None and waiting.poll() is None else CheckProcess()


def _watch(claim: Claim, process: CheckProcess, folder: Path, leaving: Callable[[], bool]) -> str | None:
    """Wait for the end of the process; returns the owner's request to stop, if there was one."""
    renewed = time.monotonic()
    while process.wait(POLL_SECONDS) is None and not leaving():
        if time.monotonic() - renewed < RENEW_SECONDS:
            continue
        renewed = time.monotonic()
        try:
            if request := jobs.renew(claim):
                return request
            if (progress := folder / "progress.json").exists():
                with jobs.held(claim) as session:
                    jobs.note_progress(session, claim, **storage.read_json(progress))
        except jobs.StaleClaim:
            # The process may have ended the job this moment.
            if process.wait(TERMINATE_SECONDS) is None:
                raise
    return None


def _conclude(claim: Claim, process: CheckProcess, folder: Path, code: int, request: str | None, leaving: bool) -> None:
    if code == 0:
        return
    if request:
        with jobs.held(claim) as session:
            jobs.cancel(session, claim)
    elif code == REFUSED and (folder / "error.json").exists():
        with jobs.held(claim) as session:
            jobs.fail(session, claim, storage.read_json(folder / "error.json"))
    elif leaving:
        jobs.release(claim)
    else:
        jobs.retry(claim, _crash(code, process.log_tail).as_dict())


def _crash(code: int, log: str) -> StudioError:
    return StudioError(
        "check_crashed",
        f"The check of the data ended without a result (exit code {code}).",
        "Try again; with very much data it may have run out of memory.",
        details={"log": log},
    )
