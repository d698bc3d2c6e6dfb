"""How long it takes until rows can be seen and the whole report is there: ``python -m benchmarks.data_report``.

Writes files of 10,000 and 100,000 rows of about 30 words, imports each through the same services as an upload, and prints
seconds for every part and the memory that the process reached. Limits from the issue: rows of 10,000 within 2 seconds,
the report of 100,000 within 20 seconds on two cores.
"""

import csv
import os
import random
import re
import resource
import tempfile
import time
from pathlib import Path

import click

SIZES = (10_000, 100_000)
LABELS = 10


def write_rows(path: Path, rows: int) -> None:
    """Rows of 20 to 40 English words with a label, the same for the same number; every hundredth word is a rare one."""
    from app.samples import SAMPLES, sample_path

    dice = random.Random(rows)
    text = " ".join(sample_path(each).read_text(encoding="utf-8") for each in SAMPLES)
    words = re.findall(r"[a-z']+[.,?]?", text.lower())
    drawn = dice.choices(words, k=rows * 40)
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["text", "label"])
        for n in range(rows):
            picked = drawn[n * 40 : n * 40 + dice.randint(20, 40)]
            picked[n % len(picked)] = f"reference{n * 7919 % 100_003}"
            writer.writerow([" ".join(picked), f"label {n % LABELS}"])


def measure(rows: int, folder: Path) -> dict[str, float]:
    """Seconds of the import and of the first page, and the peak of memory in MiB."""
    from app import storage
    from app.services import accounts, dataset_changes, datasets
    from app.services.dataset_changes import Exclude
    from app.services.row_search import Selection, find_rows

    path = folder / f"{rows}.csv"
    write_rows(path, rows)
    owner = accounts.ensure_owner().id
    began = time.perf_counter()
    worked = _processor_seconds()
    made = datasets.import_file(owner, path, path.name)
    imported, worked = time.perf_counter(), _processor_seconds() - worked
    stored = storage.dataset_dir(datasets.latest_version(made).id)
    find_rows(stored, Selection(), limit=20)
    shown = time.perf_counter()
    find_rows(stored, Selection(search="no such words"), limit=20)
    searched = time.perf_counter()
    dataset_changes.change(owner, made.id, [Exclude(Selection(ids=(5, 6)))])
    changed = time.perf_counter()
    return {
        "import and report": imported - began,
        "of which on a processor": worked,
        "first page of rows": shown - imported,
        "search in all rows": searched - shown,
        "leave rows out and check again": changed - searched,
        "peak memory, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _processor_seconds() -> float:
    """What this process and its ended children used; tells how much of a wait was for busy cores."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@click.command(help=__doc__)
@click.option("--rows", type=int, multiple=True, default=SIZES, show_default=True)
def main(rows: tuple[int, ...]) -> None:
    """Print one block of figures for each size."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        os.environ["STUDIO_DATA_DIR"] = str(Path(folder) / "data")
        from app.migrate import upgrade

        upgrade()
        for count in rows:
            click.echo(f"{count:,} rows, {len(os.sched_getaffinity(0))} cores")
            for name, value in measure(count, Path(folder)).items():
                click.echo(f"  {name:32} {value:8.2f}")


if __name__ == "__main__":
    main()
