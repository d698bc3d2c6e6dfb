"""Carries out one job: claim it, give it to a trainer process, ship what it reports, record how it ended.

Never imports torch. Everything written to the database names the claim; a supervisor that was overtaken kills its trainer
and writes nothing more. While the database is away training goes on, and what it reports waits in its folder.
"""

import errno
import json
import logging
import math
import multiprocessing
import signal
import time
from collections.abc import Callable
from typing import Any

from app import logs, storage
from app.catalog.base_models import base_model_path
from app.errors import StudioError
from app.processes.subprocess import shorten_log
from app.services.datasets import checks
from app.services.queue import devices, job_kinds, jobs, placement, workers
from app.services.queue.jobs import Claim, StaleClaim
from app.services.runs import run_folders
from app.settings import get_settings
from worker.database_outage import DATABASE_AWAY, Outage
from worker.jobs import exporting, failure_messages, fetching, reviewing
from worker.processes import device_locks, prewarmed, watchdog
from worker.processes.spool_reader import SpoolReader
from worker.processes.trainer_process import TrainerProcess

log = logging.getLogger(__name__)

# Set in the worker's parent process when it is told to stop; shared with the child that supervises.
stopping = multiprocessing.get_context("fork").Event()

SUCCEEDED, REFUSED, STOPPED = 0, 3, 4
# Work beside training, by the kind of its job; everything else is an attempt at a run.
JOB_HANDLERS: dict[str, Callable[[Claim, Callable[[], bool]], None]] = {
    job_kinds.MODEL_FETCH: fetching.carry_out,
    job_kinds.LABEL_REVIEW: reviewing.carry_out,
    job_kinds.DATA_CHECK: checks.carry_out,
    job_kinds.TRACKER_EXPORT: exporting.carry_out,
}
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
    with logs.about(job=claim.job_id, fence=str(claim.fence)):
        log.info("claimed, attempt %s", claim.attempt)
        _carry_out(claim, on_spool)


def _carry_out(claim: Claim, on_spool: Listener | None) -> None:
    try:
        if claim.kind in JOB_HANDLERS:
            JOB_HANDLERS[claim.kind](claim, stopping.is_set)
        else:
            _Attempt(claim, on_spool).run()
    except StaleClaim:
        log.warning("overtaken, leaving the job")
    except StudioError as error:
        _record_failure(claim, error)
    except DATABASE_AWAY:
        log.exception("the database is away, leaving the job to the sweeper")
    except Exception as error:
        log.exception("supervisor failed")
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        _record_failure(claim, failure_messages.disk_full(_free_bytes()) if full else failure_messages.defect())
    finally:
        if on_spool is None and not stopping.is_set():
            prewarmed.refill()


