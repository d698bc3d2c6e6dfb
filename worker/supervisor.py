"""Carries out one job: claim it, give it to a trainer process, ship what it reports, record how it ended.

Never imports torch. Everything written to the database names the claim; a supervisor that was overtaken kills its trainer
and writes nothing more.
"""

import json
import logging
import multiprocessing
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app import storage
from app.catalog.base_models import base_model_path
from app.errors import StudioError
from app.services import jobs, run_folders
from app.services.jobs import Claim, StaleClaim
from app.settings import get_settings
from worker import spare
from worker.spool_reader import SpoolReader

log = logging.getLogger(__name__)

# Set in the worker's parent process when it is told to stop; shared with the child that supervises.
stopping = multiprocessing.get_context("fork").Event()

SUCCEEDED, REFUSED, STOPPED = 0, 3, 4
LOOK_SECONDS = 0.1
SHIP_SECONDS = 0.5
RENEW_SECONDS = 1.0
# After the first request to stop: when to insist, and when to end it by force.
TERM_AFTER_SECONDS, KILL_AFTER_SECONDS = 5.0, 7.5

Listener = Callable[[dict[str, Any]], None]


def execute(job_id: str, *, on_spool: Listener | None = None) -> None:
    """Do the job to its end, in the foreground. Does nothing when it cannot be claimed.

    Args:
        job_id: the row to work on.
        on_spool: called with every spool line once it is stored; the command line draws its progress bar from it.
    """
    claim = jobs.claim(job_id)
    if claim is None:
        return
    log.info("claimed job=%s fence=%s attempt=%s", claim.job_id, claim.fence, claim.attempt)
    try:
        _Attempt(claim, on_spool).run()
    except StaleClaim:
        log.warning("overtaken, leaving job=%s fence=%s", claim.job_id, claim.fence)
    except StudioError as error:
        _record_failure(claim, error)
    except Exception:
        log.exception("supervisor failed job=%s", claim.job_id)
        _record_failure(claim, _defect())
    finally:
        if on_spool is None:
            spare.refill()


class _Attempt:
    """One hold of one job, from the folder to the recorded end."""

    def __init__(self, claim: Claim, on_spool: Listener | None) -> None:
        self.claim = claim
        self.on_spool = on_spool
        self.order = run_folders.prepare(claim, base_model_path, get_settings().threads)
        self.spool = SpoolReader(self.order.folder / "spool.jsonl")
        self.stop_asked_at: float | None = None
        self.cancelled = False

    def run(self) -> None:
        trainer = spare.take()
        try:
            jobs.begin(self.claim, pid=trainer.pid, phase="Starting")
            trainer.give(self.order.folder)
            code = self._watch(trainer)
        finally:
            trainer.end()
        self._ship()
        self._conclude(code)

    def _watch(self, trainer: spare.TrainerProcess) -> int:
        shipped = renewed = time.monotonic()
        while (code := trainer.poll()) is None:
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            if now - shipped >= SHIP_SECONDS:
                self._ship()
                shipped = now
            if now - renewed >= RENEW_SECONDS:
                self.cancelled = jobs.renew(self.claim) or self.cancelled
                renewed = now
            if self.cancelled or stopping.is_set():
                self._press(trainer, now)
        return code

    def _press(self, trainer: spare.TrainerProcess, now: float) -> None:
        """Ask first, insist later, end by force at last."""
        if self.stop_asked_at is None:
            self.stop_asked_at = now
            trainer.ask_to_stop()
        elif now - self.stop_asked_at > KILL_AFTER_SECONDS:
            trainer.signal_group(signal.SIGKILL)
        elif now - self.stop_asked_at > TERM_AFTER_SECONDS:
            trainer.signal_group(signal.SIGTERM)

    def _ship(self) -> None:
        """Store new spool lines; they count as read only after the commit."""
        while lines := self.spool.peek():
            run_folders.store_lines(self.claim, self.order.run_id, self.order.source, lines)
            self.spool.accept(lines)
            if self.on_spool:
                for line in lines:
                    self.on_spool(line)

    def _conclude(self, code: int) -> None:
        folder = self.order.folder
        if code == SUCCEEDED and (folder / "result.json").exists():
            run_folders.store_results(self.claim, self.order)
        elif self.cancelled:
            with jobs.held(self.claim) as session:
                jobs.cancel(session, self.claim)
        elif stopping.is_set():
            jobs.release(self.claim)
        elif code == REFUSED and (folder / "error.json").exists():
            with jobs.held(self.claim) as session:
                jobs.fail(session, self.claim, storage.read_json(folder / "error.json"))
        else:
            again = jobs.retry(self.claim, _crash(code, folder).as_dict())
            log.warning("trainer ended with code %s job=%s again=%s", code, self.claim.job_id, again)


def _crash(code: int, folder: Path) -> StudioError:
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return StudioError(
        "trainer_crashed",
        f"The training process ended without finishing its work ({how}).",
        "Open the log below for its last lines. Resuming continues from the last checkpoint; if it happens again, "
        "choose fewer rows per update or shorter texts.",
        details={"exit_code": code, "log": folder.name},
    )


def _defect() -> StudioError:
    return StudioError(
        "internal_error",
        "The studio could not carry out this run because of a defect on its side.",
        "Try again; if it happens again, send the worker's log to whoever runs this studio.",
    )


def _record_failure(claim: Claim, error: StudioError) -> None:
    try:
        with jobs.held(claim) as session:
            jobs.fail(session, claim, json.loads(json.dumps(error.as_dict(), default=str)))
    except StaleClaim:
        log.warning("overtaken before the failure could be recorded job=%s", claim.job_id)
