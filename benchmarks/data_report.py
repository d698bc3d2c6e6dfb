"""How long it takes until rows can be seen and the whole report is there: ``python -m benchmarks.data_report``.

Writes files of 10,000 and 100,000 rows of about 30 words, imports each through the same services as an upload, and prints
seconds for every part and the memory that the process reached. Limits from the issue: rows of 10,000 within 2 seconds,
the report of 100,000 within 20 seconds on two cores.
"""

import csv
import os
import random
import resource
import tempfile
import time
from pathlib import Path

import click

SIZES = (10_000, 100_000)
LABELS = 10


def write_rows(path: Path, rows: int) -> None:
    """Rows of 20 to 40 common English words with a label, the same for the same number."""
    dice = random.Random(rows)
    # Frequent and rare words as in a language: the n-th word is drawn in proportion to 1 / n.
    words = [
        f"{dice.choice('bcdfghlmnprst')}{dice.choice('aeiou')}{dice.choice('lmnrst')}{n % 97}" for n in range(20_000)
    ]
    weights = [1 / (n + 1) for n in range(len(words))]
    drawn = dice.choices(words, weights, k=rows * 40)
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["text", "label"])
        for n in range(rows):
            writer.writerow([" ".join(drawn[n * 40 : n * 40 + dice.randint(20, 40)]), f"label {n % LABELS}"])


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
    made = datasets.import_file(owner, path, path.name)
    imported = time.perf_counter()
    stored = storage.dataset_dir(datasets.latest_version(made).id)
    find_rows(stored, Selection(), limit=20)
    shown = time.perf_counter()
    find_rows(stored, Selection(search="no such words"), limit=20)
    searched = time.perf_counter()
    dataset_changes.change(owner, made.id, [Exclude(Selection(ids=(5, 6)))])
    changed = time.perf_counter()
    return {
        "import and report": imported - began,
        "first page of rows": shown - imported,
        "search in all rows": searched - shown,
        "leave rows out and check again": changed - searched,
        "peak memory, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


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