class _Attempt:
    """One hold of one job, from the folder to the recorded end."""

    def __init__(self, claim: Claim, on_spool: Listener | None) -> None:
        self.claim = claim
        self.on_spool = on_spool
        self.job = run_folders.prepare(claim, base_model_path, get_settings().threads)
        self.spool = SpoolReader(self.job.folder / "spool.jsonl")
        self.outage = Outage()
        self.watchdog = watchdog.Watchdog(get_settings().stall_seconds)
        self.stop_asked_at: float | None = None
        self.wish: str | None = None
        self.waited_at = time.monotonic()
        self.killed_before = watchdog.killed_for_memory()

    def run(self) -> None:
        with logs.about(run=self.job.run_id):
            self._run()

    def _run(self) -> None:
        if not devices.take(self.claim, stopping.is_set, self.job.devices):
            log.warning("the device was not made free; the training begins beside whoever holds it")
        with device_locks.hold(placement.own_capacity().names[: self.job.devices], self._waits_for_devices) as got:
            code = self._train() if got else STOPPED
        log.info("trainer ended with code %s", code)
        if not self.outage.insist(lambda: self._end(code), get_settings().outage_seconds):
            log.error("the database did not come back; the sweeper will find the job")

    def _train(self) -> int:
        trainer = prewarmed.take()
        try:
            jobs.begin(self.claim, pid=trainer.pid, phase="Starting")
            trainer.give(self.job.folder)
            return self._watch(trainer)
        finally:
            trainer.end()

    def _waits_for_devices(self) -> bool:
        """Keeps the claim while another worker still uses a device; whether to go on waiting."""
        now = time.monotonic()
        if now - self.waited_at > RENEW_SECONDS:
            self.waited_at = now
            self.outage.survive(self._renew)
            self.outage.survive(
                lambda: jobs.note_phase(self.claim, "Waiting for a device that another worker still uses")
            )
        return not (self.wish or stopping.is_set())

    def _watch(self, trainer: TrainerProcess) -> int:
        shipped = renewed = time.monotonic()
        while (code := trainer.wait(LOOK_SECONDS)) is None:
            now = time.monotonic()
            shorten_log(self.job.folder / "trainer.log")
            if now - shipped >= SHIP_SECONDS:
                self.outage.survive(lambda: self._ship(SHIP_SECONDS))
                shipped = now
            if now - renewed >= RENEW_SECONDS:
                self.outage.survive(self._renew)
                renewed = now
            away = self.outage.seconds
            if not away:
                # Lines wait while the database is away, so silence means nothing then.
                self.watchdog.look(trainer)
            if self.wish or stopping.is_set() or away > get_settings().outage_seconds:
                self._press(trainer, now)
        return code

    def _renew(self) -> None:
        asked = jobs.renew(self.claim)
        # A pause may become a stop, but a stop stays one.
        self.wish = jobs.CANCEL if self.wish == jobs.CANCEL else asked or self.wish

    def _press(self, trainer: TrainerProcess, now: float) -> None:
        """Ask first, insist later, end by force at last."""
        if self.stop_asked_at is None:
            self.stop_asked_at = now
            trainer.ask_to_stop()
        elif now - self.stop_asked_at > KILL_AFTER_SECONDS:
            trainer.signal_group(signal.SIGKILL)
        elif now - self.stop_asked_at > TERM_AFTER_SECONDS:
            trainer.signal_group(signal.SIGTERM)

    def _ship(self, most_seconds: float = math.inf) -> None:
        """Store new spool lines; they count as read only after the commit.

        A trainer may write faster than a busy database stores; the lease and the person's wishes must not wait for it.
        """
        deadline = time.monotonic() + most_seconds
        while time.monotonic() < deadline and (lines := self.spool.peek()):
            run_folders.store_lines(self.claim, self.job.run_id, self.job.attempt, lines)
            self.spool.accept(lines)
            self.watchdog.hear(lines)
            if self.on_spool:
                for line in lines:
                    self.on_spool(line)

    def _end(self, code: int) -> None:
        self._ship()
        folder = self.job.folder
        if code == SUCCEEDED and (folder / "result.json").exists():
            run_folders.store_results(self.claim, self.job)
        elif self.wish == jobs.CANCEL:
            with jobs.held(self.claim) as session:
                jobs.cancel(session, self.claim)
        elif self.wish == jobs.PAUSE:
            jobs.pause(self.claim)
        elif code == STOPPED or stopping.is_set():
            jobs.release(self.claim)
        elif code == REFUSED and (folder / "error.json").exists():
            self._refused(storage.read_json(folder / "error.json"))
        elif code == -signal.SIGKILL and watchdog.killed_for_memory() > self.killed_before:
            self._out_of_memory()
        else:
            self._crashed(code)

    def _refused(self, error: dict[str, Any]) -> None:
        if error["error"]["code"] == failure_messages.OUT_OF_MEMORY:
            self._out_of_memory()
        elif error["error"]["code"] == failure_messages.DEVICE_LOST:
            workers.note_device_failure(jobs.default_holder())
            run_folders.note(self.claim, self.job, error["error"]["message"], "error", error["error"])
            jobs.retry(self.claim, error)
        else:
            with jobs.held(self.claim) as session:
                jobs.fail(session, self.claim, error)

    def _out_of_memory(self) -> None:
        """The next process gets smaller portions; each update still learns from the same rows."""
        portions = failure_messages.next_portions(self.job.portions, self.job.portion_rows)
        tried, rows = self.job.portions, self.job.batch_size
        if portions is None:
            with jobs.held(self.claim) as session:
                jobs.fail(session, self.claim, failure_messages.out_of_memory(tried, rows).as_dict())
            return
        told = (
            f"Memory ran out. Each update of {rows} rows is now cut into {portions} times as many portions as planned; "
            "what is learned stays the same."
        )
        run_folders.note(self.claim, self.job, told, "warning", {"portions": portions})
        jobs.retry_adjusted(self.claim, portions=portions)

    def _crashed(self, code: int) -> None:
        folder = self.job.folder
        cause = (
            failure_messages.stall(self.watchdog.silence, folder)
            if self.watchdog.bitten
            else failure_messages.crash(code, folder)
        )
        free = _free_bytes()
        if free < get_settings().free_disk_bytes // 4:
            cause = failure_messages.disk_full(free)
        run_folders.note(self.claim, self.job, cause.message, "error", {"code": cause.code, **cause.details})
        again = jobs.retry(self.claim, cause.as_dict())
        log.warning("trainer ended with code %s, again=%s", code, again)


def _free_bytes() -> int:
    return watchdog.free_bytes(storage.data_dir())


def _record_failure(claim: Claim, error: StudioError) -> None:
    try:
        with jobs.held(claim) as session:
            jobs.fail(session, claim, json.loads(json.dumps(error.as_dict(), default=str)))
    except StaleClaim:
        log.warning("overtaken before the failure could be recorded")
    except DATABASE_AWAY:
        log.exception("the failure could not be recorded; the sweeper will find the job")
