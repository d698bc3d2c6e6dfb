"""Registered workers: who is listed, and who is barred after failures of its device."""

from app.db import snapshot
from app.queue import LIGHT_QUEUE, TRAIN_QUEUE
from app.services.queue import placement, workers


def test_second_device_failure_bars_that_worker_only(any_database: str) -> None:
    workers.beat("here:1")
    workers.beat("here:2")
    workers.note_device_failure("here:1")
    assert not workers.is_barred("here:1")
    workers.note_device_failure("here:1")
    assert workers.is_barred("here:1") and not workers.is_barred("here:2")
    workers.leave("here:2")
    assert [(worker.name, worker.barred) for worker in workers.list_workers()] == [("here:1", True)]


def test_light_worker_is_no_worker_for_runs(any_database: str) -> None:
    workers.beat("here:1", queue=LIGHT_QUEUE)
    assert workers.is_any_alive(LIGHT_QUEUE) and not workers.is_any_alive(TRAIN_QUEUE)
    assert workers.list_workers() == [] and len(workers.list_workers(LIGHT_QUEUE)) == 1
    with snapshot() as session:
        assert placement.live_capacities(session) == []
    workers.leave("here:1")
    assert not workers.is_any_alive(LIGHT_QUEUE)
