"""The doorbell: Celery carries one job id, after the commit, and nothing else.

The database row is the truth. A lost, doubled or late message costs waiting time only. Must not know what a job does.
"""

import logging
from functools import lru_cache
from typing import Any

from celery import Celery
from sqlalchemy import event, update
from sqlalchemy.orm import Session, SessionTransaction

from app.db import db_now, transaction
from app.models import Job
from app.settings import get_settings
from app.storage import broker_dir

WORK_TASK = "studio.work"
GPU_QUEUE = "gpu"

log = logging.getLogger(__name__)


@lru_cache
def celery_app() -> Celery:
    """The Celery application of this process: JSON only, acknowledged early, no results kept."""
    app = Celery("studio", broker=_broker_url(), set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=False,
        task_default_queue=GPU_QUEUE,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=bool(get_settings().broker_url),
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options=_transport_options(),
    )
    return app


def enqueue_after_commit(session: Session, job_id: str) -> None:
    """Send the job's id once the session's transaction is committed; drop it when that is rolled back."""
    session.info.setdefault("bells", []).append(job_id)


def notify(job_id: str) -> bool:
    """Send one message now. Returns False when the broker cannot be reached; the sweeper rings again later."""
    try:
        celery_app().send_task(WORK_TASK, args=[job_id], queue=GPU_QUEUE, retry=False)
    except Exception as error:  # any transport's own error type: the job row stays queued either way
        log.warning("broker not reached, job waits for the sweeper: job=%s error=%s", job_id, type(error).__name__)
        return False
    with transaction() as session:
        session.execute(update(Job).where(Job.id == job_id).values(rung_at=db_now()))
    return True


def _broker_url() -> str:
    return get_settings().broker_url or "filesystem://"


def _transport_options() -> dict[str, Any]:
    if get_settings().broker_url:
        return {"socket_connect_timeout": 2, "socket_timeout": 3, "health_check_interval": 25}
    messages = broker_dir() / "messages"
    messages.mkdir(mode=0o700, exist_ok=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(broker_dir() / "control"),
        "polling_interval": 0.1,
    }


@event.listens_for(Session, "after_commit")
def _ring_bells(session: Session) -> None:
    for job_id in session.info.pop("bells", []):
        notify(job_id)


@event.listens_for(Session, "after_soft_rollback")
def _drop_bells(session: Session, previous: SessionTransaction) -> None:
    if not session.in_nested_transaction():
        session.info.pop("bells", None)
