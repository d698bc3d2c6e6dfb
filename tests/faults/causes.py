"""A run's own misfortunes: memory, disk, numbers, devices, hangs, floods: F-08, F-11, F-12, F-13, F-19, F-21, F-22."""

import contextlib
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

from sqlalchemy import select

from app import storage
from app.db import transaction
from app.models import DIVERGED, FAILED, QUEUED, SUCCEEDED, Event, Job, MetricPoint, Run
from app.processes.subprocess import MAX_LOG_BYTES
from app.services.queue import jobs, workers
from app.services.runs import metrics
from tests.faults.bench import Bench, NotHere
from tests.faults.world import World
from worker.jobs import supervisor
from worker.processes import memory_kills, prewarmed

STEP_RATE_TOLERANCE = 0.03
FLOOD_STEPS = 100


def run_out_of_memory(bench: Bench, count: int) -> None:
    """F-11: smaller portions in a new process, the same rows per update, at most four more tries, or advice.

    Half of the trainers notice that memory ran out, the others are killed by the kernel, as its counter tells.
    """
    with bench.world("F-11") as world, _kernel_counter(world.home / "memory.events") as counter:
        for number in range(count):
            needs = (2, 4, 16, 64)[number % 4]
            at, fault = world.rng.choice((1, 7, 20)), ("kernel", "memory")[number % 2]
            run = world.run(steps=20, delay=0.0, fault=fault, at=at, needs=needs, counter=str(counter))
            tries = drain(world, run)
            job = world.job(run)
            messages = [event for event in events(run) if "Memory ran out" in event.message]
            assert job.attempt == 0, "running out of memory counts as no crash"
            if needs <= 16:
                assert job.state == SUCCEEDED and len(messages) == tries - 1 <= 4
                assert job.adjustments["portions"] == needs
                world.check_learned(run)
            else:
                assert job.state == FAILED and job.error["error"]["code"] == "out_of_memory"
                assert "shorter texts" in job.error["error"]["hint"]


@contextlib.contextmanager
def _kernel_counter(path: Path) -> Iterator[Path]:
    """Stands in for the kernel's own, which nobody else may write."""
    path.write_text("low 0\noom 0\noom_kill 0\n")
    known, memory_kills.MEMORY_COUNTERS = memory_kills.MEMORY_COUNTERS, [path]
    try:
        yield path
    finally:
        memory_kills.MEMORY_COUNTERS = known


def diverge(bench: Bench, count: int) -> None:
    """F-12: the loss is not a number at some step: an end of its own, with advice, and the last checkpoint is kept."""
    with bench.world("F-12") as world:
        for _ in range(count):
            at = world.rng.randint(6, 20)
            run = world.run(steps=20, delay=0.0, fault="diverged", at=at)
            supervisor.execute(run.job_id)
            job = world.job(run)
            assert job.state == DIVERGED and job.attempt == 0
            assert world.steps(run) == at - 1, "nothing is drawn over the gap"
            with transaction() as session:
                assert session.scalars(select(Run).where(Run.id == run.id)).one().results is None


def lose_device(bench: Bench, count: int) -> None:
    """F-13: the graphics card fails: the process ends, the run goes on elsewhere, two failures bar the worker."""
    for number in range(count):
        with bench.world(f"F-13-{number}") as world:
            run = world.run(steps=10, delay=0.0, fault="device", at=3, tries=2)
            name = jobs.default_holder()
            supervisor.execute(run.job_id)
            assert not workers.is_barred(name)
            hurry(run)
            supervisor.execute(run.job_id)
            assert workers.is_barred(name), "two failures within ten minutes"
            hurry(run)
            supervisor.execute(run.job_id)
            assert world.job(run).state == SUCCEEDED
            world.check_learned(run)


def hang(bench: Bench, count: int) -> None:
    """F-21: no step any more although the process lives: ended, stacks in the log, tried again."""
    with bench.world("F-21", STUDIO_STALL_SECONDS="1") as world:
        for _ in range(count):
            run = world.run(steps=10, delay=0.0, fault="hang", at=world.rng.randint(1, 9), tries=1)
            began = time.monotonic()
            supervisor.execute(run.job_id)
            assert time.monotonic() - began < 20
            assert world.job(run).state == QUEUED
            log = (storage.attempt_dir(run.id, 1) / "trainer.log").read_text()
            assert "in hang" in log, "the stack of the hanging thread is in the log"
            assert any("reported nothing" in event.message for event in events(run))
            hurry(run)
            supervisor.execute(run.job_id)
            assert world.job(run).state == SUCCEEDED
            world.check_learned(run)


def always_crash(bench: Bench, count: int) -> None:
    """F-22: three tries with growing waits, then a failure that says so."""
    with bench.world("F-22", STUDIO_MAX_ATTEMPTS="3") as world:
        for _ in range(count):
            run = world.run(steps=10, delay=0.0, fault="crash", at=world.rng.randint(1, 9))
            assert drain(world, run) == 3
            job = world.job(run)
            assert (job.state, job.attempt) == (FAILED, 3)
            assert job.error["error"]["code"] == "trainer_crashed" and job.error["error"]["hint"]


