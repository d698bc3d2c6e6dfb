"""One attempt at a run: prepare its folder, give it to a trainer process, store what it reports, record how it ended.

Never imports torch. Every write to the database names the claim; an attempt that was overtaken kills its trainer and writes
nothing more. While the database is away training goes on, and what it reports waits in its folder.
"""

import logging
import math
import signal
import time
from collections.abc import Callable
from typing import Any

from app import disk_space, logs, storage
from app.catalog.base_models import base_model_path
from app.processes.subprocess import shorten_log
from app.services.queue import devices, jobs, placement, workers
from app.services.queue.jobs import Claim
from app.services.runs import run_folders
from app.settings import get_settings
from worker.database_outage import Outage
from worker.jobs import failure_messages
from worker.processes import device_locks, prewarmed, watchdog
from worker.processes.memory_kills import oom_kills
from worker.processes.spool_reader import SpoolReader
from worker.processes.trainer_process import TrainerProcess

log = logging.getLogger(__name__)

# Exit codes of the trainer.
SUCCEEDED, REFUSED, STOPPED = 0, 3, 4
POLL_SECONDS, STORE_SECONDS, RENEW_SECONDS = 0.1, 0.5, 1.0
# After the first request to stop.
TERM_AFTER_SECONDS, KILL_AFTER_SECONDS = 5.0, 7.5

Listener = Callable[[dict[str, Any]], None]


