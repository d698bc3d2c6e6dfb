"""Runs a job in a process of its own: starts it, renews the lease, reports its phase, records how it ended.

Never imports torch. The process gets a folder and no database; it writes ``progress.json``, and ``result.json`` or
``error.json`` at the end.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app import disk_space, storage
from app.errors import StudioError
from app.processes.subprocess import Command, ManagedProcess, model_environment, python_module
from app.services.queue import jobs
from app.services.queue.jobs import Claim

POLL_SECONDS = 0.1
RENEW_SECONDS = 1.0


@dataclass(frozen=True)
class SubprocessJob:
    """The module that does a kind of job, and what happens to its result.

    Attributes:
        module: started as ``python -m module folder``.
        store: stores the content of ``result.json`` and ends the job, unless more is to be done for it.
        crashed: code, message and hint for an end without a result; ``{code}`` is the process's exit code.
        environment: variables beyond those that every such process gets.
    """

    module: str
    store: Callable[[Claim, dict[str, Any]], None]
    crashed: tuple[str, str, str]
    environment: Mapping[str, str] = field(default_factory=dict)


def run(claim: Claim, leaving: Callable[[], bool], folder: Path, job: SubprocessJob) -> None:
    """Do the job to its end, in the foreground; ``leaving`` tells whether this worker is stopping."""
    command = Command(
        python_module(job.module, str(folder)),
        model_environment(**job.environment),
        log=folder / "process.log",
    )
    with ManagedProcess(command) as process:
        jobs.begin(claim, pid=process.pid, phase="Starting")
        request = _watch(claim, process, folder, leaving)
        code = process.end()
    _conclude(claim, folder, job, code, request, leaving())


def _watch(claim: Claim, process: ManagedProcess, folder: Path, leaving: Callable[[], bool]) -> str | None:
    """Wait for the end of the process; returns the owner's request to stop, if there was one."""
    renewed = time.monotonic()
    while process.poll() is None and not leaving():
        time.sleep(POLL_SECONDS)
        if time.monotonic() - renewed < RENEW_SECONDS:
            continue
        renewed = time.monotonic()
        process.limit_log()
        if request := jobs.renew(claim):
            return request
        if (progress := folder / "progress.json").exists():
            with jobs.held(claim) as session:
                noted = storage.read_json(progress)
                jobs.note_progress(session, claim, noted["phase"], noted.get("progress") or {})
    return None


def _conclude(claim: Claim, folder: Path, job: SubprocessJob, code: int, request: str | None, leaving: bool) -> None:
    if request:
        with jobs.held(claim) as session:
            jobs.cancel(session, claim)
    elif (folder / "result.json").exists():
        job.store(claim, storage.read_json(folder / "result.json"))
    elif leaving:
        jobs.release(claim)
    elif (folder / "error.json").exists():
        with jobs.held(claim) as session:
            jobs.fail(session, claim, storage.read_json(folder / "error.json"))
    else:
        if disk_space.is_nearly_full():
            with jobs.held(claim) as session:
                jobs.fail(session, claim, disk_space.disk_full(disk_space.free_bytes()).as_dict())
            return
        error_code, message, hint = job.crashed
        jobs.retry(claim, StudioError(error_code, message.format(code=code), hint).as_dict())
