"""Which worker gets which run, by devices and memory."""

import pytest

from app.db import transaction
from app.errors import Rejected
from app.models import Job, Run
from app.services.queue import placement, queue_order, workers
from app.services.queue.placement import WorkerCapacity
from tests.factories import make_run, make_version
from tests.worker.test_trainer import submit

GIGA = 1_000_000_000


def register(name: str, offer: WorkerCapacity) -> None:
    workers.beat(name)
    with transaction() as session:
        row = session.get_one(workers.Worker, name)
        row.machine = {**row.machine, "offer": offer.as_dict()}


def queue_run(owner: str, place: tuple[str, str], devices: int, memory: int) -> str:
    run = make_run(owner, place)
    with transaction() as session:
        job = session.get_one(Job, run.job_id)
        job.devices, job.memory_bytes = devices, memory
    return run.job_id


SMALL, LARGE = WorkerCapacity(1, 8 * GIGA, names=("a",)), WorkerCapacity(1, 80 * GIGA, names=("b",))
WIDE = WorkerCapacity(2, 8 * GIGA, min_devices=2, names=("a", "b"))


def test_run_is_placed_where_devices_and_memory_suffice(any_database: str, owner: str) -> None:
    place = make_version(owner)
    pair, huge, usual = (
        queue_run(owner, place, 2, GIGA),
        queue_run(owner, place, 1, 40 * GIGA),
        queue_run(owner, place, 1, GIGA),
    )
    for name, offer in (("one:1", SMALL), ("one:2", LARGE), ("one:3", WIDE)):
        register(name, offer)
    assert queue_order.next_job(SMALL) == usual, "one wants more devices, one more memory than there is"
    assert queue_order.next_job(LARGE) == huge
    assert queue_order.next_job(WIDE) == pair
    workers.leave("one:2")
    assert queue_order.next_job(SMALL) == huge, "where nobody has more memory, anybody may try"


def test_run_on_more_devices_than_any_worker_has_is_refused(owner: str) -> None:
    register("one:1", WIDE)
    with pytest.raises(Rejected, match="no worker here has more than 2") as refused:
        submit(owner, devices=3)
    assert refused.value.details["fields"] == {"training.devices": "at most 2"}
    with transaction() as session:
        assert not session.query(Run).count()


@pytest.mark.parametrize(
    ("visible", "numbers"),
    [(None, [0, 1, 2]), ("1", [1]), ("2,0", [2, 0]), ("GPU-b", [1]), ("", []), ("-1", []), ("0,9,1", [0])],
)
def test_worker_offers_the_visible_gpus(visible: str | None, numbers: list[int]) -> None:
    assert placement._visible_indices(visible, ["GPU-a1", "GPU-b2", "GPU-c3"], 3) == numbers
