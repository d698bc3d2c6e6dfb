"""Does ``learning_rate: auto`` help? Runs with the learning-rate search against the same runs at the method's own rate.

Each method trains on each data set twice through the queue, with 600 updates or more, which a search needs: once with ``auto``, once
without. Where the search chose the method's own rate, both runs are the same by construction and the second is left out. Prints
what was tried, and the metric on validation and test rows of both. Usage: ``python -m benchmarks.lr_search --out search.json
DATA:TASK:BATCH:EPOCHS ... [--methods lora,full]``, for example ``banking.csv:text-classification:8:4``.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

METHODS = "lora,full,bitfit,bottleneck-adapter"


def main() -> int:
    """Run all pairs; the last lines are the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--out", type=Path)
    wanted = parser.parse_args()
    table: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="studio-lr-search-") as home:
        os.environ["STUDIO_DATA_DIR"] = home
        for path in wanted.data:
            for kind in wanted.methods.split(","):
                table.append(compare(path, kind))
                print(line(table[-1]), flush=True)
                if wanted.out:
                    wanted.out.write_text(json.dumps(table, indent=1))
    print(
        "\n| data | method | tried: loss | rate chosen | validation | test | own rate: validation | test |\n"
        + "|---" * 8
        + "|"
    )
    print("\n".join(line(row) for row in table))
    return 0


def compare(data: str, kind: str) -> dict[str, Any]:
    """``{"data", "method", "metric", "search", "auto", "own"}``, the last two with rate, validation and test."""
    from app.catalog.task_types import task_type
    from app.migrate import upgrade
    from app.services.accounts import accounts
    from app.services.datasets import datasets

    path, task, batch, epochs = data.rsplit(":", 3)
    upgrade()
    user_id = accounts.ensure_owner().id
    dataset = datasets.import_file(user_id, (Path(path), Path(path).name), task_type=task)
    metric = task_type(task).primary_metric
    training = {"batch_size": int(batch), "epochs": float(epochs)}
    auto = run(user_id, dataset.id, task, kind, {**training, "learning_rate": "auto"})
    search = auto["rate_race"]
    own = auto
    if len(search["tried"]) and search["chosen"] != search["tried"][len(search["tried"]) // 2]["rate"]:
        own = run(user_id, dataset.id, task, kind, training)
    results = {
        name: {"rate": result["learning_rate"], "validation": result["validation"], "test": result["metrics"]}
        for name, result in (("auto", auto), ("own", own))
    }
    return {"data": Path(path).stem, "method": kind, "metric": metric, "search": search, **results}


def run(user_id: str, dataset_id: str, task: str, kind: str, training: dict[str, Any]) -> dict[str, Any]:
    """What the run's ``result.json`` holds."""
    from app.services.runs import runs
    from worker.jobs import supervisor

    model = "starter-encoder" if task == "text-classification" else "starter-chat"
    queued = runs.submit(
        user_id,
        runs.RunRequest(
            dataset_id=dataset_id, base_model=model, task_type=task, method={"kind": kind}, training=training
        ),
    )
    supervisor.execute(queued.job_id)
    ended = runs.get_run(user_id, queued.id)
    if not ended.results:
        raise SystemExit(f"{kind}: {ended.job.error}")
    return ended.results


def line(row: dict[str, Any]) -> str:
    """One row of the table."""
    tried = ", ".join(f"{trial['rate']:.2g}: {trial['loss'] or float('nan'):.3f}" for trial in row["search"]["tried"])
    shown = [f"{row[name][split][row['metric']]:.3f}" for name in ("auto", "own") for split in ("validation", "test")]
    return f"| {row['data']} | {row['method']} | {tried} | {row['auto']['rate']:.2g} | {' | '.join(shown)} |"


if __name__ == "__main__":
    sys.exit(main())
