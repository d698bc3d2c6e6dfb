"""A run on two devices under one supervisor: one dies and all end, the run goes on; and which worker gets which run."""

import os
import signal
import threading
from pathlib import Path

import psutil
import pytest

from app.db import transaction
from app.errors import Rejected
from app.models import QUEUED, SUCCEEDED, Job, Run
from app.services.queue import placement, queue_order, workers
from app.services.queue.placement import WorkerCapacity
from app.services.runs import metrics, runs
from tests.factories import make_run, make_version
from tests.worker.test_trainer import job_of, submit
from worker.jobs import supervisor
from worker.processes import device_locks

GIGA = 1_000_000_000


@pytest.mark.faults
def test_one_of_two_processes_dies_all_end_and_the_run_goes_on(owner: str) -> None:
    run = submit(owner, evaluations_per_epoch=4, devices=2)
    family: list[psutil.Process] = []

    def kill_the_second_after_a_checkpoint(line: dict) -> None:
        if line["type"] == "checkpoint" and not family:
            leader = psutil.Process(job_of(run).pid)
            family.extend([leader, *leader.children()])
            assert len(family) == 2 and {os.getpgid(each.pid) for each in family} == {leader.pid}
            os.kill(family[1].pid, signal.SIGKILL)

    supervisor.execute(run.job_id, on_spool=kill_the_second_after_a_checkpoint)
    job = job_of(run)
    assert (job.state, job.attempt) == (QUEUED, 1), (job.state, job.error)
    assert not [each for each in family if each.is_running()], "a process was left behind"
    told = [event.message for event in metrics.events_since(owner, run.id).events]
    assert any("SIGKILL" in message for message in told), told
    with transaction() as session:
        session.get_one(Job, run.job_id).not_before = 0.0
    supervisor.execute(run.job_id)
    assert job_of(run).state == SUCCEEDED, job_of(run).error
    told = [event.message for event in metrics.events_since(owner, run.id).events]
    assert any(message.startswith("Continuing after step") for message in told)
    done = runs.get_run(owner, run.id)
    assert done.results["devices"] == 2 and done.results["metrics"]["accuracy"] > 0.8
    # One of them speaks: no gap, and nothing twice.
    assert [step for step, _ in metrics.read_curves(owner, run.id).series()["train/loss"]] == list(range(1, 16))


def offered(name: str, offer: WorkerCapacity) -> None:
    workers.beat(name)
    with transaction() as session:
        row = session.get_one(workers.Worker, name)
        row.machine = {**row.machine, "offer": offer.as_dict()}


def asking(owner: str, place: tuple[str, str], devices: int, memory: int) -> str:
    run = make_run(owner, place)
    with transaction() as session:
        job = session.get_one(Job, run.job_id)
        job.devices, job.memory_bytes = devices, memory
    return run.job_id


SMALL, LARGE = WorkerCapacity(1, 8 * GIGA, names=("a",)), WorkerCapacity(1, 80 * GIGA, names=("b",))
WIDE = WorkerCapacity(2, 8 * GIGA, min_devices=2, names=("a", "b"))


def test_runs_go_where_they_fit(any_database: str, owner: str) -> None:
    place = make_version(owner)
    pair, huge, usual = asking(owner, place, 2, GIGA), asking(owner, place, 1, 40 * GIGA), asking(owner, place, 1, GIGA)
    for name, offer in (("one:1", SMALL), ("one:2", LARGE), ("one:3", WIDE)):
        offered(name, offer)
    assert queue_order.next_job(SMALL) == usual, "one wants more devices, one more memory than there is"
    assert queue_order.next_job(LARGE) == huge
    assert queue_order.next_job(WIDE) == pair
    workers.leave("one:2")
    assert queue_order.next_job(SMALL) == huge, "where nobody has more memory, anybody may try"


def test_more_devices_than_any_worker_has_are_refused(owner: str) -> None:
    offered("one:1", WIDE)
    with pytest.raises(Rejected, match="no worker here has more than 2") as refused:
        submit(owner, devices=3)
    assert refused.value.details["fields"] == {"training.devices": "at most 2"}
    with transaction() as session:
        assert not session.query(Run).count()


@pytest.mark.parametrize(
    ("visible", "numbers"),
    [(None, [0, 1, 2]), ("1", [1]), ("2,0", [2, 0]), ("GPU-b", [1]), ("", []), ("-1", []), ("0,9,1", [0])],
)
def test_a_worker_offers_the_gpus_that_it_sees(visible: str | None, numbers: list[int]) -> None:
    assert placement._visible_indices(visible, ["GPU-a1", "GPU-b2", "GPU-c3"], 3) == numbers


def test_two_workers_never_compute_on_one_gpu_and_a_wide_one_gets_its_turn(studio_home: Path) -> None:
    begun, done = threading.Event(), threading.Event()

    def work_on_both() -> None:
        with device_locks.hold(["a", "b"], lambda: begun.set() or True) as got:  # type: ignore[func-returns-value]
            assert got
            done.set()

    with device_locks.hold(["a"], lambda: True) as got:
        assert got and not device_locks.is_wanted(["a"])
        wide = threading.Thread(target=work_on_both)
        wide.start()
        assert begun.wait(10)
        assert device_locks.is_wanted(["a"]), "the worker of the single GPU takes no other run now"
        assert not done.is_set()
        with device_locks.hold(["b"], lambda: False) as refused:
            assert not refused, "whoever gives up has nothing"
    wide.join(10)
    assert done.is_set() and not device_locks.is_wanted(["a", "b"])
    with device_locks.hold([], lambda: False) as free:
        assert free, "a processor is nobody's alone"
