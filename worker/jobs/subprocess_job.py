"""Carries out a job in a process of its own: starts it, keeps the lease, tells its phase, records how it ended.

Never imports torch. The process gets a folder and no database; it writes ``progress.json``, and ``result.json`` or
``error.json`` at the end.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app import storage
from app.errors import StudioError
from app.processes.subprocess import Command, ManagedProcess, model_environment, python_module
from app.services.queue import jobs
from app.services.queue.jobs import Claim

LOOK_SECONDS = 0.1
RENEW_SECONDS = 1.0


@dataclass(frozen=True)
class SubprocessJob:
    """What kind of work it is.

    Attributes:
        module: started as ``python -m module folder``.
        store: keeps the content of ``result.json`` and ends the job.
        crashed: code, message and hint for an end without a result; ``{code}`` is the process's exit code.
        environment: values beyond those that every such process gets.
    """

    module: str
    store: Callable[[Claim, dict[str, Any]], None]
    crashed: tuple[str, str, str]
    environment: Mapping[str, str] = field(default_factory=dict)


def run(claim: Claim, leaving: Callable[[], bool], folder: Path, errand: SubprocessJob) -> None:
    """Do the job to its end, in the foreground; ``leaving`` says that this worker was told to stop."""
    command = Command(
        python_module(errand.module, str(folder)),
        model_environment(**errand.environment),
        log=folder / "process.log",
    )
    with ManagedProcess(command) as process:
        jobs.begin(claim, pid=process.pid, phase="Starting")
        wish = _watch(claim, process, folder, leaving)
        code = process.end()
    _conclude(claim, folder, errand, code, wish, leaving())


def _watch(claim: Claim, process: ManagedProcess, folder: Path, leaving: Callable[[], bool]) -> str | None:
    """Wait for the end of the process; returns the person's wish to stop, if there was one."""
    renewed = time.monotonic()
    while process.poll() is None and not leaving():
        time.sleep(LOOK_SECONDS)
        if time.monotonic() - renewed < RENEW_SECONDS:
            continue
        renewed = time.monotonic()
        process.limit_log()
        if wish := jobs.renew(claim):
            return wish
        if (told := folder / "progress.json").exists():
            with jobs.held(claim) as session:
                jobs.note_progress(session, claim, storage.read_json(told)["phase"], {})
    return None


def _conclude(claim: Claim, folder: Path, errand: SubprocessJob, code: int, wish: str | None, leaving: bool) -> None:
    if wish:
        with jobs.held(claim) as session:
            jobs.cancel(session, claim)
    elif (folder / "result.json").exists():
        errand.store(claim, storage.read_json(folder / "result.json"))
    elif leaving:
        jobs.release(claim)
    elif (folder / "error.json").exists():
        with jobs.held(claim) as session:
            jobs.fail(session, claim, storage.read_json(folder / "error.json"))
    else:
        error_code, message, hint = errand.crashed
        jobs.retry(claim, StudioError(error_code, message.format(code=code), hint).as_dict())
