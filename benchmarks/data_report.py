"""How long it takes until rows can be seen and the whole report is there: ``python -m benchmarks.data_report``.

Writes files of 10,000 and 100,000 rows of about 30 words, sends each the way that an upload takes, and prints seconds for
every part and the memory that each process reached. Limits: rows of 10,000 within 2 seconds, the report of 100,000 within
20 seconds on two cores; a check takes at most 300 MiB and 400 bytes for each row.
"""

import csv
import os
import random
import re
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from worker.executor import Executor

SIZES = (10_000, 100_000)
LABELS = 10
PREWARM_SECONDS = 4.0


def write_rows(path: Path, rows: int) -> None:
    """Rows of 20 to 40 English words with a label, the same for the same number; every hundredth word is a rare one."""
    from app.samples import SAMPLES, sample_path

    rng = random.Random(rows)
    text = " ".join(sample_path(name).read_text(encoding="utf-8") for name in SAMPLES)
    words = re.findall(r"[a-z']+[.,?]?", text.lower())
    drawn = rng.choices(words, k=rows * 40)
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["text", "label"])
        for n in range(rows):
            picked = drawn[n * 40 : n * 40 + rng.randint(20, 40)]
            picked[n % len(picked)] = f"reference{n * 7919 % 100_003}"
            writer.writerow([" ".join(picked), f"label {n % LABELS}"])


def measure(rows: int, executor: "Executor") -> dict[str, float]:
    """Seconds until rows can be seen, of the report as a job and of a check after a change; the peak of memory in MiB."""
    from app import storage
    from app.services.accounts import accounts
    from app.services.datasets import checks, datasets, imports, readings
    from app.services.datasets.changes import Exclude
    from app.services.datasets.dataset_jobs import IMPORT, DatasetJob, changes_job
    from app.services.datasets.row_search import Selection, find_rows

    path = storage.uploads_dir() / f"{rows}.csv"
    write_rows(path, rows)
    owner = accounts.ensure_owner().id
    file_bytes = path.stat().st_size
    began, worked = time.perf_counter(), _processor_seconds()
    staged = imports.stage(owner, path, path.name)
    reading = imports.read_staged(owner, staged)
    readings.first_rows(imports.staged_folder(owner, staged)[0], reading.main.columns)
    shown, reader = time.perf_counter(), _largest_child()
    check = _ended(owner, checks.start(owner, DatasetJob(IMPORT, "", {"staged": staged})), executor)
    reported = time.perf_counter()
    _at_rest(executor)
    used = _processor_seconds() - worked
    made = datasets.get_dataset(owner, check["dataset_id"])
    stored = storage.dataset_dir(datasets.latest_version(made).id)
    search = time.perf_counter()
    find_rows(stored, Selection(search="no such words"), limit=20)
    searched = time.perf_counter()
    _ended(owner, checks.start(owner, changes_job(made.id, [Exclude(Selection(ids=(5, 6)))], 1)), executor)
    changed = time.perf_counter()
    _at_rest(executor)
    return {
        "size of the file, MiB": file_bytes / 2**20,
        "rows can be seen": shown - began,
        "report is there": reported - began,
        "of which on a processor": used,
        "search in all rows": searched - search,
        "leave rows out and check again": changed - searched,
        "peak of the reader, MiB": reader,
        "peak of the check, MiB": _largest_child(),
        "this process, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _ended(owner: str, check: dict[str, Any], executor: "Executor") -> dict[str, Any]:
    from app.services.datasets import checks

    executor.wake()
    while check["state"] in ("queued", "claimed", "running"):
        time.sleep(0.05)
        check = checks.status(owner, check["id"])
    if check["state"] != "succeeded":
        raise SystemExit(f"the check ended as {check['state']}: {check['error']}")
    return check


def _at_rest(executor: "Executor") -> None:
    """Wait until the processes of the checks are gone, so that what they used is counted."""
    while executor.is_busy:
        time.sleep(0.05)


def _largest_child() -> float:
    """MiB that the largest process started so far has reached; it only grows, so sizes are measured in ascending order."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _processor_seconds() -> float:
    """What this process and its ended children used; tells how much of a wait was for busy cores."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


@click.command(help=__doc__)
@click.option("--rows", type=int, multiple=True, default=SIZES, show_default=True)
def main(rows: tuple[int, ...]) -> None:
    """Print one block of figures for each size."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        os.environ["STUDIO_DATA_DIR"] = str(Path(folder) / "data")
        from app.migrate import upgrade
        from app.queue import LIGHT_QUEUE
        from worker.executor import Executor

        upgrade()
        # In this process, so that the memory of its processes can be read here; a message would take 0.1 s more.
        executor = Executor(LIGHT_QUEUE)
        executor.start()
        for count in rows:
            time.sleep(PREWARM_SECONDS)
            click.echo(f"{count:,} rows, {len(os.sched_getaffinity(0))} cores")
            for name, value in measure(count, executor).items():
                click.echo(f"  {name:32} {value:8.2f}")
        executor.leave()


if __name__ == "__main__":
    main()
