"""The real engine on tiny data, killed at random steps and inside its saves: F-01 and F-10.

A parent that has loaded the libraries forks one process per attempt, which does exactly what a trainer does. What it
leaves behind is taken over by the same services that a supervisor uses; only the start of the process is cheaper.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

from app import manifest, storage
from app.catalog.job_file import JobFile
from app.db import transaction
from app.models import SUCCEEDED, Checkpoint, Job, MetricPoint, Run
from app.services.queue import jobs
from app.services.runs import run_folders
from tests.factories import make_run
from tests.faults.bench import Bench
from tests.faults.world import World, pause
from worker.processes.spool_reader import SpoolReader

FILES = ("adapter_model.safetensors", "head.safetensors")
SAVE_EVENTS = ("open", "os.rename", "os.mkdir", "tempfile.mkdtemp", "os.fsync", "shutil.rmtree")
KILLS_PER_RUN = 6


class Tiny:
    """A tiny model and tiny rows, made once; forks trainers for orders on them."""

    def __init__(self, folder: Path) -> None:
        import torch

        from tests.tiny import make_base, make_rows, make_spec

        torch.set_num_threads(1)
        (folder / "base").mkdir(parents=True)
        (folder / "rows").mkdir()
        self.card = make_base(folder / "base")
        make_rows(folder / "rows")
        self.folder = folder
        self.spec = make_spec(epochs=4, evaluations_per_epoch=2)

    def fork(
        self, folder: Path, resume_from: Path | None, die_at: int | None = None, share: tuple[int, int] = (0, 1)
    ) -> int:
        """Start an attempt in ``folder``; with ``die_at`` it kills itself at that file operation inside its saves.

        ``share`` is this process's number and how many there are for the run.
        """
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            os.setsid()
            code = self._train(folder, resume_from, die_at, share)
        finally:
            sys.stderr.flush()
            os._exit(code)

    def _train(self, folder: Path, resume_from: Path | None, die_at: int | None, share: tuple[int, int]) -> int:
        from app.run_report import NullReport
        from worker.engine.loop.train import train
        from worker.engine.runtime import distributed
        from worker.engine.runtime.training_job import TrainingJob
        from worker.processes.spool import SpoolReport

        log = os.open(folder / "trainer.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        if die_at is not None:
            _die_inside_save(die_at)
        rows = self.folder / "rows"
        job = TrainingJob(
            self.spec,
            self.card,
            self.folder / "base",
            rows / "rows.parquet",
            rows / "splits.json",
            folder,
            self.folder / "cache",
            resume_from,
        )
        distributed.init_process_group(*share, folder / "meeting")
        train(job, NullReport() if share[0] else SpoolReport(folder / "spool.jsonl"))
        return 0


def _die_inside_save(number: int) -> None:
    """SIGKILL to oneself at the n-th file operation that happens while a checkpoint is being written."""
    from worker.engine.loop.checkpoints import Checkpoints

    left, inside, save = [number], [False], Checkpoints.save

    def watched(self: Any, *arguments: Any, **named: Any) -> None:
        inside[0] = True
        try:
            save(self, *arguments, **named)
        finally:
            inside[0] = False

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if inside[0] and event in SAVE_EVENTS:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    Checkpoints.save = watched  # type: ignore[method-assign]
    sys.addaudithook(look)


def kill_trainers(bench: Bench, count: int) -> None:
    """F-01: kill -9 at a random moment or inside a save, a fifth and more of them there; the result equals the twin's."""
    with bench.world("F-01") as world:
        tiny = Tiny(Path(bench.folder / "tiny"))
        twin = world.home / "twin"
        twin.mkdir()
        assert _code(tiny.fork(twin, None)) == 0, (twin / "trainer.log").read_text()[-2000:]
        wanted = [(twin / "adapter" / name).read_bytes() for name in FILES]
        points = _curve(twin / "spool.jsonl")
        left, inside = count, 0
        while left > 0:
            share = min(left, KILLS_PER_RUN)
            run, saves = _one_run(world, tiny, share)
            inside += saves
            left -= share
            folder = storage.attempt_dir(run.id, world.job(run).fence)
            assert [(folder / "adapter" / name).read_bytes() for name in FILES] == wanted, "not bitwise the same"
            _check_points(world, run, points)
            world.counts.equal += 1
        bench.notes["F-01"] = f"{inside} of {count} inside a save"
        assert inside * 5 >= count, f"only {inside} of {count} kills hit a save"


