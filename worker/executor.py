"""Does the jobs of one queue in this process, one at a time in each slot, and sends the heartbeats of this worker.

A message only wakes the slots, which also look for themselves every few seconds: the database says whose turn it is.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from app import disk_space, job_kinds
from app.db import AWAY
from app.queue import LIGHT_QUEUE, TRAIN_QUEUE
from app.services.queue import jobs, placement, queue_order, workers
from app.settings import get_settings
from worker.jobs import checking, speed_measurement, supervisor
from worker.processes import device_locks, prewarmed

log = logging.getLogger(__name__)

# A stop waits for the trainer's last checkpoint; after this the process is ended by its parent.
FAREWELL_SECONDS = 9.0

NextJob = Callable[[], str | None]


class Slot:
    """A thread that does one job after the other.

    Args:
        next_job: id of the job whose turn it is, None when nothing can be claimed now.
        prewarm: called after each job, so that the next one finds a process past its imports.
        leaving: set when this worker ends.
    """

    def __init__(self, next_job: NextJob, prewarm: Callable[[], None], leaving: threading.Event) -> None:
        self.job_id: str | None = None
        self._next_job = next_job
        self._prewarm = prewarm
        self._leaving = leaving
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="slot")

    def start(self) -> None:
        """Look for jobs from now on."""
        self._thread.start()

    def wake(self) -> None:
        """Look for jobs now, not only after the polling interval."""
        self._wake.set()

    def join(self, seconds: float) -> None:
        """Wait for the end of the job at hand, at most so long."""
        self._thread.join(seconds)

    def _serve(self) -> None:
        while not self._leaving.is_set():
            try:
                self._drain_queue()
            except AWAY:
                log.warning("the database is away; looking again in %s s", get_settings().poll_seconds)
            except Exception:
                log.exception("could not look for work")
            self._wake.wait(get_settings().poll_seconds)
            self._wake.clear()

    def _drain_queue(self) -> None:
        while not supervisor.stopping.is_set() and (job_id := self._next_job()):
            self.job_id = job_id
            try:
                supervisor.execute(job_id)
            finally:
                self.job_id = None
            if not supervisor.stopping.is_set():
                self._prewarm()


class Executor:
    """The slots of one worker process, its heartbeat, and the processes that it keeps prewarmed."""

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self._leaving = threading.Event()
        self._prewarm = checking.prewarm if queue == LIGHT_QUEUE else prewarmed.refill
        self._slots = [Slot(next_job, self._prewarm, self._leaving) for next_job in next_jobs(queue)]
        self._heartbeat = threading.Thread(target=self._beat, daemon=True, name="heartbeat")

    @property
    def is_busy(self) -> bool:
        """Whether a job is being done."""
        return any(slot.job_id for slot in self._slots)

    def start(self) -> None:
        """Begin to look for jobs and to send heartbeats, in threads of this process."""
        self._heartbeat.start()
        self._prewarm()
        if self.queue == TRAIN_QUEUE:
            measure = partial(speed_measurement.measure_once, lambda: self.is_busy, self._leaving)
            threading.Thread(target=measure, daemon=True, name="speed").start()
        for slot in self._slots:
            slot.start()

    def wake(self) -> None:
        """Look for jobs now; returns at once."""
        for slot in self._slots:
            slot.wake()

    def leave(self) -> None:
        """Wait until the jobs at hand are given back, then sign off."""
        self._leaving.set()
        self.wake()
        deadline = time.monotonic() + FAREWELL_SECONDS
        for slot in self._slots:
            slot.join(max(0.0, deadline - time.monotonic()))
        checking.dismiss()
        prewarmed.dismiss()
        self._heartbeat.join(1.0)
        try:
            workers.leave(jobs.default_holder())
        except AWAY:
            log.warning("the database is away; the heartbeat will run out")

    def _beat(self) -> None:
        name = jobs.default_holder()
        while True:
            try:
                job_id = next((slot.job_id for slot in self._slots if slot.job_id), None)
                workers.beat(name, job_id, self.queue)
            except Exception as error:  # a heartbeat that fails is not worth more than a line
                log.warning("no heartbeat: %s", type(error).__name__)
            if self._leaving.wait(workers.HEARTBEAT_SECONDS):
                return


def next_jobs(queue: str) -> list[NextJob]:
    """What each slot of a worker asks for its next job.

    A training worker has one slot. A light one has several, one more for checks of data, so that these never wait for a
    download, and one for files that a model answers, which may take hours.
    """
    if queue == TRAIN_QUEUE:
        return [_next_training_job]
    checks_only = partial(queue_order.next_light_job, kinds=(job_kinds.DATA_CHECK,))
    answers_only = partial(queue_order.next_light_job, kinds=(job_kinds.BATCH_PREDICTION,))
    others = partial(queue_order.next_light_job, kinds=set(job_kinds.LIGHT_KINDS) - {job_kinds.BATCH_PREDICTION})
    return [*[others] * get_settings().light_jobs, checks_only, answers_only]


def _next_training_job() -> str | None:
    return queue_order.next_job(placement.own_capacity()) if _fit_for_work() else None


def _fit_for_work() -> bool:
    """Whether the disk has room, no other worker waits for this worker's device, and the device has not failed lately."""
    free = disk_space.free_bytes()
    if free < get_settings().free_disk_bytes:
        log.warning("the disk is nearly full (%s bytes left); taking no work", free)
        return False
    if device_locks.is_wanted(placement.own_capacity().names):
        return False
    return not workers.is_barred(jobs.default_holder())
