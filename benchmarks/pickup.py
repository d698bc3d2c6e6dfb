"""From *submit* to the first training step with a prewarmed trainer: prints every stage of the way, in seconds.

Starts its own Celery worker on its own data folder, submits runs one after another, each on 1,000 short rows that it has
never seen before, then one on rows it knows, and reads the times that the studio itself recorded. Usage: ``python -m benchmarks.pickup [--runs 3]``. Exits 1 when the goal is missed.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOAL_SECONDS = 2.0
SUBJECTS = ("my card", "the transfer", "an invoice", "the app", "my password", "the delivery", "a refund", "the fee")
PROBLEMS = {
    "missing": ("has not arrived", "never came", "is still missing"),
    "wrong": ("is wrong", "shows the wrong amount", "does not match"),
    "blocked": ("is blocked", "was declined", "cannot be used"),
    "question": ("how does it work", "where do I find it", "what does it cost"),
}


def main() -> int:
    """Run the benchmark; the last line is a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    runs_wanted = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as home:
        os.environ["STUDIO_DATA_DIR"] = home
        worker = start_worker(Path(home))
        try:
            totals = measure(runs_wanted)
        finally:
            worker.terminate()
            worker.wait(20)
    median = statistics.median(totals)
    print(f"submit -> first step, 1,000 rows: median {median:.2f} s of {len(totals)} runs (goal {GOAL_SECONDS} s)")
    return 0 if median <= GOAL_SECONDS else 1


def start_worker(home: Path) -> subprocess.Popen[bytes]:
    """A real Celery worker with its prewarmed trainer."""
    from app.migrate import upgrade

    upgrade()
    log = (home / "worker.log").open("wb")
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "worker.app",
            "worker",
            "-Q",
            "train",
            "-c",
            "1",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ],
        stdout=log,
        stderr=log,
    )


def measure(count: int) -> list[float]:
    """Seconds from submit to the first step for each run on new rows, after one that warms the page cache."""
    from app.services.accounts import accounts
    from app.services.datasets import datasets

    owner = accounts.ensure_owner().id
    totals = []
    for number in range(count + 1):
        dataset = datasets.import_file(owner, (write_rows(1000, number), "letters.csv"))
        print(f"run {number} on new rows" + ("" if number else " (warms up, does not count)"))
        seconds = submit(owner, dataset.id)
        totals += [seconds] if number else []
    print("one more on the same rows, whose sentence vectors are kept")
    submit(owner, dataset.id)
    return totals


def submit(owner: str, dataset_id: str) -> float:
    """Queue one run, print its stages, return the seconds to its first step."""
    from app.services.runs import runs

    time.sleep(12)  # Long enough for the next prewarmed trainer to finish its imports.
    submitted = time.time()
    run = runs.submit(
        owner,
        runs.RunRequest(
            dataset_id=dataset_id,
            base_model="starter-encoder",
            task_type="text-classification",
            method={"kind": "lora"},
            training={"epochs": 0.2},
        ),
    )
    stages = wait_for_steps(owner, run.id)
    print_stages(submitted, stages)
    return stages["first step"] - submitted


def wait_for_steps(owner: str, run_id: str) -> dict[str, float]:
    """Moments at which each phase began, by name; the last is the first training step."""
    from app.models import TERMINAL_STATES
    from app.services.runs import metrics, runs

    while runs.get_run(owner, run_id).job.state not in TERMINAL_STATES:
        time.sleep(0.2)
    run = runs.get_run(owner, run_id)
    if run.job.error:
        raise SystemExit(f"the run failed: {run.job.error}")
    stages = {"claimed": run.job.started_at or 0.0}
    for event in metrics.events_since(owner, run_id).events:
        if event.kind == "phase":
            stages.setdefault(event.message, event.at)
    losses = [point for point in metrics.since(owner, run_id).points if point.key == "train/loss"]
    stages["first step"] = losses[0].at
    return dict(sorted(stages.items(), key=lambda stage: stage[1]))


def print_stages(submitted: float, stages: dict[str, float]) -> None:
    """One line per stage up to the first step: when it began and how long it took."""
    before = submitted
    for name, moment in stages.items():
        print(f"  {moment - submitted:7.3f} s  +{moment - before:6.3f}  {name}")
        before = moment
        if name == "first step":
            break


def write_rows(count: int, seed: int) -> Path:
    """A CSV of short letters in four classes, the same on every machine."""
    rng = random.Random(seed)
    lines = ["text,label"]
    for number in range(count):
        label, endings = rng.choice(sorted(PROBLEMS.items()))
        lines.append(f"{rng.choice(SUBJECTS)} {rng.choice(endings)} since day {number},{label}")
    path = Path(tempfile.mkdtemp()) / "letters.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())