def kill_one_of_two(bench: Bench, count: int) -> None:
    """F-27: two processes learn a run together and one of them, either one, is killed: the other ends too, and the pair that
    goes on ends bitwise as a pair that nobody disturbed."""
    with bench.world("F-27") as world:
        tiny = Tiny(Path(bench.folder / "tiny-pairs"))
        twin = world.home / "twin"
        twin.mkdir()
        assert _wait_for_pair(_fork_pair(tiny, twin, None)) == [0, 0], (twin / "trainer.log").read_text()[-2000:]
        wanted = [(twin / "adapter" / name).read_bytes() for name in FILES]
        for _ in range(count):
            run = make_run(world.owner, world.version)
            for killed in (True, False):
                claim = jobs.claim(run.job_id)
                assert claim is not None
                job = run_folders.prepare(claim, lambda name: tiny.folder / "base", 1)
                pair = _fork_pair(tiny, job.folder, job.resume_from)
                jobs.begin(claim, pid=pair[0], phase="Training")
                if killed:
                    pause(world.rng.uniform(0.1, 2.5))
                    os.kill(world.rng.choice(pair), signal.SIGKILL)
                codes = _wait_for_pair(pair)
                _ship(claim, job)
                world.check()
                if codes == [0, 0]:
                    break
                assert killed and all(codes), (codes, (job.folder / "trainer.log").read_text()[-2000:])
                world.counts.kills += 1
                assert jobs.retry(claim, {"error": {"code": "trainer_crashed", "message": "killed", "hint": ""}})
                with transaction() as session:
                    session.get_one(Job, run.job_id).not_before = 0.0
            run_folders.store_results(claim, job)
            assert [(job.folder / "adapter" / name).read_bytes() for name in FILES] == wanted, "not bitwise the same"
            _check_points(world, run, _curve(twin / "spool.jsonl"))
            world.counts.equal += 1


def _fork_pair(tiny: Tiny, folder: Path, resume_from: Path | None) -> list[int]:
    return [tiny.fork(folder, resume_from, share=(number, 2)) for number in range(2)]


def _wait_for_pair(pair: list[int]) -> list[int]:
    return [_code(pid) for pid in pair]


def _one_run(world: World, tiny: Tiny, kills: int) -> tuple[Run, int]:
    """One run that is killed so often and then left alone; returns it and how many kills hit a save."""
    run = make_run(world.owner, world.version)
    inside = 0
    while True:
        claim = jobs.claim(run.job_id)
        assert claim is not None
        job = run_folders.prepare(claim, lambda name: tiny.folder / "base", 1)
        in_save = kills > 0 and (world.rng.random() < 0.5 or inside * 3 < kills)
        pid = tiny.fork(job.folder, job.resume_from, world.rng.randint(1, 30) if in_save else None)
        jobs.begin(claim, pid=pid, phase="Training")
        if kills > 0 and not in_save:
            pause(world.rng.uniform(0.05, 1.2))
            os.kill(pid, signal.SIGKILL)
        code = _code(pid)
        _ship(claim, job)
        world.check()
        if code == 0:
            run_folders.store_results(claim, job)
            assert kills <= 0 or not in_save or code == 0
            return run, inside
        assert code == -signal.SIGKILL, (job.folder / "trainer.log").read_text()[-2000:]
        kills, inside = kills - 1, inside + in_save
        world.counts.kills += 1
        assert jobs.retry(claim, {"error": {"code": "trainer_crashed", "message": "killed", "hint": ""}})
        with transaction() as session:
            session.get_one(Job, run.job_id).not_before = 0.0


