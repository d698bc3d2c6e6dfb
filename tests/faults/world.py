"""A small installation to break: a data folder, a database, a broker, workers and a sweeper as real processes."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import func, select

from app import db, models, storage
from app.migrate import upgrade
from app.models import TERMINAL_STATES, Job, MetricPoint, Run
from app.queue import TRAIN_QUEUE, celery_app
from app.services.accounts.accounts import ensure_owner
from app.services.operations import invariants
from app.services.queue import jobs
from app.settings import get_settings
from tests.factories import SPEC, make_run, make_version
from tests.faults.counting_trainer import DEFAULTS, loss_at, weights_after
from tests.servers import PostgresServer, RedisServer

ROOT = Path(__file__).resolve().parents[2]
# Short enough for tests, long enough that a busy machine does not lose a lease by accident.
QUICK = {
    "STUDIO_TRAINER_MODULE": "tests.faults.counting_trainer",
    "STUDIO_LEASE_SECONDS": "4",
    "STUDIO_SWEEP_SECONDS": "1",
    "STUDIO_POLL_SECONDS": "0.5",
    "STUDIO_MAX_ATTEMPTS": "1000",
    "STUDIO_FREE_DISK_BYTES": "0",
}


@dataclass
class FaultCounts:
    """What an injection counted; the runner adds these up for its last lines."""

    kills: int = 0
    equal: int = 0
    stale_tried: int = 0
    stale_refused: int = 0
    lost_points: int = 0
    doubled_points: int = 0
    cancel_seconds: list[float] = field(default_factory=list)
    pickup_seconds: dict[str, list[float]] = field(default_factory=dict)


class World:
    """One installation; everything that it starts is ended with it."""

    def __init__(self, home: Path, rng: random.Random, counts: FaultCounts, **settings: str) -> None:
        self.home, self.rng, self.counts = home, rng, counts
        self.settings = {**QUICK, "STUDIO_DATA_DIR": str(home / "data"), **settings}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.ended: dict[str, tuple[Any, ...]] = {}
        self.version: tuple[str, str] | None = None
        self.owner = ""

    def open(self) -> None:
        """Tables, owner, a dataset version."""
        upgrade()
        self.owner = ensure_owner().id
        self.version = make_version(self.owner)

    def run(self, **stub: Any) -> Run:
        """A queued run with a plan for the counting trainer; a worker that claims it at once finds the plan there."""
        return make_run(self.owner, self.version, spec={**SPEC, "stub": stub})

    def job(self, run: Run) -> Job:
        with db.transaction() as session:
            return session.get_one(Job, session.get_one(Run, run.id).job_id)

    def start_worker(self, *, celery: bool = False, app: str = "worker.app") -> subprocess.Popen[bytes]:
        """A worker process: Celery's with its pool, or the same work without a broker, which starts faster."""
        if celery:
            name = f"w{len(self.processes)}@localhost"
            command = ["-m", "celery", "-A", app, "worker", "-Q", TRAIN_QUEUE, "-c", "1", "-n", name]
            command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        else:
            command = ["-m", "tests.faults.lone_worker"]
        return self.start(command)

    def start_beat(self) -> subprocess.Popen[bytes]:
        return self.start(["-m", "celery", "-A", "worker.app", "beat"])

    def start(self, command: list[str]) -> subprocess.Popen[bytes]:
        log = (self.home / f"process-{len(self.processes)}.log").open("wb")
        with log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, **self.settings},
            )
        self.processes.append(process)
        return process

    def trainer_of(self, run: Run) -> int | None:
        """Process id of the trainer that works on the run, by its command line and the recorded id."""
        pid = self.job(run).pid
        try:
            words = " ".join(psutil.Process(pid).cmdline()) if pid else ""
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            return None
        return pid if "trainer" in words else None

    def steps(self, run: Run) -> int:
        """How many training steps have been recorded."""
        points = select(func.count()).where(MetricPoint.run_id == run.id, MetricPoint.key == "train/loss")
        with db.transaction() as session:
            return session.scalar(points) or 0

    def wait(self, happens: Callable[[], bool], what: str, seconds: float = 60.0, every: float = 0.1) -> float:
        """Look until it has happened; returns how long that took."""
        began = time.monotonic()
        while not happens():
            if time.monotonic() - began > seconds:
                raise AssertionError(f"not within {seconds:.0f} s: {what}")
            pause(every)
        return time.monotonic() - began

    def wait_for_end(self, runs: list[Run], seconds: float = 90.0) -> None:
        """Until all have ended; meanwhile whatever has ended must stay as it is (I3)."""
        ids = [run.id for run in runs]
        waiting = select(func.count()).select_from(Run).join(Job, Run.job_id == Job.id)
        waiting = waiting.where(Run.id.in_(ids), Job.state.not_in(TERMINAL_STATES))

        def none_waits() -> bool:
            with db.transaction() as session:
                return not session.scalar(waiting)

        self.wait(none_waits, f"{len(runs)} runs end", seconds, 0.1)

    def check(self) -> None:
        """I1 to I7, and that nothing that had ended at the last look has changed since."""
        found = invariants.violations()
        with db.transaction() as session:
            now = {
                job.id: (job.state, job.finished_at, job.error, job.attempt)
                for job in session.scalars(select(Job).where(Job.state.in_(TERMINAL_STATES)))
            }
        found += [
            f"I3 job {key}: {was} became {now.get(key)}" for key, was in self.ended.items() if now.get(key) != was
        ]
        self.ended.update(now)
        assert not found, found

    def check_learned(self, run: Run) -> None:
        """Bitwise the same adapter and exactly the same points as a run that nobody disturbed."""
        with db.transaction() as session:
            row = session.get_one(Run, run.id)
            steps = {**DEFAULTS, **row.spec["stub"]}["steps"]
            points = session.execute(
                select(MetricPoint.step, MetricPoint.value).where(MetricPoint.run_id == run.id)
            ).all()
            artifact = session.scalars(select(models.Artifact).where(models.Artifact.run_id == run.id)).one()
        expected = {step: loss_at(step) for step in range(1, steps + 1)}
        self.counts.lost_points += len(expected.keys() - {point.step for point in points})
        self.counts.doubled_points += len(points) - len({point.step for point in points})
        assert sorted(tuple(point) for point in points) == sorted(expected.items())
        assert (storage.data_dir() / artifact.path / "weights").read_text() == weights_after(run.id, steps)

    def end(self) -> None:
        """End every process and everything in its session."""
        for process in self.processes:
            for member in _family(process):
                try:
                    member.send_signal(signal.SIGCONT)
                    member.kill()
                except psutil.NoSuchProcess:
                    continue
            process.wait()