def flood(bench: Bench, count: int) -> None:
    """F-19: nobody watching, or 100 MB on standard error: the log stays small, the steps as fast as those of a watched run.

    The runs work side by side, so that whatever else the machine does slows all of them; what is compared is the median of
    the steps' times, of all rounds together. Writing 100 MB takes its time wherever it goes, so the loud run is compared with
    one that writes as much into a file of its own.
    """
    paces: dict[str, list[float]] = {"watched": [], "unwatched": [], "loud": [], "writing": []}
    with bench.world("F-19") as world:
        for _ in range(count):
            plan = {"steps": FLOOD_STEPS, "delay": 0.08, "save_every": 1000}
            writes = {"fault": "flood", "at": 0, "megabytes": 1}
            more = {"loud": writes, "writing": {**writes, "aside": True}}
            runs = {name: world.run(**plan, **more.get(name, {})) for name in paces}
            _run_side_by_side(world, runs)
            for name, run in runs.items():
                assert world.job(run).state == SUCCEEDED
                paces[name] += _paces(run)
                size = (storage.attempt_dir(run.id, 1) / "trainer.log").stat().st_size
                assert size <= MAX_LOG_BYTES + 1024**2, f"the log has {size:,} bytes"
    middle = {name: median(found) for name, found in paces.items()}
    unwatched, loud = middle["unwatched"] / middle["watched"] - 1, middle["loud"] / middle["writing"] - 1
    writing = middle["writing"] / middle["watched"] - 1
    bench.notes["F-19"] = f"unwatched {unwatched:+.1%}, loud {loud:+.1%} (writing itself {writing:+.1%})"
    assert max(unwatched, loud) < STEP_RATE_TOLERANCE, bench.notes["F-19"]


def _run_side_by_side(world: World, runs: dict[str, Run]) -> None:
    done = threading.Event()

    def watch() -> None:
        """As a page does, for half of the run: then all pages are closed."""
        steps = 0
        while not done.wait(0.2) and steps < FLOOD_STEPS / 2:
            steps = max(
                (
                    step
                    for step, _ in metrics.read_curves(world.owner, runs["watched"].id).series().get("train/loss", ())
                ),
                default=0,
            )

    workers_ = [threading.Thread(target=supervisor.execute, args=(run.job_id,)) for run in runs.values()]
    viewer = threading.Thread(target=watch)
    for thread in (*workers_, viewer):
        thread.start()
    for thread in workers_:
        thread.join()
    done.set()
    viewer.join()
    prewarmed.dismiss()


def _paces(run: Run) -> list[float]:
    """Seconds from each step to the next, by the trainer's own clock."""
    with transaction() as session:
        points = select(MetricPoint.at).where(MetricPoint.run_id == run.id, MetricPoint.key == "train/loss")
        moments = list(session.scalars(points.order_by(MetricPoint.step)))
    return [after - before for before, after in pairwise(moments)]


def fill_disk(bench: Bench, count: int) -> None:
    """F-08: the disk fills up while a run saves: a clear failure, then the run goes on as if nothing had been."""
    for number in range(count):
        home = bench.folder / f"F-08-{number}"
        home.mkdir()
        small = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(home)]
        if subprocess.run(small, capture_output=True, check=False).returncode:
            raise NotHere("needs the right to mount a small disk")
        try:
            _fill_one(bench, number)
        finally:
            subprocess.run(["umount", "-l", str(home)], check=True)


def _fill_one(bench: Bench, number: int) -> None:
    from tests.faults.world import small_world

    home, rng = bench.folder / f"F-08-{number}", bench.rng(f"F-08-{number}")
    with small_world(home, rng, bench.counts, STUDIO_FREE_DISK_BYTES="0") as world:
        run = world.run(steps=400, delay=0.01, save_every=20)
        ballast = home / "ballast"
        begun: list[int] = []

        def fill(line: dict) -> None:
            if line["type"] == "checkpoint" and not begun:
                begun.append(line["step"])
                free = shutil.disk_usage(home).free
                with ballast.open("wb") as out:
                    try:
                        out.write(b"x" * free)
                        out.flush()
                        out.write(b"x" * 65536)
                    except OSError:
                        pass

        _free_later(ballast, rng.uniform(1.0, 3.0))
        supervisor.execute(run.job_id, on_spool=fill)
        ballast.unlink(missing_ok=True)
        assert begun
        with transaction() as session:
            job = session.get_one(Job, run.job_id)
            if job.state != SUCCEEDED:
                job.not_before, job.lease_until = 0.0, 1.0 if job.state != QUEUED else None
        jobs.sweep()
        drain(world, run)
        if world.job(run).state == FAILED:
            from app.services.runs import runs

            assert world.job(run).error["error"]["code"] == "disk_full", world.job(run).error
            runs.resume(world.owner, run.id)
            drain(world, run)
        assert world.job(run).state == SUCCEEDED, (world.job(run).state, world.job(run).error)
        world.check_learned(run)
        world.check()


def _free_later(ballast: object, seconds: float) -> None:
    import threading

    timer = threading.Timer(seconds + 4, lambda: ballast.unlink(missing_ok=True))  # type: ignore[attr-defined]
    timer.daemon = True
    timer.start()


def drain(world: World, run: Run) -> int:
    """Carry the run out again and again until it has ended; returns how many tries that took."""
    tries = 0
    while world.job(run).state == QUEUED:
        hurry(run)
        supervisor.execute(world.job(run).id)
        tries += 1
        assert tries < 30
    prewarmed.dismiss()
    return tries


def hurry(run: Run) -> None:
    """Skip the wait before the next try."""
    with transaction() as session:
        session.get_one(Job, session.get_one(Run, run.id).job_id).not_before = 0.0


def events(run: Run) -> list[Event]:
    with transaction() as session:
        return list(session.scalars(select(Event).where(Event.run_id == run.id).order_by(Event.seq)))