def _ship(claim: jobs.Claim, job: JobFile) -> None:
    spool = SpoolReader(job.folder / "spool.jsonl")
    while lines := spool.peek():
        run_folders.store_lines(claim, job.run_id, job.attempt, lines)
        spool.accept(lines)


def cut_power(bench: Bench, count: int) -> None:
    """F-10: every prefix of the file operations of a save, then torn files: never a damaged checkpoint is chosen."""
    with bench.world("F-10") as world:
        tiny = Tiny(Path(bench.folder / "tiny-power"))
        folder = world.home / "whole"
        folder.mkdir()
        assert _code(tiny.fork(folder, None)) == 0
        steps = sorted((folder / "checkpoints").glob("step-*"), key=lambda path: int(path.name[5:]))
        run = make_run(world.owner, world.version)
        claim = jobs.claim(run.job_id)
        assert claim is not None
        job = run_folders.prepare(claim, lambda name: tiny.folder / "base", 1)
        for number in range(count):
            _replay(world, claim, job, steps, number)
        with transaction() as session:
            session.query(Checkpoint).delete()


def _replay(world: World, claim: jobs.Claim, job: JobFile, steps: list[Path], number: int) -> None:
    """An older checkpoint is complete; of the newer one only a prefix of its operations reached the disk."""
    home = job.folder / "checkpoints"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    with transaction() as session:
        session.query(Checkpoint).delete()
    old, new = steps[0], steps[-1]
    shutil.copytree(old, home / old.name)
    _record(claim, job, home / old.name)
    torn = home / (new.name if world.rng.random() < 0.5 else ".aside-x")
    names = sorted(path.name for path in new.iterdir())
    kept = world.rng.sample(names, world.rng.randrange(len(names)))
    torn.mkdir()
    for name in kept:
        content = (new / name).read_bytes()
        # Data that was never flushed may be missing from the end, or be zeros.
        cut = world.rng.randrange(len(content) + 1)
        (torn / name).write_bytes(content[:cut] + (b"\0" * (len(content) - cut) if world.rng.random() < 0.5 else b""))
    if world.rng.random() < 0.3 and torn.name == new.name:
        _record(claim, job, torn, manifest.sha256_of(new / manifest.NAME))
    found = run_folders.newest_checkpoint(job.run_id)
    assert found is not None and manifest.holds(found), f"{number}: {found} was chosen"
    assert found == home / old.name or manifest.holds(torn)
    with transaction() as session:
        session.query(Checkpoint).filter(Checkpoint.path.contains(torn.name)).delete()


def _record(claim: jobs.Claim, job: JobFile, folder: Path, sha256: str = "") -> None:
    line = {
        "type": "checkpoint",
        "path": str(folder),
        "step": int(folder.name[5:]),
        "bytes": 1,
        "sha256": sha256 or manifest.sha256_of(folder / manifest.NAME),
        "metrics": {},
        "n": 0,
        "at": 0.0,
    }
    run_folders.store_lines(claim, job.run_id, job.attempt, [line])


def _curve(spool: Path) -> dict[tuple[str, int], float]:
    lines = [json.loads(line) for line in spool.read_text().splitlines()]
    return {
        (line["key"], line["step"]): line["value"]
        for line in lines
        if line["type"] == "metric" and line["key"].startswith(("train/loss", "eval/"))
    }


def _check_points(world: World, run: Run, wanted: dict[tuple[str, int], float]) -> None:
    with transaction() as session:
        rows = session.query(MetricPoint).filter_by(run_id=run.id).all()
        assert session.get_one(Run, run.id).job.state == SUCCEEDED
    found = [(row.key, row.step) for row in rows if (row.key, row.step) in wanted]
    world.counts.lost_points += len(wanted.keys() - set(found))
    world.counts.doubled_points += len(found) - len(set(found))
    assert sorted(found) == sorted(wanted)
    values = {(row.key, row.step): row.value for row in rows}
    assert np.array_equal([values[key] for key in wanted], list(wanted.values())), "the curve is not the twin's"


def _code(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
