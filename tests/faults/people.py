"""What people do at the wrong moment: stop in every phase, submit twice, upload while the web dies, restore: F-14 to F-25."""

import csv
import os
import threading
from pathlib import Path

import httpx
import psutil

from app import storage
from app.db import transaction
from app.errors import Conflict
from app.migrate import upgrade
from app.models import CANCELLED, QUEUED, RUNNING, SUCCEEDED, Dataset, DatasetVersion, Job, MetricPoint, Run
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.services.operations import backup, invariants
from app.services.queue import jobs
from app.services.runs import runs
from tests.faults.bench import Bench
from tests.faults.world import World, forget, pause
from tests.servers import free_port

CANCEL_SECONDS = 10.0
# Where a stop can hit: each is a plan for the trainer and what to wait for before asking.
PHASES = ("waiting", "claimed", "Reading the data", "Training", "saving", "Testing", "Saving", "hanging", "deaf")


def stop_anywhere(bench: Bench, count: int) -> None:
    """F-15: stop in each of nine phases: ended within ten seconds, nobody left, no point after the end."""
    with bench.world("F-15") as world:
        # What waits must not be picked up before it is stopped.
        for number in range(count):
            phase = PHASES[number % len(PHASES)]
            _stop_one(world, phase)
            world.check()


def _stop_one(world: World, phase: str) -> None:
    from worker.jobs import supervisor
    from worker.processes import prewarmed

    plan = {"steps": 4000 if phase in ("Training", "saving") else 5, "delay": 0.005, "save_every": 5}
    plan |= {"phase_delay": 30.0 if phase == "Reading the data" else 0.0}
    plan |= {"fault": {"hanging": "hang", "deaf": "deaf"}.get(phase, ""), "at": 2}
    plan |= {"late_delay": 30.0, "late_phase": phase} if phase in ("Testing", "Saving") else {}
    run = world.run(**plan)
    job_id = run.job_id
    if phase == "waiting":
        world.counts.cancel_seconds.append(_ask(world, run))
        return
    if phase == "claimed":
        claim = jobs.claim(job_id)
        assert claim is not None
        runs.request_cancel(world.owner, run.id)
        assert jobs.renew(claim) == jobs.CANCEL
        with jobs.held(claim) as session:
            jobs.cancel(session, claim)
        return
    worker = threading.Thread(target=supervisor.execute, args=(job_id,))
    worker.start()
    world.wait(lambda: world.job(run).state == RUNNING, "it works")
    pid = world.job(run).pid
    if phase in ("Reading the data", "Testing", "Saving"):
        world.wait(lambda: world.job(run).phase == phase, phase)
    elif phase in ("Training", "saving"):
        world.wait(lambda: world.steps(run) > 0, "steps")
    else:
        pause(1.2)
    pause(world.rng.uniform(0.0, 0.3))
    world.counts.cancel_seconds.append(_ask(world, run))
    worker.join(15)
    assert pid and not psutil.pid_exists(pid), "the trainer is still there"
    with transaction() as session:
        before = session.query(MetricPoint).filter_by(run_id=run.id).count()
    pause(0.3)
    with transaction() as session:
        assert session.query(MetricPoint).filter_by(run_id=run.id).count() == before, "a point after the end"
    prewarmed.dismiss()


def _ask(world: World, run: Run) -> float:
    runs.request_cancel(world.owner, run.id)
    took = world.wait(lambda: world.job(run).state == CANCELLED, "the run is stopped", CANCEL_SECONDS)
    assert took < CANCEL_SECONDS
    return took


def pause_and_go_on(bench: Bench, count: int) -> None:
    """F-26: pause at random steps and go on: the worker is free meanwhile, the curve has no gap and no repeat."""
    from worker.jobs import supervisor
    from worker.processes import prewarmed

    pauses = 0
    with bench.world("F-26") as world:
        for _ in range(count):
            run = world.run(steps=1500, delay=0.005, save_every=50)
            for _ in range(2):
                worker = threading.Thread(target=supervisor.execute, args=(run.job_id,))
                worker.start()
                seen = world.steps(run)
                world.wait(lambda run=run, seen=seen: world.steps(run) > seen or _is_over(world, run), "it goes on")
                pause(world.rng.uniform(0.0, 0.1))
                pauses += _pause(world, run, worker)
            if world.job(run).state == QUEUED:
                supervisor.execute(run.job_id)
            assert world.job(run).state == SUCCEEDED
            world.check_learned(run)
            prewarmed.dismiss()
    bench.notes["F-26"] = f"{pauses} pauses"
    assert pauses >= count, "the runs were over before they could be paused"


def _is_over(world: World, run: Run) -> bool:
    return world.job(run).state == SUCCEEDED


def _pause(world: World, run: Run, worker: threading.Thread) -> bool:
    """Pause and go on; false when the run was over before the pause reached it."""
    try:
        runs.pause(world.owner, run.id)
    except Conflict:
        worker.join(15)
        return False
    worker.join(15)
    job = world.job(run)
    if job.state == SUCCEEDED:
        return False
    assert (job.state, job.attempt, job.paused_at is None) == (QUEUED, 0, False), job.phase
    assert jobs.claim(run.job_id) is None, "a paused run was taken"
    runs.resume(world.owner, run.id)
    return True


