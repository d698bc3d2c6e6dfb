"""Servers that stop, restart, forget, refuse and hang while runs are trained: F-03, F-05, F-06, F-07, F-20, F-24."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import psutil
import psycopg
import redis

from app.db import SAFE_WAL_VERSION, get_engine
from app.models import RUNNING, SUCCEEDED, Run
from app.queue import TRAIN_QUEUE, celery_app, notify
from tests.faults.bench import Bench
from tests.faults.world import ROOT, World, pause
from tests.servers import PostgresServer

PICKUP_SECONDS = 30.0


def deliver_often(bench: Bench, count: int) -> None:
    """F-03: every message ten times, out of order, to two Celery workers: one trainer per run."""
    with bench.world("F-03", database="postgresql", redis=True) as world:
        runs = [world.run(steps=2, delay=0.0, save_every=100) for _ in range(count)]
        world.start_worker(celery=True)
        world.start_worker(celery=True)
        messages = [run.job_id for run in runs for _ in range(10)]
        world.rng.shuffle(messages)
        for job_id in messages:
            notify(job_id, TRAIN_QUEUE)
        world.wait_for_end(runs, 60 + count)
        for run in runs:
            starts = (world.home / "data" / "runs" / run.id / "starts.txt").read_text().split()
            assert len(starts) == 1, f"{len(starts)} trainers for one run"
            world.check_learned(run)


VISIBILITY_SECONDS, LONG_SECONDS, WORKERS = 5.0, 60.0, 6


def deliver_late(bench: Bench, count: int) -> None:
    """F-06: messages become visible again after 5 s while their runs take 60: one execution each.

    Six workers share the queue; somebody brings back what is not acknowledged every second, far more often than the broker's
    library does by itself, and messages are sent for every run again and again.
    """
    with bench.world("F-06", redis=True, TEST_VISIBILITY_SECONDS=str(VISIBILITY_SECONDS)) as world:
        for _ in range(min(WORKERS, count)):
            world.start_worker(celery=True, app="tests.faults.forgetful_worker")
        runs = [world.run(steps=int(LONG_SECONDS), delay=1.0, save_every=1000) for _ in range(count)]
        for run in runs:
            notify(run.job_id, TRAIN_QUEUE)
        left = [run.id for run in runs]
        deadline = time.monotonic() + (LONG_SECONDS + 30) * -(-count // WORKERS)
        while left and time.monotonic() < deadline:
            notify(world.rng.choice(runs).job_id, TRAIN_QUEUE)
            _bring_back()
            left = [run.id for run in runs if world.job(run).state != SUCCEEDED]
            pause(1.0)
        assert not left, f"{len(left)} runs did not end"
        for run in runs:
            assert world.job(run).fence == 1, "it was claimed a second time"
            starts = (world.home / "data" / "runs" / run.id / "starts.txt").read_text().split()
            assert len(starts) == 1, f"{len(starts)} trainers for one run"
            world.check_learned(run)


def _bring_back() -> None:
    """Put messages that were taken and not acknowledged for so long back into the queue."""
    with celery_app().connection_for_write(transport_options={"visibility_timeout": VISIBILITY_SECONDS}) as link:
        link.default_channel.qos.restore_visible(num=100, interval=1)


def break_redis(bench: Bench, count: int) -> None:
    """F-05: Redis restarts, stays away, forgets everything, refuses the password, is full, or hangs."""
    ways = ("restart", "away", "flush", "password", "full", "hang")
    with bench.world("F-05", redis=True, STUDIO_POLL_SECONDS="2") as world:
        world.start_worker(celery=True)
        world.start_beat()
        _measure_pickup(world, "broker up", 3)
        for number in range(count):
            way = ways[number % len(ways)]
            working = world.run(steps=100, delay=0.02)
            world.wait(
                lambda run=working: world.job(run).state == RUNNING, f"a run begins before {way}", PICKUP_SECONDS
            )
            with _broken_redis(bench, way):
                late = world.run(steps=2, delay=0.0)
                world.wait_for_end([working, late], 60)
            for run in (working, late):
                assert world.job(run).state == SUCCEEDED and world.job(run).attempt == 0
                world.check_learned(run)
        server = bench.redis
        server.process.send_signal(signal.SIGSTOP)
        try:
            _measure_pickup(world, "broker down", 3)
        finally:
            server.process.send_signal(signal.SIGCONT)


def _measure_pickup(world: World, name: str, count: int) -> None:
    """Seconds from a submit until a trainer has it, by the database's clock."""
    for _ in range(count):
        run = world.run(steps=1, delay=0.0)
        world.wait(lambda run=run: world.job(run).started_at is not None, f"pickup, {name}", PICKUP_SECONDS)
        job = world.job(run)
        world.counts.pickup_seconds.setdefault(name, []).append(job.started_at - job.created_at)
        world.wait_for_end([run])


