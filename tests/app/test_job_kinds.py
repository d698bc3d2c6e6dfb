"""The queue of each kind of job: only what computes on the devices waits behind trainings."""

import pytest
from sqlalchemy import select

from app import job_kinds
from app.db import transaction
from app.models import Job
from app.queue import LIGHT_QUEUE, TRAIN_QUEUE
from app.services.queue import jobs


@pytest.mark.parametrize("kind", job_kinds.LIGHT_KINDS)
def test_light_job_does_not_wait_behind_trainings(kind: str) -> None:
    assert job_kinds.queue_of(kind) == LIGHT_QUEUE != job_kinds.queue_of("train") == TRAIN_QUEUE


def test_every_job_is_on_exactly_one_queue(owner: str) -> None:
    kinds = {"train", *job_kinds.LIGHT_KINDS}
    with transaction() as session:
        for kind in kinds:
            jobs.add(session, owner_id=owner, kind=kind)
        session.flush()
        queues = {
            queue: set(session.scalars(select(Job.kind).where(job_kinds.is_on(queue))))
            for queue in (TRAIN_QUEUE, LIGHT_QUEUE)
        }
    assert queues == {TRAIN_QUEUE: {"train"}, LIGHT_QUEUE: kinds - {"train"}}
    assert all(job_kinds.queue_of(kind) == queue for queue, names in queues.items() for kind in names)
