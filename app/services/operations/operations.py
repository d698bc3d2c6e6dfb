"""Figures of ``/metrics`` about jobs: states, waiting times, throughput, workers and counted events."""

from dataclasses import dataclass
from statistics import quantiles

from sqlalchemy import func, select

from app.db import db_now, snapshot
from app.models import QUEUED, RUNNING, Job
from app.models_work import EventCounter
from app.services.queue import queue_order, workers

# Waiting times are those of the newest started jobs.
NEWEST_JOBS = 200


@dataclass(frozen=True)
class JobFigures:
    """Counts, seconds and rates at one moment; ``waits`` is (median, 95th percentile) of the newest started jobs."""

    states: dict[str, int]
    ready: int
    paused: int
    oldest_wait: float
    waits: tuple[float, float]
    rows_per_second: float
    workers: dict[str, int]
    counters: dict[str, int]


def measure() -> JobFigures:
    """The figures as of now."""
    with snapshot() as session:
        states = dict(session.execute(select(Job.state, func.count()).group_by(Job.state)).all())
        ready = session.scalar(select(func.count()).where(queue_order.ready())) or 0
        paused = session.scalar(select(func.count()).where(Job.state == QUEUED, Job.paused_at.is_not(None))) or 0
        oldest = session.scalar(select(func.max(db_now() - Job.created_at)).where(queue_order.ready())) or 0.0
        started = select(Job.started_at - Job.created_at).where(Job.started_at.is_not(None))
        waits = [
            wait
            for wait in session.scalars(started.order_by(Job.started_at.desc()).limit(NEWEST_JOBS))
            if wait is not None
        ]
        speeds = [
            job.get("rows_per_second", 0.0) for job in session.scalars(select(Job.progress).where(Job.state == RUNNING))
        ]
        counters = {row.name: row.count for row in session.scalars(select(EventCounter))}
    known = workers.list_workers()
    return JobFigures(
        states=states,
        ready=ready,
        paused=paused,
        oldest_wait=max(0.0, float(oldest)),
        waits=_median_and_tail(waits),
        rows_per_second=float(sum(speeds)),
        workers={
            "working": sum(worker.alive and worker.job_id is not None for worker in known),
            "free": sum(worker.alive and worker.job_id is None for worker in known),
            "silent": sum(not worker.alive for worker in known),
            "barred": sum(worker.barred for worker in known),
        },
        counters=counters,
    )


def _median_and_tail(waits: list[float]) -> tuple[float, float]:
    if len(waits) < 2:
        return (waits[0], waits[0]) if waits else (0.0, 0.0)
    parts = quantiles(waits, n=20, method="inclusive")
    return parts[9], parts[18]
