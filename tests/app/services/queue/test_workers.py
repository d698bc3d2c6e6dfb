"""Registered workers: who is listed, and who is barred after failures of its device."""

from app.services.queue import workers


def test_second_device_failure_bars_that_worker_only(any_database: str) -> None:
    workers.beat("here:1")
    workers.beat("here:2")
    workers.note_device_failure("here:1")
    assert not workers.is_barred("here:1")
    workers.note_device_failure("here:1")
    assert workers.is_barred("here:1") and not workers.is_barred("here:2")
    workers.leave("here:2")
    assert [(worker.name, worker.barred) for worker in workers.list_workers()] == [("here:1", True)]
