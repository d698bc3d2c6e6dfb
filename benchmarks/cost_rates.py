"""What the rates of the cost arithmetic are on this machine: runs it, then fits `RATES` and the two starts to what they took.

Runs that differ in method, task, size and length, none of which ``benchmarks.estimates`` judges by, go through the queue as
there; a fit of non-negative rates to their learning and the rest, weighed by relative error, prints what belongs into
``app/services/estimates/cost_arithmetic.py``, what `worker.jobs.speed_probe` measured at the same time, and how far off each run is. Usage, pinned
to one core: ``OMP_NUM_THREADS=1 taskset -c 2 python -m benchmarks.cost_rates --runs RUNS.json``; what the file holds already
is not run again.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from app.catalog.base_models import base_model
from app.catalog.methods import method_class
from app.catalog.training import TrainingSettings
from app.catalog.workload import (
    ANSWERED_AT_ONCE,
    ANSWERED_ROWS,
    SHOWN_ROWS,
    UNTAUGHT_TOKENS,
    WorkloadInputs,
    count_learning,
    count_rest,
    output_flops,
    reading_flops,
    written_tokens,
)
from app.services.estimates.cost_arithmetic import COUNTED_IN_GIGA, GIGA, RATES
from app.services.profiling.token_lengths import TokenCounter
from benchmarks.estimates import CHAT, ENCODE, Case, begin, case, line, make_rows, run

RUNS = (
    case(ENCODE, "lora", 700, 12),
    case(ENCODE, "full", 600, 14),
    case(ENCODE, "head-only", 800, 20),
    case(CHAT, "lora", 300, 20, batch=8, longest=256),
    case(CHAT, "full", 260, 20, batch=8, longest=256),
    case(ENCODE, "lora", 400, 40, batch=16),
    case(ENCODE, "lora", 900, 8, batch=64),
    case(ENCODE, "lora", 300, 100, batch=8, longest=256),
    case(ENCODE, "rslora", 600, 20, epochs=2),
    case(ENCODE, "full", 400, 15, batch=16, epochs=2),
    case(ENCODE, "full", 300, 50),
    case(ENCODE, "head-only", 600, 30),
    case(ENCODE, "ia3", 500, 25),
    case(ENCODE, "dora", 300, 60, longest=256),
    case(ENCODE, "bottleneck-adapter", 400, 35, batch=16),
    case(ENCODE, "parallel-adapter", 600, 15),
    case(ENCODE, "bitfit", 500, 40),
    case(ENCODE, "ln-tuning", 600, 10),
    case(ENCODE, "sparse", 400, 20, batch=16),
    case(ENCODE, "chosen-layers", 600, 50),
    case(ENCODE, "prefix-tuning", 400, 20),
    case(ENCODE, "p-tuning", 300, 15),
    case(CHAT, "lora", 200, 100, batch=4, longest=256),
    case(CHAT, "lora", 350, 15, batch=16),
    case(CHAT, "full", 300, 25, batch=16),
    case(CHAT, "full", 150, 120, longest=512, batch=8),
    case(CHAT, "bottleneck-adapter", 300, 60, batch=8, longest=256),
    case(CHAT, "parallel-adapter", 250, 20, batch=4),
    case(CHAT, "ia3", 250, 90, longest=256, batch=8),
    case(CHAT, "bitfit", 300, 30, batch=8),
    case(CHAT, "prompt-tuning", 200, 20, batch=8),
)


def main() -> int:
    """Run what is missing, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True)
    path = parser.parse_args().runs
    rows = json.loads(path.read_text()) if path.exists() else []
    with tempfile.TemporaryDirectory(prefix="studio-rates-") as home:
        os.environ["STUDIO_DATA_DIR"] = home
        user_id = ""
        for number, case in enumerate(RUNS):
            if any(row["case"] == case for row in rows):
                continue
            user_id = user_id or begin()
            rows.append(run(user_id, case, 500 + number, processor=True))
            print(line(rows[-1]), flush=True)
            path.write_text(json.dumps(rows))
    fit(rows)
    return 0


