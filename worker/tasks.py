"""The Celery task, which makes the worker look for the next job, and Celery's signals, which begin and end the work."""

import logging
from typing import Any

from celery.signals import setup_logging, worker_process_init, worker_process_shutdown, worker_shutting_down

from app import logs
from app.db import forget_engine
from app.queue import WORK_TASK, celery_app
from worker import executor
from worker.jobs import supervisor

log = logging.getLogger(__name__)


@celery_app().task(name=WORK_TASK, ignore_result=True)
def work(job_id: str) -> None:
    """Do the jobs that wait. The message only wakes the worker: it may be lost, doubled, late or out of order."""
    log.debug("notified of job=%s", job_id)
    executor.drain_queue()


@setup_logging.connect
def _set_up_logs(**ignored: Any) -> None:
    # Whoever answers this signal keeps Celery from setting up logs of its own.
    logs.set_up("worker")


@worker_process_init.connect
def _prepare_child(**ignored: Any) -> None:
    # Connections must not be shared with the parent that forked this process.
    forget_engine()
    executor.start()


@worker_process_shutdown.connect
def _end_child(**ignored: Any) -> None:
    executor.leave()


@worker_shutting_down.connect
def _release_work(**ignored: Any) -> None:
    # Fires in the parent; the flag is shared memory, so the child sees it at its next look.
    supervisor.stopping.set()
