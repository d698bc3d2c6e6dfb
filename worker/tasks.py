"""The Celery task, which wakes the executor, and Celery's signals, which start and end it.

A training worker is Celery's prefork pool with one child, which holds the executor; a light worker is the solo pool, where the
executor lives in the process itself. Both serve the queue that ``-Q`` names.
"""

import logging
from typing import Any

from celery.signals import (
    celeryd_init,
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
    worker_shutdown,
    worker_shutting_down,
)

from app import logs
from app.db import forget_engine
from app.queue import QUEUES, TRAIN_QUEUE, WORK_TASK, celery_app
from worker.executor import Executor
from worker.jobs import supervisor

log = logging.getLogger(__name__)


class _Process:
    """What Celery's signals share: the queue of this worker, and the executor of this process once it is started."""

    queue = TRAIN_QUEUE
    executor: Executor | None = None


def work(job_id: str) -> None:
    """Look for jobs now. The message only wakes the worker: it may be lost, doubled, late or out of order."""
    log.debug("notified of job=%s", job_id)
    if _Process.executor is not None:
        _Process.executor.wake()


def _choose_queue(options: dict[str, Any], **ignored: Any) -> None:
    given = options.get("queues") or [TRAIN_QUEUE]
    names = given.split(",") if isinstance(given, str) else list(given)
    if len(names) != 1 or names[0] not in QUEUES:
        raise SystemExit(f"A worker serves one queue, {' or '.join(QUEUES)}; -Q names {', '.join(names)}.")
    _Process.queue = names[0]


def _set_up_logs(**ignored: Any) -> None:
    # A receiver of this signal keeps Celery from setting up logs of its own.
    logs.set_up("worker")


def _start_executor(**ignored: Any) -> None:
    # Connections must not be shared with the parent that forked this process.
    forget_engine()
    _Process.executor = Executor(_Process.queue)
    _Process.executor.start()


def _stop_jobs(**ignored: Any) -> None:
    # Fires in the parent of a pool; the flag is shared memory, so the child sees it at its next look.
    supervisor.stopping.set()


def _end_executor(**ignored: Any) -> None:
    # The first signal is that of a pool's child, the second that of a process without a pool.
    if _Process.executor is not None:
        _Process.executor.leave()
        _Process.executor = None


celery_app().task(name=WORK_TASK, ignore_result=True)(work)
celeryd_init.connect(_choose_queue)
setup_logging.connect(_set_up_logs)
worker_process_init.connect(_start_executor)
worker_shutting_down.connect(_stop_jobs)
worker_process_shutdown.connect(_end_executor)
worker_shutdown.connect(_end_executor)