def fit(rows: list[dict[str, Any]]) -> None:
    """Print the rates and how far off each run is by them."""
    names = [*RATES, "LEARNING_START", "the same of the rest"]
    jobs = [job_of(row) for row in rows]
    amounts, taken = [], []
    for row, job in zip(rows, jobs, strict=True):
        for starts, work, actual in (
            ((1.0, 0.0), count_learning(job), row["actual"]["learning"]),
            ((0.0, 1.0), count_rest(job), row["actual"]["rest"]),
        ):
            counts = work.as_dict()
            amounts.append([*(counts[name] / (GIGA if name in COUNTED_IN_GIGA else 1) for name in RATES), *starts])
            taken.append(actual)
    matrix, wanted = np.array(amounts), np.array(taken)
    known = dict(zip(("exact_flops", "written"), fit_phases(rows, jobs), strict=True))
    fixed = np.array([known.get(name, 0.0) for name in names])
    found, _ = nnls(np.where(fixed > 0, 0.0, matrix) / wanted[:, None], 1 - (matrix @ fixed) / wanted)
    found += fixed
    for name, rate in zip(names, found, strict=True):
        print(f"{name}: {rate:.3g}")
    fitted = matrix @ found
    errors = []
    for number, row in enumerate(rows):
        parts = [
            f"{what} {fitted[at]:.1f} of {wanted[at]:.1f} s"
            for what, at in (("learning", 2 * number), ("rest", 2 * number + 1))
        ]
        errors.append(fitted[2 * number : 2 * number + 2].sum() / wanted[2 * number : 2 * number + 2].sum() - 1)
        settings = row["case"]
        print(
            f"{settings['task']} {settings['method']['kind']} {settings['rows']} x {settings['words']}: {', '.join(parts)}; {errors[-1]:+.0%}"
        )
    print(f"median error {statistics.median(map(abs, errors)):.0%}, worst {max(map(abs, errors)):.0%}")


def fit_phases(rows: list[dict[str, Any]], jobs: list[WorkloadInputs]) -> tuple[float, float]:
    """Seconds per 1e9 operations in full precision, and per token of a block that is written.

    From phases with little else in them: the test of classifiers, and the evaluation of the base model. How
    much the tuned model writes before it ends an answer nobody knows beforehand, so those phases would spoil both rates.
    """
    amounts, taken = [], []
    for row, job in zip(rows, jobs, strict=True):
        if job.writes and job.method.virtual_tokens:
            continue
        per_token = job.base.layers * reading_flops(job, job.test_rows) + output_flops(job)
        tokens = written_tokens(min(ANSWERED_ROWS, job.test_rows), ANSWERED_AT_ONCE, UNTAUGHT_TOKENS)
        tokens += written_tokens(SHOWN_ROWS, SHOWN_ROWS, UNTAUGHT_TOKENS)
        read = job.test_rows * job.padded * per_token / GIGA
        amounts.append([read, tokens * job.base.layers if job.writes else 0.0, 1.0])
        phase = "Measuring the base model" if job.writes else "Testing"
        taken.append(row["results"]["seconds"]["processor"][phase])
    matrix, wanted = np.array(amounts), np.array(taken)
    found, _ = nnls(matrix / wanted[:, None], np.ones(len(wanted)))
    return float(found[0]), float(found[1])


def job_of(row: dict[str, Any]) -> WorkloadInputs:
    """The work of a run, from its case and the rows that were made for it."""
    wanted: Case = row["case"]
    name = "starter-encoder" if wanted["task"] == ENCODE else "starter-chat"
    settings = TrainingSettings.model_validate(wanted["training"])
    lengths = [min(length, settings.max_length) for length in TokenCounter(name).count(texts_of(wanted, 500))]
    method = method_class(wanted["method"]["kind"]).model_validate(wanted["method"])
    tenth = max(1, round(0.1 * wanted["rows"]))
    labels = len(row["results"].get("labels") or [0, 0])
    return WorkloadInputs(
        base_model(name),
        method,
        settings,
        wanted["rows"] - 2 * tenth,
        tenth,
        tenth,
        statistics.mean(lengths),
        max(lengths),
        labels,
    )


def texts_of(wanted: Case, seed: int) -> list[str]:
    """The texts of a case as the studio counts their tokens."""
    rows = make_rows(wanted, seed)
    if wanted["task"] == ENCODE:
        return [row["text"] for row in rows]
    return ["\n".join(turn["content"] for turn in row["messages"]) for row in rows]


if __name__ == "__main__":
    sys.exit(main())
