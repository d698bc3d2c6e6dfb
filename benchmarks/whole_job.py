"""The whole job, from *submit* to a tested adapter, compared with a plain script on the same work: starter encoder, LoRA, real queue.

The same rows and splits, settings, epochs and batch size; the script (``benchmarks/plain_script.py``, or a ``--peer`` of your
own, called with the path of the same ``job.json``) computes in fp32 and pads every row to the longest length. Both in turn, every
round from the beginning: what the studio keeps between runs is deleted. Usage: ``python -m benchmarks.whole_job [TRAIN.csv
TEST.csv] [--rounds 3] [--peer COMMAND]``; without files the rows are made up. With ``--processor`` processor seconds are counted, of
the trainer and of the script, so that other work on the machine does not count. Exits 1 when the studio takes more than 0.45 of the
script's time, or its loss on the held-out rows is higher.
"""

import argparse
import csv
import json
import os
import resource
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.labelled_rows import Amounts, Examples, given_or_made_up
from benchmarks.pickup import start_worker

GOAL_SHARE = 0.45
# Long enough for the waiting trainer to be past its imports.
REST_SECONDS = 15
MODEL, TASK = "starter-encoder", "text-classification"
TRAINING = {"epochs": 3, "batch_size": 32, "max_length": 64}
PLAIN = [sys.executable, str(Path(__file__).with_name("plain_script.py"))]


@dataclass(frozen=True)
class Done:
    """One finished job: seconds by the clock and of the processor; ``phases`` are those of its parts, where they are known."""

    seconds: float
    processor: float
    accuracy: float
    loss: float
    phases: dict[str, float]


def main() -> int:
    """Run the benchmark; the last line is a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--labels", type=int, default=20)
    parser.add_argument(
        "--rows", type=int, default=50, help="rows of each label, which the studio splits into three parts"
    )
    parser.add_argument("--padding", default="max_length", choices=("max_length", "longest"))
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--peer", type=shlex.split, default=PLAIN)
    wanted = parser.parse_args()
    amounts = Amounts(labels=wanted.labels, train=wanted.rows)
    with tempfile.TemporaryDirectory(prefix="studio-job-") as home:
        os.environ["STUDIO_DATA_DIR"] = home
        worker = start_worker(Path(home))
        try:
            owner, dataset = bring(Path(home), given_or_made_up(wanted.files)[0], amounts)
            job = describe(Path(home), dataset, wanted.padding)
            rounds = [(studio(owner, dataset), other(wanted.peer, job)) for _ in range(wanted.rounds)]
        finally:
            worker.terminate()
            worker.wait(20)
    return summary(rounds, "processor" if wanted.processor else "seconds")


def bring(home: Path, rows: Examples, amounts: Amounts) -> tuple[str, Any]:
    """Upload the rows; ``(owner's id, dataset)``."""
    from app.services.accounts import accounts
    from app.services.datasets import datasets

    labels = sorted(rows)[: amounts.labels]
    path = home / "rows.csv"
    write_csv(path, [(text, label) for label in labels for text in rows[label][: amounts.train]])
    owner = accounts.ensure_owner().id
    return owner, datasets.import_file(owner, (path, path.name), task_type=TASK)


def write_csv(path: Path, rows: list[tuple[str, str]]) -> None:
    """Columns ``text`` and ``label``."""
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("text", "label"), *rows])


