"""One job at a time in this worker: after a message, and every few seconds in case none came, it looks for the next job.

A message only wakes the worker: the job done next is the one whose turn it is. Heartbeats tell that the worker lives.
"""

import logging
import threading

from app import storage
from app.services.queue import jobs, placement, queue_order, workers
from app.settings import get_settings
from worker.database_outage import DATABASE_AWAY
from worker.jobs import speed_measurement, supervisor
from worker.processes import device_locks, prewarmed, watchdog

log = logging.getLogger(__name__)

# A stop waits for the trainer's last checkpoint; after this the process is ended by whoever started it.
FAREWELL_SECONDS = 9.0

_busy = threading.Lock()
_current: list[str] = []
_leaving = threading.Event()


def drain_queue() -> None:
    """Do whatever waits until nothing does. Waits while this worker is busy with an earlier job."""
    with _busy:
        while (
            not supervisor.stopping.is_set()
            and _fit_for_work()
            and (job_id := queue_order.next_light_job() or queue_order.next_job(placement.own_capacity()))
        ):
            _current.append(job_id)
            try:
                supervisor.execute(job_id)
            finally:
                _current.clear()


def start() -> None:
    """Begin to look for work and to send heartbeats, in threads of this process."""
    _leaving.clear()
    threading.Thread(target=_poll, daemon=True, name="poll").start()
    threading.Thread(target=_beat, daemon=True, name="heartbeat").start()
    threading.Thread(
        target=speed_measurement.measure_once, args=(_busy.locked, _leaving), daemon=True, name="speed"
    ).start()
    prewarmed.refill()


def leave() -> None:
    """Wait for the job at hand to be given back, then say goodbye."""
    _leaving.set()
    if _busy.acquire(timeout=FAREWELL_SECONDS):
        _busy.release()
    prewarmed.dismiss()
    try:
        workers.leave(jobs.default_holder())
    except DATABASE_AWAY:
        log.warning("the database is away; the heartbeat will run out")


def _poll() -> None:
    while not _leaving.wait(get_settings().poll_seconds):
        if supervisor.stopping.is_set() or _busy.locked():
            continue
        try:
            drain_queue()
        except DATABASE_AWAY:
            log.warning("the database is away; looking again in %s s", get_settings().poll_seconds)
        except Exception:
            log.exception("could not look for work")


def _beat() -> None:
    name = jobs.default_holder()
    while True:
        try:
            workers.beat(name, _current[0] if _current else None)
        except Exception as error:  # a heartbeat that fails is not worth more than a line
            log.warning("no heartbeat: %s", type(error).__name__)
        if _leaving.wait(workers.HEARTBEAT_SECONDS):
            return


def _fit_for_work() -> bool:
    """Whether there is room on the disk, nobody waits for this worker's device, and it has not failed lately."""
    free = watchdog.free_bytes(storage.data_dir())
    if free < get_settings().free_disk_bytes:
        log.warning("the disk is nearly full (%s bytes left); taking no work", free)
        return False
    if device_locks.is_wanted(placement.own_capacity().names):
        return False
    return not workers.is_barred(jobs.default_holder())
