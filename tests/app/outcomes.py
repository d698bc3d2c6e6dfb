"""Runs with results and answers, written as a worker would leave them; for tests of what is made of results."""

from collections.abc import Sequence
from typing import Any

from app.db import transaction
from app.intervals import wilson
from app.models import SUCCEEDED, Job, Prediction, Run
from tests.factories import measured


def end_run(
    run_id: str,
    right: Sequence[bool],
    base_right: Sequence[bool],
    *,
    seconds: float = 60.0,
    adapter_bytes: int = 1_000_000,
    memory: int = 900_000_000,
    trainable: int = 100_000,
    state: str = SUCCEEDED,
    **results: Any,
) -> None:
    """Give a run its end: one test row per entry of ``right``, answered right or wrong by tuned and base model."""
    rows = len(right)
    accuracy, base = sum(right) / rows, sum(base_right) / rows
    with transaction() as session:
        run = session.get_one(Run, run_id)
        job = session.get_one(Job, run.job_id)
        job.state, job.started_at, job.finished_at = state, 1000.0, 1000.0 + seconds
        run.results = {
            "metrics": {"accuracy": accuracy, "macro_f1": accuracy, "loss": 1 - accuracy},
            "intervals": {"accuracy": list(wilson(accuracy, rows))},
            "baseline": {"majority": {"accuracy": 0.5}, "linear_probe": {"accuracy": base, "loss": 1 - base}},
            "validation": {"accuracy": accuracy},
            "train_loss": 0.1,
            "trainable_parameters": trainable,
            "total_parameters": 22_700_000,
            "peak_memory_bytes": memory,
            "adapter_bytes": adapter_bytes,
            "seconds": {"total": seconds, "training": seconds * 0.8, "phases": {"Testing": 2.0}},
            "test_rows": rows,
            "train_rows": 10 * rows,
            "labels": ["no", "yes"],
            **results,
        }
        run.sparkline = [2 * 0.9**step + 0.1 for step in range(1, 41, 2)]
        for row_id, (own, other) in enumerate(zip(right, base_right, strict=True)):
            expected = "yes" if row_id % 2 else "no"
            wrong = "no" if row_id % 2 else "yes"
            session.add(
                Prediction(
                    run_id=run_id,
                    split="test",
                    row_id=row_id,
                    input=f"Letter {row_id}",
                    expected=expected,
                    base_answer=expected if other else wrong,
                    answer=expected if own else wrong,
                    score=0.6 + 0.4 * (row_id % 10) / 10,
                )
            )
        curves = {
            "train/loss": [(step, 2 * 0.9**step + 0.1) for step in range(1, 41)],
            "eval/accuracy": [(step, accuracy * step / 40) for step in (10, 20, 30, 40)],
        }
        measured(session, run_id, curves, began=1000)


def rows_right(count: int, of: int, skip: int = 0) -> list[bool]:
    """``count`` right answers among ``of`` rows, the first ``skip`` rows wrong."""
    return [skip <= at < skip + count for at in range(of)]
