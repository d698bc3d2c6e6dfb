"""The Celery tasks: an id comes in, a plain function does the work. Celery's signals start and stop the warm spare."""

import logging
from typing import Any

from celery.signals import worker_process_init, worker_process_shutdown, worker_shutting_down

from app.db import forget_engine
from app.queue import WORK_TASK, celery_app
from app.services import jobs
from worker import spare, supervisor

log = logging.getLogger(__name__)


@celery_app().task(name=WORK_TASK, ignore_result=True)
def work(job_id: str) -> None:
    """Do this job, then whatever else waits: messages are doorbells and may be lost, doubled or late."""
    wanted: str | None = job_id
    while wanted and not supervisor.stopping.is_set():
        supervisor.execute(wanted)
        wanted = jobs.next_queued()


@worker_process_init.connect
def _prepare_child(**ignored: Any) -> None:
    # Connections must not be shared with the parent that forked this process.
    forget_engine()
    spare.refill()


@worker_process_shutdown.connect
def _end_child(**ignored: Any) -> None:
    spare.dismiss()


@worker_shutting_down.connect
def _release_work(**ignored: Any) -> None:
    # Fires in the parent; the flag is shared memory, so the child sees it at its next look.
    supervisor.stopping.set()