class TrainingAttempt:
    """One claim of one run, from the job file to the recorded end."""

    def __init__(self, claim: Claim, leaving: Callable[[], bool], on_spool: Listener | None = None) -> None:
        self.claim = claim
        self.leaving = leaving
        self.on_spool = on_spool
        self.job = run_folders.prepare(claim, base_model_path, get_settings().threads)
        self.spool = SpoolReader(self.job.folder / "spool.jsonl")
        self.cut_reported = False
        self.outage = Outage()
        self.watchdog = watchdog.Watchdog(get_settings().stall_seconds)
        self.stop_requested_at: float | None = None
        self.request: str | None = None
        self.renewed_at = time.monotonic()
        self.oom_kills_before = oom_kills()

    def run(self) -> None:
        """Train to the end, in the foreground."""
        with logs.about(run=self.job.run_id):
            try:
                self._run()
            finally:
                self.spool.close()

    def _run(self) -> None:
        if not devices.take(self.claim, self.leaving, self.job.devices):
            log.warning("the device was not released; the training starts although others use it")
        with device_locks.hold(placement.own_capacity().names[: self.job.devices], self._keep_waiting) as acquired:
            code = self._train() if acquired else STOPPED
        log.info("trainer ended with code %s", code)
        if not self.outage.retry_until(lambda: self._record_end(code), get_settings().outage_seconds):
            log.error("the database did not come back; the sweeper will find the job")

    def _train(self) -> int:
        trainer = prewarmed.take()
        try:
            jobs.begin(self.claim, pid=trainer.pid, phase="Starting")
            trainer.give(self.job.folder)
            return self._watch(trainer)
        finally:
            trainer.end()

    def _keep_waiting(self) -> bool:
        """Renew the claim while another worker still uses a device; returns whether to go on waiting."""
        now = time.monotonic()
        if now - self.renewed_at > RENEW_SECONDS:
            self.renewed_at = now
            self.outage.attempt(self._renew)
            self.outage.attempt(
                lambda: jobs.note_phase(self.claim, "Waiting for a device that another worker still uses")
            )
        return not (self.request or self.leaving())

    def _watch(self, trainer: TrainerProcess) -> int:
        stored = renewed = time.monotonic()
        while (code := trainer.wait(POLL_SECONDS)) is None:
            now = time.monotonic()
            shorten_log(self.job.folder / "trainer.log")
            if now - stored >= STORE_SECONDS:
                self.outage.attempt(lambda: self._store_spool(STORE_SECONDS))
                stored = now
            if now - renewed >= RENEW_SECONDS:
                self.outage.attempt(self._renew)
                renewed = now
            outage_seconds = self.outage.seconds
            if not outage_seconds:
                # Lines are not read while the database is away, so silence means nothing then.
                self.watchdog.check(trainer)
            if self.request or self.leaving() or outage_seconds > get_settings().outage_seconds:
                self._stop(trainer, now)
        return code

    def _renew(self) -> None:
        requested = jobs.renew(self.claim)
        # A pause may become a stop, but a stop stays one.
        self.request = jobs.CANCEL if self.request == jobs.CANCEL else requested or self.request

    def _stop(self, trainer: TrainerProcess, now: float) -> None:
        """Ask for an orderly end first, then send SIGTERM, then SIGKILL."""
        if self.stop_requested_at is None:
            self.stop_requested_at = now
            trainer.ask_to_stop()
        elif now - self.stop_requested_at > KILL_AFTER_SECONDS:
            trainer.signal_group(signal.SIGKILL)
        elif now - self.stop_requested_at > TERM_AFTER_SECONDS:
            trainer.signal_group(signal.SIGTERM)

    def _store_spool(self, max_seconds: float = math.inf) -> None:
        """Store new spool lines; they count as read only after the commit.

        A trainer may write faster than a busy database stores; lease renewal and stop requests must not wait for it.
        """
        deadline = time.monotonic() + max_seconds
        while time.monotonic() < deadline and (lines := self.spool.peek()):
            run_folders.store_lines(self.claim, self.job.run_id, self.job.attempt, lines)
            self.spool.accept(lines)
            self._report_cut()
            self.watchdog.observe(lines)
            if self.on_spool:
                for line in lines:
                    self.on_spool(line)

    def _report_cut(self) -> None:
        """Say once that reports were lost: curves with a gap that nobody mentions look like a run that did nothing."""
        if self.spool.was_cut and not self.cut_reported:
            self.cut_reported = True
            message = (
                "The file in which the trainer reports was shortened by somebody while it was written; points of the curves "
                "may be missing. The training itself goes on unchanged."
            )
            run_folders.note(self.claim, self.job, message, "warning", {}, about="reports")

    def _record_end(self, code: int) -> None:
        self._store_spool()
        folder = self.job.folder
        if code == SUCCEEDED and (folder / "result.json").exists():
            run_folders.store_results(self.claim, self.job)
        elif self.request == jobs.CANCEL:
            with jobs.held(self.claim) as session:
                jobs.cancel(session, self.claim)
        elif self.request == jobs.PAUSE:
            jobs.pause(self.claim)
        elif code == STOPPED or self.leaving():
            jobs.release(self.claim)
        elif code == REFUSED and (folder / "error.json").exists():
            self._refused(storage.read_json(folder / "error.json"))
        elif code == -signal.SIGKILL and oom_kills() > self.oom_kills_before:
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
        """Retry with smaller portions (gradient accumulation); each update still covers the same rows."""
        portions = failure_messages.next_portions(self.job.portions, self.job.portion_rows)
        tried, rows = self.job.portions, self.job.batch_size
        if portions is None:
            with jobs.held(self.claim) as session:
                jobs.fail(session, self.claim, failure_messages.out_of_memory(tried, rows).as_dict())
            return
        message = (
            f"Memory ran out. Each update of {rows} rows is now cut into {portions} times as many portions as planned; "
            "what is learned stays the same."
        )
        run_folders.note(self.claim, self.job, message, "warning", {"portions": portions})
        jobs.retry_adjusted(self.claim, portions=portions)

    def _crashed(self, code: int) -> None:
        folder = self.job.folder
        cause = (
            failure_messages.stall(self.watchdog.silence, folder)
            if self.watchdog.ended_trainer
            else failure_messages.crash(code, folder)
        )
        if disk_space.is_nearly_full():
            cause = failure_messages.disk_full(disk_space.free_bytes())
        run_folders.note(self.claim, self.job, cause.message, "error", {"code": cause.code, **cause.details})
        retried = jobs.retry(self.claim, cause.as_dict())
        log.warning("trainer ended with code %s, retried=%s", code, retried)
