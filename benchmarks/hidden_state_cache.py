"""What the hidden-state cache of frozen layers saves: runs that train only the upper layers, with the cache and without, in turn.

The same rows, method and seed both ways; prints the seconds of learning (reading the rows once included), their ratio, and the
loss at the end of both. Usage: ``python -m benchmarks.hidden_state_cache [TRAIN.csv TEST.csv] [--rounds 3] [--epochs 5]``; without
files the rows are made up. With ``--processor`` processor seconds are counted, so that other work on the machine does not.
Exits 1 when a ratio misses its goal or the losses differ beyond five digits in fp32.
"""

import argparse
import contextlib
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.labelled_rows import Amounts, given_or_made_up, write_rows

# Times faster, of a six-layer encoder and five epochs; what a prototype reached less a tenth for the checkpoints between.
CASES: dict[str, tuple[dict[str, Any], float]] = {
    "head only": ({"kind": "head-only"}, 4.5),
    "LoRA, last layer": ({"kind": "lora", "layers": "last 1"}, 2.2),
    "LoRA, last two": ({"kind": "lora", "layers": "last 2"}, 1.45),
    "LoRA, last three": ({"kind": "lora", "layers": "last 3"}, 1.1),
}
# Of a loss in fp32.
LOSS_BOUND = 1e-5


def main() -> int:
    """Run the benchmark; the last lines are the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=float, default=5)
    parser.add_argument("--rows", type=int, default=50, help="of each of 20 labels")
    parser.add_argument("--processor", action="store_true")
    parser.add_argument("--precision", default="fp32", choices=("auto", "bf16", "fp32"))
    wanted = parser.parse_args()
    training = {"epochs": wanted.epochs, "precision": wanted.precision}
    with tempfile.TemporaryDirectory(prefix="studio-frozen-") as home:
        labels = write_rows(Path(home), *given_or_made_up(wanted.files), Amounts(train=wanted.rows, test=10))
        clock = "processor" if wanted.processor else "phases"
        table = [measure(Path(home), name, labels, training, wanted.rounds, clock) for name in CASES]
    print(
        "\n| trained | s with | s without | times faster | goal | last loss with / without |\n|---|---|---|---|---|---|"
    )
    print("\n".join(line(row) for row in table))
    return 0 if all(is_met(row) for row in table) else 1


def measure(
    home: Path, name: str, labels: list[str], training: dict[str, Any], rounds: int, clock: str
) -> dict[str, Any]:
    """Both ways in turn; ``{"name", "kept", "anew"}`` with the results of every round, timed by this clock of the results."""
    found: dict[str, Any] = {"name": name, "kept": [], "anew": []}
    for _ in range(rounds):
        for way in ("kept", "anew"):
            found[way].append(run(home, CASES[name][0], labels, training, way, clock))
    print(line(found), flush=True)
    return found


def run(
    home: Path, method: dict[str, Any], labels: list[str], training: dict[str, Any], way: str, clock: str
) -> dict[str, Any]:
    """``{"seconds", "loss", "precision"}`` of one run; ``anew`` lets every row go all the way in every pass."""
    from accelerate.state import AcceleratorState

    from app.catalog.base_models import STARTER_ENCODER, base_model_path
    from app.catalog.spec import RunSpec
    from worker.engine.loop.train import train
    from worker.engine.reporting.list_report import ListReport
    from worker.engine.runtime.training_job import TrainingJob

    AcceleratorState._reset_state(reset_partial_state=True)
    spec = {
        "task_type": "text-classification",
        "base_model": STARTER_ENCODER.name,
        "labels": labels,
        "columns": {"text": "text", "label": "category"},
        "method": method,
        "training": {**training, "head_start": "random", "measure_forgetting": "no"},
        "dataset_sha256": "0" * 64,
    }
    folder = Path(tempfile.mkdtemp(dir=home))
    order = TrainingJob(
        RunSpec.model_validate(spec),
        STARTER_ENCODER,
        base_model_path(STARTER_ENCODER.name),
        home / "rows.parquet",
        home / "splits.json",
        folder,
        home / "cache",
    )
    report = ListReport()
    try:
        with contextlib.nullcontext() if way == "kept" else nothing_kept():
            results = train(order, report)
    finally:
        shutil.rmtree(folder)
    return {
        "seconds": results["seconds"][clock]["Training"],
        "loss": report.curve("train/loss")[-1][1],
        "precision": results["precision"],
    }


@contextlib.contextmanager
def nothing_kept() -> Iterator[None]:
    """Compute the frozen layers in every epoch, as without room for the cache."""
    from worker.engine.loop import hidden_state_cache
    from worker.engine.tasks.classification.classification import Classification

    with (
        mock.patch.object(hidden_state_cache, "MAX_STATE_BYTES", 0),
        mock.patch.object(Classification, "use_cached_vectors", return_value=False),
    ):
        yield


def seconds(found: dict[str, Any], way: str) -> float:
    """The median of the rounds."""
    return statistics.median(run["seconds"] for run in found[way])


def is_met(found: dict[str, Any]) -> bool:
    """Whether it is as much faster as it should be, with the same losses."""
    apart = abs(found["kept"][-1]["loss"] - found["anew"][-1]["loss"])
    same = apart <= LOSS_BOUND or found["kept"][-1]["precision"] != "fp32"
    return same and seconds(found, "anew") >= CASES[found["name"]][1] * seconds(found, "kept")


def line(found: dict[str, Any]) -> str:
    """One row of the table."""
    kept, anew = seconds(found, "kept"), seconds(found, "anew")
    losses = " / ".join(f"{found[way][-1]['loss']:.6f}" for way in ("kept", "anew"))
    precision = found["kept"][-1]["precision"]
    return f"| {found['name']} | {kept:.1f} | {anew:.1f} | {anew / kept:.2f} | {CASES[found['name']][1]} | {losses} ({precision}) |"


if __name__ == "__main__":
    sys.exit(main())
