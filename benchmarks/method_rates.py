"""Are the recommended learning rates good? Each method at its own rate against a third and three times of it.

Trains on 50 examples each of 20 Banking77 intents with the starter encoder, chooses by validation, and prints accuracy on
held-out rows. Usage: ``python -m benchmarks.method_rates TRAIN.csv TEST.csv [--methods lora,ia3] [--out rates.json]``.
Exits 1 if a method's own rate is more than three points below the best of its three.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.labelled_rows import Amounts, read, write_rows

AMOUNTS = Amounts(labels=20, train=50, validation=10, test=40)
FACTORS = (1 / 3, 1.0, 3.0)
ALLOWED_LOSS = 0.03


def main() -> int:
    """Run the benchmark; the last lines are the table."""
    from app.catalog.methods import METHODS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--methods", default="")
    parser.add_argument("--out", type=Path)
    wanted = parser.parse_args()
    plain = [method.model_fields["kind"].default for method in METHODS if method.level == "plain"]
    table: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="studio-rates-") as home:
        labels = write_rows(Path(home), read(wanted.train), read(wanted.test), AMOUNTS)
        for kind in wanted.methods.split(",") if wanted.methods else plain:
            table.append(sweep(Path(home), kind, labels))
            print(line(table[-1]), flush=True)
            if wanted.out:
                wanted.out.write_text(json.dumps(table, indent=1))
    print(
        "\n| method | rates | accuracy at each | own rate | points below best | s per run |\n|---|---|---|---|---|---|"
    )
    print("\n".join(line(row) for row in table))
    return 1 if any(row["behind"] > ALLOWED_LOSS for row in table) else 0


def sweep(home: Path, kind: str, labels: list[str]) -> dict[str, Any]:
    """Train at three rates; ``{"kind", "rates", "accuracy", "validation", "behind", "seconds", "probe"}``."""
    from app.catalog.base_models import STARTER_ENCODER
    from app.catalog.default_rate import default_rate
    from app.catalog.methods import method_class
    from app.catalog.training import TrainingSettings

    method = method_class(kind).model_validate({"kind": kind})
    own = default_rate(method, STARTER_ENCODER, TrainingSettings(), AMOUNTS.labels * AMOUNTS.train).rate
    results, began = [], time.monotonic()
    for factor in FACTORS:
        results.append(run(home, kind, labels, min(1.0, own * factor)))
    accuracy = [result["metrics"]["accuracy"] for result in results]
    return {
        "kind": kind,
        "rates": [min(1.0, own * factor) for factor in FACTORS],
        "accuracy": accuracy,
        "validation": [result["validation"]["accuracy"] for result in results],
        "behind": max(accuracy) - accuracy[1],
        "seconds": (time.monotonic() - began) / len(FACTORS),
        "probe": results[0]["baseline"]["linear_probe"]["accuracy"],
    }


def run(home: Path, kind: str, labels: list[str], rate: float) -> dict[str, Any]:
    """What ``result.json`` of one run holds."""
    from accelerate.state import AcceleratorState

    from app.catalog.base_models import STARTER_ENCODER, base_model_path
    from app.catalog.spec import RunSpec
    from worker.engine.loop.train import train
    from worker.engine.reporting.list_report import ListReport
    from worker.engine.runtime.training_job import TrainingJob

    AcceleratorState._reset_state(reset_partial_state=True)
    spec = RunSpec.model_validate(
        {
            "task_type": "text-classification",
            "base_model": STARTER_ENCODER.name,
            "labels": labels,
            "columns": {"text": "text", "label": "category"},
            "method": {"kind": kind},
            "training": {"learning_rate": rate},
            "dataset_sha256": "0" * 64,
        }
    )
    folder = Path(tempfile.mkdtemp(dir=home))
    try:
        return train(
            TrainingJob(
                spec,
                STARTER_ENCODER,
                base_model_path(STARTER_ENCODER.name),
                home / "rows.parquet",
                home / "splits.json",
                folder,
                home / "cache",
            ),
            ListReport(),
        )
    finally:
        shutil.rmtree(folder)


def line(row: dict[str, Any]) -> str:
    """One row of the table."""
    rates = " / ".join(f"{rate:.2g}" for rate in row["rates"])
    scores = " / ".join(f"{100 * value:.1f}" for value in row["accuracy"])
    behind = f"{100 * row['behind']:.1f}"
    return f"| {row['kind']} | {rates} | {scores} | {row['rates'][1]:.2g} | {behind} | {row['seconds']:.0f} |"


if __name__ == "__main__":
    sys.exit(main())