def submit_at_once(bench: Bench, count: int) -> None:
    """F-16: a hundred identical submits at once, and again later: one run, the same id for all."""
    with bench.world("F-16") as world:
        dataset = datasets.import_sample(world.owner, datasets.SAMPLES[0].name)
        wanted = {
            "dataset_id": dataset.id,
            "base_model": "starter-encoder",
            "task_type": dataset.versions[-1].task_type,
        }
        for number in range(count):
            found: list[str] = []

            def submit(key: str, found: list[str]) -> None:
                run = runs.submit(world.owner, runs.RunRequest(**wanted, method={"kind": "lora"}), idempotency_key=key)
                found.append(run.id)

            key = f"key {number}"
            crowd = [threading.Thread(target=submit, args=(key, found)) for _ in range(100)]
            for thread in crowd:
                thread.start()
            for thread in crowd:
                thread.join()
            submit(key, found)
            assert len(found) == 101 and len(set(found)) == 1, f"{len(set(found))} runs for one key"
        with transaction() as session:
            assert session.query(Run).count() == count


def kill_web(bench: Bench, count: int) -> None:
    """F-23: kill -9 of the web process during uploads and submits: no ghost run, no dataset without its files."""
    with bench.world("F-23") as world:
        port = str(free_port())
        world.settings["STUDIO_PORT"] = port
        token = accounts.create_token(world.owner)
        headers = {"authorization": f"Bearer {token}"}
        address = f"http://127.0.0.1:{port}"
        command = ["-m", "uvicorn", "--factory", "studio.web:create_web", "--port", port, "--log-level", "warning"]
        body = _table(world.home / "rows.csv")
        for number in range(count):
            web = world.start(command)
            world.wait(lambda: _answers(address), "the web process answers", 60, 0.1)
            sending = threading.Thread(target=_send, args=(address, headers, body, f"key {number}"))
            sending.start()
            pause(world.rng.uniform(0.0, 1.5))
            web.kill()
            web.wait()
            world.counts.kills += 1
            sending.join(30)
            _check_stores()
            world.check()


def _send(address: str, headers: dict[str, str], body: bytes, key: str) -> None:
    try:
        with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=20) as client:
            made = client.post("/api/v1/datasets", files={"file": ("rows.csv", body, "text/csv")}).json()
            wanted = {"dataset_id": made["id"], "base_model": "starter-encoder", "task_type": "text-classification"}
            client.post("/api/v1/runs", json={**wanted, "method": {"kind": "lora"}}, headers={"Idempotency-Key": key})
    except (httpx.HTTPError, KeyError, ValueError):
        return


def _check_stores() -> None:
    """Every dataset has a version with its rows, every run a job and a version."""
    with transaction() as session:
        for dataset in session.query(Dataset):
            assert dataset.versions, f"the dataset {dataset.id} has no version"
        for version in session.query(DatasetVersion):
            if version.file_name:
                assert (storage.dataset_dir(version.id) / "rows.parquet").exists(), f"version {version.id} has no rows"
        for run in session.query(Run):
            assert session.get(Job, run.job_id) and session.get(DatasetVersion, run.dataset_version_id)
    assert not list(Path(storage.data_dir() / "datasets").glob("*.partial"))


def back_up(bench: Bench, count: int) -> None:
    """F-25: a backup while four runs work, restored elsewhere: everything holds, and the runs end there too."""
    for number in range(count):
        database = ("sqlite", "postgresql")[number % 2]
        with bench.world(f"F-25-{number}", database=database) as world:
            world.start_worker()
            world.start_beat()
            working = [world.run(steps=120, delay=0.01) for _ in range(4)]
            world.wait(lambda runs=working: sum(map(world.steps, runs)) > 100, "runs are under way", 60)
            pause(world.rng.uniform(0.0, 1.0))
            backup.make(world.home / "backup.zip")
            world.wait_for_end(working)
        home = bench.folder / f"F-25-restored-{number}"
        home.mkdir()
        _restore(bench, home, world, working)


def _restore(bench: Bench, home: Path, world: World, working: list[Run]) -> None:
    before = dict(os.environ)
    os.environ.update({**world.settings, "STUDIO_DATA_DIR": str(home / "empty")})
    os.environ.pop("STUDIO_DATABASE_URL", None)
    forget()
    try:
        backup.restore(world.home / "backup.zip", upgrade)
        assert invariants.violations() == []
        there = World(home, bench.rng("F-25"), bench.counts, STUDIO_DATA_DIR=str(home / "empty"))
        there.start_worker()
        there.wait_for_end(working)
        for run in working:
            there.check_learned(run)
        there.end()
    finally:
        forget()
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


def _table(path: Path) -> bytes:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("text", "label"))
        for number in range(400):
            writer.writerow((f"message number {number} about a thing", ("card", "refund")[number % 2]))
    return path.read_bytes()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