def describe(home: Path, dataset: Any, padding: str) -> Path:
    """Write the studio's own splits as CSV, and the job as any other program can read it; returns the path of ``job.json``."""
    from pyarrow import parquet

    from app import storage
    from app.catalog.base_models import STARTER_ENCODER, base_model_path
    from app.catalog.default_rate import default_rate
    from app.catalog.methods import method_class
    from app.catalog.training import TrainingSettings

    data, source = home / "job", storage.dataset_dir(dataset.versions[-1].id)
    data.mkdir()
    table = {row["_id"]: (row["text"], row["label"]) for row in parquet.read_table(source / "rows.parquet").to_pylist()}
    splits = storage.read_json(source / "splits.json")
    for name in ("train", "validation", "test"):
        write_csv(data / f"{name}.csv", [table[number] for number in splits[name]])
        print(f"{len(splits[name]):,} {name} rows", end=", ")
    lora = method_class("lora").model_validate({"kind": "lora"})
    training = TrainingSettings.model_validate(TRAINING)
    steps = training.updates(len(splits["train"]))
    print(f"{steps} updates, {training.epochs:g} epochs, at most {training.max_length} tokens")
    job = {
        **training.model_dump(mode="json"),
        "warmup_steps": training.warmup_steps(steps),
        **lora.model_dump(include={"rank", "alpha", "dropout"}),
        "learning_rate": default_rate(lora, STARTER_ENCODER, training, len(splits["train"])).rate,
        "model": str(base_model_path(MODEL)),
        "labels": sorted({label for _, label in table.values()}),
        "data": str(data),
        "out": str(home / "peer"),
        "padding": padding,
    }
    (home / "job.json").write_text(json.dumps(job, indent=1))
    return home / "job.json"


def studio(owner: str, dataset: Any) -> Done:
    """Submit, and wait for the end."""
    from app import storage
    from app.models import TERMINAL_STATES
    from app.services.runs import runs

    shutil.rmtree(storage.cache_dir())
    time.sleep(REST_SECONDS)
    began = time.monotonic()
    run = runs.submit(
        owner,
        runs.RunRequest(
            dataset_id=dataset.id, base_model=MODEL, task_type=TASK, method={"kind": "lora"}, training=TRAINING
        ),
    )
    while runs.get_run(owner, run.id).job.state not in TERMINAL_STATES:
        time.sleep(0.1)
    took, ended = time.monotonic() - began, runs.get_run(owner, run.id)
    if not ended.results:
        raise SystemExit(f"the run failed: {ended.job.error}")
    metrics, parts = ended.results["metrics"], ended.results["seconds"]["processor"]
    return printed("studio", Done(took, sum(parts.values()), metrics["accuracy"], metrics["loss"], parts))


def other(command: list[str], job: Path) -> Done:
    """Start the script, and wait for its end; the last line that it prints are its scores."""
    shutil.rmtree(job.parent / "peer", ignore_errors=True)
    began, before = time.monotonic(), used_by_ended()
    ended = subprocess.run([*command, str(job)], capture_output=True, text=True, check=False)
    took = time.monotonic() - began
    if ended.returncode:
        raise SystemExit(f"the script failed: {ended.stderr[-2000:]}")
    scores = json.loads(ended.stdout.strip().splitlines()[-1])
    return printed("script", Done(took, used_by_ended() - before, scores["accuracy"], scores["loss"], {}))


def used_by_ended() -> float:
    """Processor seconds of all programs that this one has started and seen the end of."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def printed(who: str, done: Done) -> Done:
    """Print one job as it ends."""
    phases = ", ".join(f"{name} {seconds:.1f}" for name, seconds in done.phases.items())
    print(
        f"{who}: {done.seconds:.1f} s ({done.processor:.1f} s of the processor), accuracy {done.accuracy:.3f}, loss {done.loss:.4f} {phases}",
        flush=True,
    )
    return done


def summary(rounds: list[tuple[Done, Done]], clock: str) -> int:
    """Print the medians and their ratio; 1 if a goal is missed."""
    ours, theirs = ([pair[side] for pair in rounds] for side in (0, 1))
    middle = {
        key: [statistics.median(getattr(done, key) for done in side) for side in (ours, theirs)]
        for key in (clock, "accuracy", "loss")
    }
    share = middle[clock][0] / middle[clock][1]
    print(
        f"studio {middle[clock][0]:.1f} s, script {middle[clock][1]:.1f} s: {share:.2f} of its time (goal {GOAL_SHARE}); "
        f"held-out loss {middle['loss'][0]:.4f} and {middle['loss'][1]:.4f}, accuracy {middle['accuracy'][0]:.3f} and "
        f"{middle['accuracy'][1]:.3f}; medians of {len(rounds)} rounds"
    )
    return 0 if share <= GOAL_SHARE and middle["loss"][0] <= middle["loss"][1] else 1


if __name__ == "__main__":
    sys.exit(main())
