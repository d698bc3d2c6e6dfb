"""A store of many runs with their curves, answers and results, written straight into the tables. For benchmarks only.

Values follow a seed, so that two stores of one size are the same.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from app.db import get_engine, transaction
from app.models import Dataset, DatasetVersion, Job, MetricExtremes, MetricPoint, Prediction, Project, Run, new_id
from app.services.runs.metrics import extreme_rows

STEP_KEYS = ("train/loss", "train/learning_rate", "train/grad_norm", "train/rows_per_second", "system/memory_bytes")
CHECK_KEYS = ("eval/loss", "eval/accuracy", "eval/macro_f1")
STATES = ("succeeded",) * 17 + ("failed", "cancelled", "succeeded")
METHODS = ("lora", "full", "ia3", "dora", "bitfit", "head-only")
LABELS = 77
CHUNK = 20_000


@dataclass(frozen=True)
class Store:
    """What was written: ids of the runs, one of them with very long curves, and ten with answers to the same rows."""

    owner: str
    run_ids: list[str]
    long_run: str
    compared: list[str]
    points: int


def fill(owner: str, runs: int, points: int, *, test_rows: int = 3000, seed: int = 0) -> Store:
    """Write ``runs`` runs with about ``points`` metric points in all.

    One run has twenty thousand steps; the ten that are compared have ``test_rows`` answers each.
    """
    rng = random.Random(seed)
    version_id, project_id = _data(owner)
    ids = [new_id() for _ in range(runs)]
    _runs(owner, project_id, version_id, ids, test_rows, rng)
    long_steps = min(20_000, max(1000, points // 20))
    points_per_run = max(10, (points - long_steps * len(STEP_KEYS)) // max(1, runs - 1))
    written = _write_curves(ids, points_per_run, long_steps, rng)
    finished = [run_id for at, run_id in enumerate(ids) if at % len(STATES) < 17][:10]
    _insert(Prediction, _answers(finished, test_rows, rng))
    return Store(owner, ids, ids[0], finished, written)


def _data(owner: str) -> tuple[str, str]:
    with transaction() as session:
        project = Project(name="Benchmark")
        session.add(project)
        session.flush()
        dataset = Dataset(project_id=project.id, owner_id=owner, name="banking77")
        session.add(dataset)
        session.flush()
        version = DatasetVersion(
            dataset_id=dataset.id,
            number=1,
            format="csv",
            content_sha256="0" * 64,
            bytes=100,
            rows=10_000,
            usable_rows=10_000,
            status="ok",
            task_type="text-classification",
            columns={"text": "text", "label": "label"},
            labels={f"label {n}": 100 for n in range(LABELS)},
            split_sizes={"train": 8000, "validation": 1000, "test": 3000},
            report={"rows": {"total": 10_000, "usable": 10_000}},
        )
        session.add(version)
        session.flush()
        return version.id, project.id


def _runs(owner: str, project: str, version: str, ids: list[str], test_rows: int, rng: random.Random) -> None:
    now = 1_700_000_000.0
    jobs: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for at, run_id in enumerate(ids):
        job_id, state = new_id(), STATES[at % len(STATES)]
        jobs.append(
            {
                "id": job_id,
                "created_at": now + at,
                "owner_id": owner,
                "kind": "train",
                "state": state,
                "started_at": now + at,
                "finished_at": now + at + 60,
            }
        )
        accuracy = round(rng.uniform(0.5, 0.95), 4)
        method = METHODS[at % len(METHODS)]
        done = state == "succeeded"
        rows.append(
            {
                "id": run_id,
                "created_at": now + at,
                "project_id": project,
                "owner_id": owner,
                "job_id": job_id,
                "dataset_version_id": version,
                "name": f"banking77 · {method} {at}",
                "task_type": "text-classification",
                "base_model": "starter-encoder",
                "method": method,
                "spec": _spec(method, at),
                "results": _results(accuracy, test_rows) if done else None,
                "quality": accuracy if done else None,
                "train_loss": 0.1 if done else None,
                "seconds": 60.0 if done else None,
                "memory_bytes": 900_000_000 if done else None,
                "sparkline": [2 * 0.8**n for n in range(24)],
                "starred": at % 50 == 0,
                "tags": ["baseline"] if at % 40 == 0 else [],
            }
        )
    _insert(Job, iter(jobs))
    _insert(Run, iter(rows))


def _spec(method: str, at: int) -> dict[str, Any]:
    return {
        "version": 1,
        "task_type": "text-classification",
        "base_model": "starter-encoder",
        "columns": {"text": "text", "label": "label"},
        "labels": [f"label {n}" for n in range(LABELS)],
        "method": {"kind": method},
        "training": {"epochs": 3, "batch_size": 32, "max_length": 128, "seed": at % 5},
        "dataset_sha256": "0" * 64,
    }


def _results(accuracy: float, test_rows: int) -> dict[str, Any]:
    return {
        "metrics": {"accuracy": accuracy, "macro_f1": accuracy, "loss": 1 - accuracy},
        "baseline": {"majority": {"accuracy": 0.01}, "linear_probe": {"accuracy": 0.6, "loss": 1.2}},
        "confusion": [[1] * LABELS] * LABELS,
        "per_class": [
            {"label": f"label {n}", "precision": 0.9, "recall": 0.9, "f1": 0.9, "count": 40} for n in range(LABELS)
        ],
        "labels": [f"label {n}" for n in range(LABELS)],
        "test_rows": test_rows,
        "train_loss": 0.1,
        "seconds": {"total": 60.0, "training": 50.0},
        "peak_memory_bytes": 900_000_000,
        "trainable_parameters": 400_000,
        "total_parameters": 22_700_000,
        "adapter_bytes": 2_000_000,
    }


def _write_curves(ids: list[str], points_per_run: int, long_steps: int, rng: random.Random) -> int:
    """Points and their extremes, as ``metrics.append`` would."""
    written = 0
    points: list[dict[str, Any]] = []
    extreme_rows: list[dict[str, Any]] = []
    for at, run_id in enumerate(ids):
        mine = list(_curves(run_id, long_steps if at == 0 else max(2, points_per_run // len(STEP_KEYS)), rng))
        points += mine
        extreme_rows += _extremes(run_id, mine)
        if len(points) >= CHUNK or at == len(ids) - 1:
            written += _insert(MetricPoint, iter(points))
            _insert(MetricExtremes, iter(extreme_rows))
            points, extreme_rows = [], []
    return written


def _curves(run_id: str, steps: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    for step in range(1, steps + 1):
        level = 2.0 / step**0.3
        for key in STEP_KEYS:
            value = level + rng.random() / 10
            yield {"run_id": run_id, "key": key, "step": step, "value": value, "at": float(step)}
        if step % max(1, steps // 10) == 0:
            for key in CHECK_KEYS:
                yield {"run_id": run_id, "key": key, "step": step, "value": rng.random(), "at": float(step)}


def _extremes(run_id: str, points: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for key in (*STEP_KEYS, *CHECK_KEYS):
        curve = [(point["step"], point["value"], point["at"]) for point in points if point["key"] == key]
        yield from extreme_rows(run_id, key, curve)


def _answers(ids: list[str], rows: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    for run_id in ids:
        for row in range(rows):
            label, other = f"label {row % LABELS}", f"label {(row + 1) % LABELS}"
            yield {
                "run_id": run_id,
                "split": "test",
                "row_id": row,
                "input": f"Where is transfer number {row}?",
                "expected": label,
                "base_answer": label if rng.random() < 0.6 else other,
                "answer": label if rng.random() < 0.9 else other,
                "score": rng.random(),
            }


def _insert(table: type[Any], rows: Iterator[dict[str, Any]]) -> int:
    """Write in chunks, one transaction each; returns how many rows there were."""
    written = 0
    with get_engine().connect() as connection:
        chunk: list[dict[str, Any]] = []
        for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK:
                connection.execute(insert(table), chunk)
                connection.commit()
                written += len(chunk)
                chunk = []
        if chunk:
            connection.execute(insert(table), chunk)
            connection.commit()
    return written + len(chunk)
