"""Processes that are killed, frozen or asked to stop at any moment: F-01, F-02, F-04, F-09, F-10, F-18."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from app.db import get_engine, transaction
from app.models import QUEUED, RUNNING, SUCCEEDED, Job, Run
from app.services.queue import jobs
from app.services.runs import metrics
from tests.faults.bench import Bench
from tests.faults.world import World, claim_or_fail, pause

# What the product promises about a lost worker.
TRAINER_GONE_SECONDS = 10.0
RESUMED_SECONDS = 75.0
ZOMBIE_GONE_SECONDS = 5.0
GIVEN_BACK_SECONDS = 25.0
RUNS = 4


def kill_supervisors(bench: Bench, count: int) -> None:
    """F-02: kill -9 of the supervising process, of Celery's main process, and of everything at once."""
    for at, (sort, celery) in enumerate((("child", False), ("main", True), ("group", True))):
        share = max(1, (count + 2 - at) // 3)
        for database in ("sqlite", "postgresql") if sort == "group" else ("sqlite",):
            with bench.world(f"F-02-{sort}-{database}", database=database) as world:
                world.start_beat()
                runs = [world.run(steps=60, delay=0.02) for _ in range(RUNS)]
                worker = world.start_worker(celery=celery)
                for _ in range(share if sort != "group" else max(1, share // 2)):
                    worker = _kill_one(world, runs, worker, sort, celery)
                world.wait_for_end(runs, 180)
                for run in runs:
                    world.check_learned(run)
                bench.counts.equal += 1


def _kill_one(
    world: World, runs: list[Run], worker: subprocess.Popen[bytes], sort: str, celery: bool
) -> subprocess.Popen[bytes]:
    world.wait(lambda: any(world.job(run).state == RUNNING for run in runs) or _over(world, runs), "a run works", 60)
    if _over(world, runs):
        runs.append(world.run(steps=60, delay=0.02))
        world.wait(lambda: any(world.job(run).state == RUNNING for run in runs), "a run works", 60)
    pause(world.rng.uniform(0.0, 1.0))
    working = [pid for run in runs if world.job(run).state == RUNNING and (pid := world.trainer_of(run))]
    family = psutil.Process(worker.pid).children(recursive=True)
    trainers = [process for process in family if process.pid in working]
    if sort == "group":
        for process in family:
            _kill(process)
    worker.kill()
    worker.wait()
    world.counts.kills += 1
    alive = _alive(trainers, TRAINER_GONE_SECONDS)
    assert not alive, f"trainers {alive} outlived their supervisor by {TRAINER_GONE_SECONDS} s"
    return world.start_worker(celery=celery)


def freeze(bench: Bench, count: int) -> None:
    """F-04: supervisor and trainer are stopped for two leases, then go on; what they want to write is refused."""
    done = 0
    for database in ("sqlite", "postgresql"):
        share = count - count // 2 if database == "sqlite" else count // 2
        if not share:
            continue
        with bench.world(f"F-04-{database}", database=database, STUDIO_LEASE_SECONDS="1") as world:
            for _ in range(share):
                _freeze_one(world)
                done += 1
    assert done == count


def _freeze_one(world: World) -> None:
    run = world.run(steps=150, delay=0.02)
    first = world.start_worker()
    world.wait(lambda: world.steps(run) > 3, "the run has begun")
    old = world.job(run)
    trainer = world.trainer_of(run)
    assert trainer
    frozen = [trainer, first.pid]
    _stop_between_writes(frozen)
    world.wait(lambda: bool(jobs.sweep().requeued), "the lease runs out", 25, 0.1)
    _try_stale_writes(world, run, jobs.Claim(old.id, old.fence, old.kind, old.attempt))
    second = world.start_worker()
    world.wait(lambda: world.job(run).state == RUNNING, "another worker takes over", RESUMED_SECONDS)
    overtaken = psutil.Process(trainer)
    for pid in reversed(frozen):
        # The supervisor may already have ended its trainer.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    assert not _alive([overtaken], ZOMBIE_GONE_SECONDS), "the overtaken trainer is still there"
    world.wait_for_end([run])
    world.check_learned(run)
    for worker in (first, second):
        worker.kill()
        worker.wait()


def _stop_between_writes(pids: list[int]) -> None:
    """A process that is frozen inside its write keeps a SQLite file locked for everybody; that is not what is tried here."""
    while True:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        while not all(_is_still(pid) for pid in pids):
            pause(0.01)
        url = get_engine().url
        if url.drivername != "sqlite":
            return
        with contextlib.closing(sqlite3.connect(str(url.database), timeout=1.0, isolation_level=None)) as file:
            try:
                file.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                for pid in pids:
                    os.kill(pid, signal.SIGCONT)
                pause(0.05)


def _is_still(pid: int) -> bool:
    """Whether every thread has stopped: one inside a system call ends that first."""
    stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return all(stat.rpartition(")")[2].split()[0] in "TZ" for stat in stats)


def _try_stale_writes(world: World, run: Run, stale: jobs.Claim) -> None:
    """Every way to write that a holder has, tried by one that was overtaken."""
    line = {"n": 0, "type": "metric", "key": "train/loss", "step": 10**6, "value": 9.0, "at": 0.0}

    def store() -> None:
        with jobs.held(stale) as session:
            metrics.append(session, run.id, f"attempt-{stale.fence}", [line])

    def end() -> None:
        with transaction() as session:
            jobs.succeed(session, stale)

    ways = (store, end, lambda: jobs.renew(stale), lambda: jobs.release(stale), lambda: jobs.pause(stale))
    for way in ways:
        world.counts.stale_tried += 1
        with pytest.raises(jobs.StaleClaim):
            way()
        world.counts.stale_refused += 1


def terminate(bench: Bench, count: int) -> None:
    """F-09: SIGTERM at a random moment, the claim included: saved, given back, attempt not counted, exit code 0."""
    with bench.world("F-09") as world:
        run = world.run(steps=100_000, delay=0.01, save_every=50)
        for _ in range(count):
            fence = world.job(run).fence
            worker = world.start_worker()
            pause(world.rng.uniform(0.3, 2.5))
            worker.terminate()
            code = worker.wait(GIVEN_BACK_SECONDS)
            job = world.job(run)
            # Before it could even listen the default of the signal ends it; then it must not have taken anything.
            assert code == 0 or (code == -signal.SIGTERM and job.fence == fence), (code, job.fence, fence)
            assert (job.state, job.attempt) == (QUEUED, 0), (code, job.state, job.attempt, job.phase)
            assert not [
                process for process in psutil.process_iter() if process.pid == job.pid and "trainer" in _words(process)
            ]
        world.check()


def reuse_pid(bench: Bench, count: int) -> None:
    """F-18: the recorded process id now belongs to a bystander, who must never be signalled."""
    with bench.world("F-18") as world:
        for _ in range(count):
            run = world.run(steps=3)
            claim = claim_or_fail(run)
            with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as bystander:
                jobs.begin(claim, pid=bystander.pid, phase="Training")
                with transaction() as session:
                    session.get_one(Job, run.job_id).lease_until = 1.0
                jobs.sweep()
                from worker.jobs import supervisor

                supervisor.execute(run.job_id)
                assert world.job(run).state == SUCCEEDED
                assert bystander.poll() is None, "a bystander was signalled"
                bystander.kill()


def reboot(bench: Bench, count: int) -> None:
    """F-17: the machine starts again while five runs work; all are found at the first sweep and end."""
    for number in range(count):
        database = "postgresql" if number % 4 == 3 else "sqlite"
        with bench.world(f"F-17-{number}", database=database, STUDIO_LEASE_SECONDS="3600") as world:
            runs = [world.run(steps=5, delay=0.0) for _ in range(5)]
            for run in runs:
                jobs.begin(claim_or_fail(run), pid=1, phase="Training")
            with transaction() as session:
                for run in runs:
                    session.get_one(Job, run.job_id).boot_id = "the start before"
            assert sorted(jobs.sweep().requeued) == sorted(run.job_id for run in runs)
            world.start_worker()
            world.wait_for_end(runs, 60)
            for run in runs:
                world.check_learned(run)


def _alive(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that are still there after some time; one that nobody has collected yet is gone."""
    _, left = psutil.wait_procs(processes, seconds)
    found = []
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [process] if process.status() != psutil.STATUS_ZOMBIE else []
    return found


def _over(world: World, runs: list[Run]) -> bool:
    return all(world.job(run).state == SUCCEEDED for run in runs)


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def in_thread(act: object, *arguments: object) -> threading.Thread:
    """Call it in a thread."""
    thread = threading.Thread(target=act, args=arguments, daemon=True)  # type: ignore[arg-type]
    thread.start()
    return thread