@contextlib.contextmanager
def _broken_redis(bench: Bench, way: str):  # type: ignore[no-untyped-def]
    server = bench.redis
    if way in ("restart", "away"):
        server.process.kill()
        server.process.wait()
        if way == "restart":
            server.start()
        try:
            yield
        finally:
            if way == "away":
                server.start()
        return
    if way == "hang":
        server.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            server.process.send_signal(signal.SIGCONT)
        return
    with redis.Redis.from_url(server.url) as client:
        if way == "flush":
            client.flushall()
        setting = {"password": ("requirepass", "secret"), "full": ("maxmemory", "1")}.get(way)
        if setting:
            client.config_set(*setting)
        yield
        if way == "password":
            client.execute_command("AUTH", "secret")
        if setting:
            client.config_set(setting[0], "" if way == "password" else "0")


def break_postgres(bench: Bench, count: int) -> None:
    """F-07: PostgreSQL restarts at once, stays away, drops sessions, hangs: training goes on, no point lost or doubled."""
    ways = ("restart", "away", "sessions", "hang")
    with bench.world("F-07", database="postgresql", STUDIO_LEASE_SECONDS="6") as world:
        # The test server forgets its last commits when it is killed; here it must keep what it has confirmed.
        with psycopg.connect(bench.postgres.url, autocommit=True) as connection:
            connection.execute("ALTER ROLE studio SET synchronous_commit = on")
        world.start_worker()
        world.start_beat()
        for number in range(count):
            way = ways[number % len(ways)]
            run = world.run(steps=150, delay=0.02, save_every=10)
            world.wait(lambda run=run: world.steps(run) > 5, "training has begun", 60)
            trainer = world.trainer_of(run)
            assert trainer
            _hurt_postgres(bench.postgres, way, world)
            done = (world.home / "data" / "runs" / run.id / "attempt-1" / "result.json").exists()
            assert done or psutil.pid_exists(trainer), "training stopped with the database"
            world.wait_for_end([run], 90)
            assert (world.job(run).fence, world.job(run).attempt) == (1, 0), "an outage was taken for a lost worker"
            world.check_learned(run)


def _hurt_postgres(server: PostgresServer, way: str, world: World) -> None:
    seconds = world.rng.uniform(0.5, 3.0)
    if way == "sessions":
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%' AND pid <> pg_backend_pid()"
            )
        return
    children = psutil.Process(server.process.pid).children(recursive=True)
    if way == "hang":
        for child in children:
            child.send_signal(signal.SIGSTOP)
        pause(seconds)
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.send_signal(signal.SIGCONT)
        return
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait(20)
    pause(0.0 if way == "restart" else seconds + 4)
    server.start_again()
    get_engine().dispose()


CLOCKS = ("shift -7200", "shift 7200", "jump 3600", "jump -3600", "drift 0.05", "drift -0.05", "shift -86400")


def shift_clock(bench: Bench, count: int) -> None:
    """F-20: a worker's host is hours wrong, jumps an hour forth and back, or drifts: no lease ends early, nothing runs twice.

    Each run outlasts two leases; the database's clock decides. The local time zone of the host changes as well.
    """
    with bench.world("F-20", database="postgresql") as world:
        world.start_beat()
        for number in range(count):
            clock = CLOCKS[number % len(CLOCKS)]
            world.settings |= {
                "TEST_CLOCK": clock,
                "TZ": world.rng.choice(("Pacific/Auckland", "Europe/Berlin", "UTC")),
            }
            worker = world.start_worker()
            run = world.run(steps=450, delay=0.02)
            world.wait_for_end([run])
            assert (world.job(run).state, world.job(run).fence) == (SUCCEEDED, 1), f"clock: {clock}"
            world.check_learned(run)
            worker.terminate()
            worker.wait(20)
        for name in ("TEST_CLOCK", "TZ"):
            world.settings.pop(name)


def crowd_sqlite(bench: Bench, count: int) -> None:
    """F-24: eight processes write to one SQLite file at once; afterwards it is whole. Old libraries get no WAL."""
    for number in range(count):
        with bench.world(f"F-24-{number}") as world:
            for _ in range(3):
                world.start_worker()
            runs: list[Run] = []
            crowd = [threading.Thread(target=_submit, args=(world, runs)) for _ in range(12)]
            writers = [
                subprocess.Popen(
                    [sys.executable, "-c", _WRITER],
                    cwd=ROOT,
                    env={**os.environ, **world.settings},
                    stdout=-3,
                    stderr=-3,
                )
                for _ in range(4)
            ]
            for thread in crowd:
                thread.start()
            for thread in crowd:
                thread.join()
            world.wait_for_end(runs, 90)
            assert [writer.wait(60) for writer in writers] == [0] * 4
            with contextlib.closing(sqlite3.connect(world.home / "data" / "studio.db")) as file:
                assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                journal = file.execute("PRAGMA journal_mode").fetchone()[0]
            assert (journal == "wal") == (sqlite3.sqlite_version_info >= SAFE_WAL_VERSION), journal
            for run in runs:
                world.check_learned(run)


def _submit(world: World, runs: list[Run]) -> None:
    runs.append(world.run(steps=20, delay=0.0))


_WRITER = """
from app.services import jobs, workers
for n in range(60):
    workers.beat(f"crowd:{n}")
    jobs.sweep()
"""
