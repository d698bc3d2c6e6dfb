"""Carries out a job that looks for doubtful labels: starts the process, keeps the lease, records what it found.

Never imports torch. The process gets a folder and nothing else, in a process group of its own.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app import storage
from app.catalog.base_models import base_model_path
from app.errors import StudioError
from app.services import devices, jobs, label_reviews
from app.services.jobs import Claim
from app.settings import get_settings
from worker.spare import FIXED, PASSED_ON

LOOK_SECONDS = 0.1
RENEW_SECONDS = 1.0


def carry_out(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` says that this worker was told to stop."""
    folder = label_reviews.prepare(claim, base_model_path, get_settings().threads)
    devices.take(claim, leaving)
    with (folder / "reviewer.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker.reviewer", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**FIXED, **{name: os.environ[name] for name in PASSED_ON if name in os.environ}},
            start_new_session=True,
        )
    try:
        jobs.begin(claim, pid=process.pid, phase="Starting")
        wish = _watch(claim, process, folder, leaving)
    finally:
        _end(process)
    _conclude(claim, folder, process.returncode, wish, leaving())


def _watch(claim: Claim, process: subprocess.Popen[bytes], folder: Path, leaving: Callable[[], bool]) -> str | None:
    """Wait for the end of the process; returns the person's wish to stop, if there was one."""
    renewed = time.monotonic()
    while process.poll() is None and not leaving():
        time.sleep(LOOK_SECONDS)
        if time.monotonic() - renewed < RENEW_SECONDS:
            continue
        renewed = time.monotonic()
        if wish := jobs.renew(claim):
            return wish
        if (told := folder / "progress.json").exists():
            with jobs.held(claim) as session:
                jobs.note_progress(session, claim, storage.read_json(told)["phase"], {})
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def _conclude(claim: Claim, folder: Path, code: int, wish: str | None, leaving: bool) -> None:
    if wish:
        with jobs.held(claim) as session:
            jobs.cancel(session, claim)
    elif (folder / "result.json").exists():
        label_reviews.store_results(claim, storage.read_json(folder / "result.json"))
    elif leaving:
        jobs.release(claim)
    elif (folder / "error.json").exists():
        with jobs.held(claim) as session:
            jobs.fail(session, claim, storage.read_json(folder / "error.json"))
    else:
        jobs.retry(claim, _crash(code).as_dict())


def _crash(code: int) -> StudioError:
    return StudioError(
        "review_crashed",
        f"The search for doubtful labels ended without a result (exit code {code}).",
        "Try again; with very many or long texts it may have run out of memory.",
    )
