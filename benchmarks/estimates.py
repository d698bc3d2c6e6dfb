"""Is the estimate right? Real runs through the queue: what the studio estimated for each when it began, and what it took.

The machine is measured once and a few short runs come first, as in daily use; then twelve that differ in method, size, length
and task. Prints estimate, actual and error of memory (resident set of the trainer process) and time. Usage:
``python -m benchmarks.estimates [--processor] [--only 3]``. With ``--processor`` times are processor seconds of the trainer;
pinned to one core (``OMP_NUM_THREADS=1 taskset -c 2``) that is the time it would take there alone, so that other work on the
machine does not count. Exits 1 when a bound is missed: 25 % of memory, 30 % of time.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MEMORY_BOUND, TIME_BOUND = 0.25, 0.30
WORDS = (
    "please",
    "help",
    "my",
    "card",
    "bank",
    "money",
    "lost",
    "late",
    "open",
    "close",
    "new",
    "old",
    "time",
    "day",
    "week",
    "order",
    "phone",
    "water",
    "house",
    "paper",
    "green",
    "small",
    "large",
    "window",
    "street",
    "train",
    "table",
    "number",
    "letter",
    "question",
    "answer",
    "morning",
    "evening",
    "people",
    "family",
)
Case = dict[str, Any]


def case(
    task: str,
    kind: str,
    rows: int,
    words: int,
    *,
    epochs: float = 1,
    batch: int = 32,
    longest: int = 128,
    **method: Any,
) -> Case:
    """One run: ``words`` is the mean length of a text."""
    training = {"epochs": epochs, "batch_size": batch, "max_length": longest}
    return {"task": task, "method": {"kind": kind, **method}, "training": training, "rows": rows, "words": words}


ENCODE, CHAT = "text-classification", "chat"
FIRST = (
    case(ENCODE, "lora", 700, 12),
    case(ENCODE, "full", 600, 14),
    case(ENCODE, "head-only", 800, 20),
    case(CHAT, "lora", 300, 20, batch=8, longest=256),
    case(CHAT, "full", 260, 20, batch=8, longest=256),
)
CASES = (
    case(ENCODE, "lora", 1200, 30, epochs=2),
    case(ENCODE, "lora", 1500, 10, targets="attention"),
    case(ENCODE, "full", 500, 80, longest=256),
    case(ENCODE, "dora", 800, 25),
    case(ENCODE, "bottleneck-adapter", 1000, 20),
    case(ENCODE, "sparse", 900, 30),
    case(ENCODE, "bitfit", 2000, 15, batch=64),
    case(ENCODE, "chosen-layers", 1500, 24),
    case(CHAT, "lora", 500, 50, batch=8, longest=256),
    case(CHAT, "rslora", 300, 120, batch=8, longest=512),
    case(CHAT, "full", 300, 60, batch=4, longest=256),
    case(CHAT, "bottleneck-adapter", 500, 30, batch=16, longest=256),
)


def main() -> int:
    """Run all cases; the last lines are the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=int, default=len(CASES))
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--out", type=Path)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="studio-estimates-") as home:
        os.environ["STUDIO_DATA_DIR"] = home
        user_id = begin()
        for number, case in enumerate(FIRST):
            print(line(run(user_id, case, 100 + number, wanted.processor)), "(before)", flush=True)
        rows = []
        for number, case in enumerate(CASES[: wanted.only]):
            rows.append(run(user_id, case, number, wanted.processor))
            print(line(rows[-1]), flush=True)
            if wanted.out:
                wanted.out.write_text(json.dumps(rows, indent=1))
    return summary(rows)


def begin() -> str:
    """Tables, the owner and a measured machine; returns the owner's id."""
    from app.migrate import upgrade
    from app.services.accounts import accounts
    from app.services.queue import machine_speeds

    upgrade()
    measured = subprocess.run(
        [sys.executable, "-m", "worker.jobs.speed_probe"], capture_output=True, text=True, check=True
    ).stdout
    name = machine_speeds.training_machine(here=True).name
    machine_speeds.store_speed(name, json.loads(measured))
    print(f"{name}: {measured.strip()}", flush=True)
    return accounts.ensure_owner().id