def pause(seconds: float) -> None:
    """Let others work for a moment."""
    signal.sigtimedwait([], seconds)


@contextmanager
def small_world(
    home: Path,
    rng: random.Random,
    counts: FaultCounts,
    *,
    database: str = "sqlite",
    redis: RedisServer | None = None,
    postgres: PostgresServer | None = None,
    **settings: str,
) -> Iterator[World]:
    """A world whose settings are also this process's own while it lasts."""
    before = {name: value for name, value in os.environ.items() if name.startswith("STUDIO_")}
    stack: list[Any] = []
    if database == "postgresql":
        assert postgres is not None
        stack.append(postgres.database())
        settings["STUDIO_DATABASE_URL"] = stack[-1].__enter__()
    if redis is not None:
        redis.empty()
        settings["STUDIO_BROKER_URL"] = redis.url
    world = World(home, rng, counts, **settings)
    for name in before:
        del os.environ[name]
    os.environ.update(world.settings)
    forget()
    try:
        world.open()
        yield world
    finally:
        world.end()
        forget()
        for name in world.settings:
            os.environ.pop(name, None)
        os.environ.update(before)
        for server in stack:
            server.__exit__(None, None, None)


def claim_or_fail(run: Run) -> jobs.Claim:
    """Take the run's job in this process."""
    claim = jobs.claim(run.job_id)
    assert claim is not None
    return claim


def _family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        whole = psutil.Process(process.pid)
        return [*whole.children(recursive=True), whole]
    except psutil.NoSuchProcess:
        return []


def forget() -> None:
    """Let this process read settings, database and broker anew."""
    get_settings.cache_clear()
    db.forget_engine()
    celery_app.cache_clear()
