"""Messages to the workers: sent after the commit, to the queue of the job, and never instead of the row."""

import base64
import json

import pytest

from app import queue, storage
from app.db import snapshot, transaction
from app.models import QUEUED, Job
from app.queue import LIGHT_QUEUE, TRAIN_QUEUE, WORK_TASK, celery_app, muted
from app.services.queue import jobs


@pytest.fixture(autouse=True)
def broker(studio_home: object) -> None:
    celery_app.cache_clear()


def sent() -> list[tuple[str, str, str]]:
    """(queue, task, job id) of every message that waits in the folder of the embedded broker."""
    found = []
    for path in sorted((storage.broker_dir() / "messages").glob("*.msg")):
        message = json.loads(path.read_text())
        (args, _, _) = json.loads(base64.b64decode(message["body"]))
        found.append((message["properties"]["delivery_info"]["routing_key"], message["headers"]["task"], args[0]))
    return found


def stored(job_id: str) -> Job:
    with snapshot() as session:
        return session.get_one(Job, job_id)


def test_message_follows_the_commit_and_names_the_job(owner: str) -> None:
    with transaction() as session:
        job = jobs.add(session, owner_id=owner, kind="train")
        session.flush()
        queue.enqueue_after_commit(session, job.id, LIGHT_QUEUE)
        assert (LIGHT_QUEUE, WORK_TASK, job.id) not in sent()
    assert (LIGHT_QUEUE, WORK_TASK, job.id) in sent()
    assert stored(job.id).notified_at is not None


def test_rolled_back_transaction_sends_nothing(owner: str) -> None:
    with pytest.raises(RuntimeError), transaction() as session:
        queue.enqueue_after_commit(session, "lost", TRAIN_QUEUE)
        raise RuntimeError
    assert sent() == []


def test_muted_transactions_send_nothing(owner: str) -> None:
    with muted(), transaction() as session:
        queue.enqueue_after_commit(session, "own", TRAIN_QUEUE)
    assert sent() == []


def test_job_waits_for_the_sweeper_when_the_broker_fails(owner: str) -> None:
    with muted(), transaction() as session:
        job = jobs.add(session, owner_id=owner, kind="train")
    celery_app()
    messages = storage.broker_dir() / "messages"
    messages.rmdir()
    messages.write_bytes(b"")
    assert not queue.notify(job.id, TRAIN_QUEUE)
    assert (stored(job.id).state, stored(job.id).notified_at) == (QUEUED, None)