def run(user_id: str, wanted: Case, seed: int, processor: bool) -> dict[str, Any]:
    """Queue one run, carry it out here, and read what the studio stored of it."""
    from app.services.datasets import datasets
    from app.services.runs import run_costs, runs
    from worker.jobs import supervisor

    model = "starter-encoder" if wanted["task"] == ENCODE else "starter-chat"
    path = Path(os.environ["STUDIO_DATA_DIR"]) / f"rows-{seed}.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in make_rows(wanted, seed)))
    dataset = datasets.import_file(user_id, (path, path.name), task_type=wanted["task"])
    queued = runs.submit(
        user_id,
        runs.RunRequest(
            dataset_id=dataset.id,
            base_model=model,
            task_type=wanted["task"],
            method=wanted["method"],
            training=wanted["training"],
        ),
    )
    supervisor.execute(queued.job_id)
    ended = runs.get_run(user_id, queued.id)
    if not ended.results:
        raise SystemExit(f"{wanted}: {ended.job.error}")
    if processor:
        count_processor_time(queued.id, ended.results["seconds"]["processor"])
    cost = run_costs.read(user_id, queued.id)
    return {"case": wanted, "results": ended.results, **cost.as_dict()}


def count_processor_time(run_id: str, phases: dict[str, float]) -> None:
    """Let the stored actual time be the trainer's processor time."""
    from app.db import transaction
    from app.models_costs import RunCost

    with transaction() as session:
        cost = session.get_one(RunCost, run_id)
        total, learning = sum(phases.values()), phases["Training"]
        cost.actual = {**(cost.actual or {}), "seconds": total, "learning": learning, "rest": total - learning}


def make_rows(wanted: Case, seed: int) -> list[dict[str, Any]]:
    """Texts of random words, from half to one and a half times the mean length."""
    rng = random.Random(seed)

    def text(mean: int) -> str:
        return " ".join(rng.choice(WORDS) for _ in range(rng.randint(max(2, mean // 2), mean + mean // 2)))

    if wanted["task"] == ENCODE:
        return [{"text": f"{text(wanted['words'])} {at}", "label": f"topic {at % 8}"} for at in range(wanted["rows"])]
    half = wanted["words"] // 2
    return [
        {"messages": [{"role": "user", "content": f"{text(half)} {at}"}, {"role": "assistant", "content": text(half)}]}
        for at in range(wanted["rows"])
    ]


def line(row: dict[str, Any]) -> str:
    """One row of the table."""
    wanted, estimate, actual = row["case"], row["estimate"], row["actual"]
    settings = wanted["training"]
    memory, seconds = estimate["memory_likely"], estimate["seconds_likely"]
    exact = "yes" if estimate["trainable_parameters"] == actual["trainable_parameters"] else "NO"
    return (
        f"| {wanted['task'].split('-')[-1]} | {wanted['method']['kind']} | {wanted['rows']:,} x {wanted['words']} words, "
        f"{settings['epochs']:g} x, {settings['batch_size']} | {exact} | {memory / 1e6:,.0f} | {actual['memory'] / 1e6:,.0f} | "
        f"{off(memory, actual['memory']):+.0%} | {seconds:.0f} | {actual['seconds']:.0f} | {off(seconds, actual['seconds']):+.0%} |"
    )


def off(estimate: float, actual: float) -> float:
    """By how much the estimate is too high, as a share of the actual."""
    return (estimate - actual) / actual


def summary(rows: list[dict[str, Any]]) -> int:
    """Print the table, the medians and the worst; 1 if a bound is missed."""
    print(
        "\n| task | method | rows, epochs, batch size | parameters exact | MB estimated | MB | error | s estimated | s | error |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    print("\n".join(line(row) for row in rows))
    failed = False
    for name, likely, key, bound in (
        ("memory", "memory_likely", "memory", MEMORY_BOUND),
        ("time", "seconds_likely", "seconds", TIME_BOUND),
    ):
        errors = [abs(off(row["estimate"][likely], row["actual"][key])) for row in rows]
        within = sum(error <= bound for error in errors)
        print(
            f"{name}: median error {statistics.median(errors):.0%}, worst {max(errors):.0%}; {within} of {len(rows)} within {bound:.0%}"
        )
        failed |= within < len(rows)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
