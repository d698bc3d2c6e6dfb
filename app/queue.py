"""Messages to the workers: Celery carries one job id, sent after the commit, and the message only wakes a worker.

The database row is the truth: a lost, doubled or late message costs waiting time only. There are two queues, each with workers
of its own: ``train`` for what computes on the devices, ``light`` for everything else, so that light jobs never wait behind a
training.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, partial
from typing import Any

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.db import after_commit, db_now, transaction
from app.models import Job
from app.settings import get_settings
from app.storage import broker_dir

# kombu names transports by the scheme of an address; these take the place of its own.
TRANSPORT_ALIASES.update(
    {
        "folder": "app.broker.folder:FolderTransport",
        "redis": "app.broker.redis_queue:RedisTransport",
        "rediss": "app.broker.redis_queue:RedisTransport",
    }
)
WORK_TASK = "studio.work"
TRAIN_QUEUE, LIGHT_QUEUE = "train", "light"
QUEUES = (TRAIN_QUEUE, LIGHT_QUEUE)

log = logging.getLogger(__name__)

_muted: ContextVar[bool] = ContextVar("muted", default=False)


@lru_cache
def celery_app() -> Celery:
    """The Celery application of this process: JSON only, acknowledged early, no results kept."""
    app = Celery("studio", broker=_broker_url(), set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=False,
        task_default_queue=TRAIN_QUEUE,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=bool(get_settings().broker_url),
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options=_transport_options(),
    )
    return app


def enqueue_after_commit(session: Session, job_id: str, queue: str) -> None:
    """Send the job's id to the queue once the session's transaction is committed; drop it when that is rolled back.

    That it was sent is written beforehand, in the same transaction: a message that is lost afterwards is sent again by the
    sweeper, while a write of its own after each commit could fail and would make every submit wait for its turn twice.
    """
    if _muted.get():
        return
    sent = update(Job).where(Job.id == job_id).values(notified_at=db_now())
    session.execute(sent, execution_options={"synchronize_session": False})
    after_commit(session, partial(_send, job_id, queue))


@contextmanager
def muted() -> Iterator[None]:
    """Transactions that this thread commits in the block send no message: the caller is about to do the jobs itself."""
    token = _muted.set(True)
    try:
        yield
    finally:
        _muted.reset(token)


def notify(job_id: str, queue: str) -> bool:
    """Send one message now. Returns False when the broker cannot be reached; the sweeper sends it again later."""
    if not _send(job_id, queue):
        return False
    with transaction() as session:
        session.execute(update(Job).where(Job.id == job_id).values(notified_at=db_now()))
    return True


def _send(job_id: str, queue: str) -> bool:
    try:
        celery_app().send_task(WORK_TASK, args=[job_id], queue=queue, retry=False)
    except Exception as error:  # any transport's own error type: the job row stays queued either way
        log.warning("broker not reached, job waits for the sweeper: job=%s error=%s", job_id, type(error).__name__)
        return False
    return True


def _broker_url() -> str:
    return get_settings().broker_url or "folder://"


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
