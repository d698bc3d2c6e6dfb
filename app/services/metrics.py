"""Metric points and events of a run: written by its supervisor under a claim, read by cursor. Sole user of these tables."""

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import dialect, snapshot
from app.models import Event, MetricPoint
from app.services import runs


def append(session: Session, run_id: str, source: str, lines: Sequence[dict[str, Any]]) -> None:
    """Store spool lines of type ``metric`` and ``event``; a line delivered twice is stored once.

    Args:
        session: the transaction in which the caller has proved its claim.
        source: name of the attempt, unique per spool.
        lines: spool lines as the trainer wrote them, each with its number ``n``.
    """
    points = [
        {"run_id": run_id, "key": line["key"], "step": line["step"], "value": line["value"], "at": line["at"]}
        for line in lines
        if line["type"] == "metric"
    ]
    events = [
        {
            "run_id": run_id,
            "source": source,
            "number": line["n"],
            "kind": line["kind"],
            "severity": line.get("severity", "info"),
            "message": line["message"],
            "data": line.get("data") or {},
            "at": line["at"],
        }
        for line in lines
        if line["type"] == "event"
    ]
    _insert_new(session, MetricPoint, points)
    _insert_new(session, Event, events)


def since(user_id: str, run_id: str, after: int = 0, limit: int = 5000) -> dict[str, Any]:
    """Points newer than the cursor ``after``, oldest first, with the next cursor and the run's state."""
    with snapshot() as session:
        run = runs.find(session, user_id, run_id)
        rows = session.scalars(
            select(MetricPoint)
            .where(MetricPoint.run_id == run_id, MetricPoint.seq > after)
            .order_by(MetricPoint.seq)
            .limit(max(1, min(limit, 20_000)))
        ).all()
        state = run.job.state
    points = [{"seq": p.seq, "key": p.key, "step": p.step, "value": p.value, "at": p.at} for p in rows]
    return {"points": points, "after": rows[-1].seq if rows else after, "state": state, "more": len(rows) == limit}


def series(
    user_id: str, run_id: str, keys: Sequence[str] | None = None, max_points: int = 1000
) -> dict[str, list[list[float]]]:
    """Whole curves as ``{key: [[step, value], ...]}``, thinned per metric to at most ``max_points``.

    Checks (``eval/``) are few and each of them counts: they are never thinned.
    """
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        return _curves(session, run_id, keys, max_points)


def series_of(
    session: Session, run_ids: Sequence[str], keys: Sequence[str], max_points: int = 1000
) -> dict[str, dict[str, list[list[float]]]]:
    """The curves of several runs at once: run id -> key -> points, thinned like :func:`series`."""
    return {run_id: _curves(session, run_id, keys, max_points) for run_id in run_ids}


def _curves(session: Session, run_id: str, keys: Sequence[str] | None, most: int) -> dict[str, list[list[float]]]:
    # The table rather than the mapped class: long curves are many rows, and nothing of them needs mapping.
    table = MetricPoint.__table__.c
    query = select(table.key, table.step, table.value).where(table.run_id == run_id)
    if keys:
        query = query.where(table.key.in_(keys))
    rows = session.execute(query.order_by(table.key, table.step)).all()
    return {
        key: _thinned(key, [[step, value] for _, step, value in points], most)
        for key, points in groupby(rows, key=itemgetter(0))
    }


def _thinned(key: str, points: list[list[float]], most: int) -> list[list[float]]:
    return points if key.startswith("eval/") else thin(points, most)


def thin(points: list[list[float]], most: int) -> list[list[float]]:
    """At most ``most`` points that keep the first, the last and the extremes of every bucket, so no spike is lost."""
    if len(points) <= most:
        return points
    buckets = max(1, (most - 2) // 2)
    values = np.array([value for _, value in points[1:-1]], dtype=float)
    edges = [number * len(values) // buckets for number in range(buckets + 1)]
    kept = [0]
    for first, end in pairwise(edges):
        if first < end:
            bucket = values[first:end]
            kept += sorted({first + int(bucket.argmin()) + 1, first + int(bucket.argmax()) + 1})
    return [points[place] for place in [*kept, len(points) - 1]]


def events_since(user_id: str, run_id: str, after: int = 0) -> dict[str, Any]:
    """Events newer than the cursor, oldest first."""
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        rows = session.scalars(
            select(Event).where(Event.run_id == run_id, Event.seq > after).order_by(Event.seq).limit(1000)
        ).all()
    told = [
        {"seq": e.seq, "kind": e.kind, "severity": e.severity, "message": e.message, "data": e.data, "at": e.at}
        for e in rows
    ]
    return {"events": told, "after": rows[-1].seq if rows else after}


def sparkline(session: Session, run_id: str, points: int = 24) -> list[float]:
    """The training loss as at most ``points`` means over equal parts of the run; for a curve as small as a word."""
    query = select(MetricPoint.value).where(MetricPoint.run_id == run_id, MetricPoint.key == "train/loss")
    values = [value for value in session.scalars(query.order_by(MetricPoint.step)) if math.isfinite(value)]
    count = min(points, len(values))
    parts = [values[at * len(values) // count : (at + 1) * len(values) // count] for at in range(count)]
    return [float(f"{sum(part) / len(part):.4g}") for part in parts]


def latest_checks(session: Session, run_ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """The best value so far of every ``eval/`` metric but losses, by run id and key."""
    query = (
        select(MetricPoint.run_id, MetricPoint.key, func.max(MetricPoint.value))
        .where(MetricPoint.run_id.in_(run_ids), MetricPoint.key.like("eval/%"), MetricPoint.key != "eval/loss")
        .group_by(MetricPoint.run_id, MetricPoint.key)
    )
    found: dict[str, dict[str, float]] = {}
    for run_id, key, value in session.execute(query):
        found.setdefault(run_id, {})[key] = value
    return found


def checks_of(session: Session, run_ids: Sequence[str], key: str) -> dict[str, list[tuple[float, int, float]]]:
    """Every finite check of one ``eval/`` metric by run id, oldest first: ``(time, step, value)``."""
    query = select(MetricPoint.run_id, MetricPoint.at, MetricPoint.step, MetricPoint.value)
    query = query.where(MetricPoint.run_id.in_(run_ids), MetricPoint.key == key).order_by(MetricPoint.step)
    found: dict[str, list[tuple[float, int, float]]] = {}
    for run_id, at, step, value in session.execute(query):
        if math.isfinite(value):
            found.setdefault(run_id, []).append((at, step, value))
    return found


def _insert_new(session: Session, table: type[MetricPoint] | type[Event], rows: list[dict[str, Any]]) -> None:
    """Insert what is not there yet; unique keys make repeated delivery harmless."""
    if not rows:
        return
    insert = postgresql.insert if dialect().name == "postgresql" else sqlite.insert
    session.execute(insert(table).on_conflict_do_nothing(), rows)
