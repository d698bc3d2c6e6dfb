"""Metric points and events of a run: written by its supervisor under a claim, read by cursor. Sole user of these tables."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import dialect, snapshot
from app.models import Event, MetricExtremes, MetricPoint
from app.services.runs import curves, runs

# Tables rather than mapped classes: curves are many rows, and nothing of them needs mapping.
POINTS = MetricPoint.__table__
EXTREMES = MetricExtremes.__table__
# Checks are few and each of them counts.
CHECKS = "eval/"


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
    if points:
        _widen(session, run_id, _insert_points(session, points))
    if events:
        session.execute(_insert(Event).on_conflict_do_nothing(), events)


def since(user_id: str, run_id: str, after: int = 0, limit: int = 5000) -> dict[str, Any]:
    """Points newer than the cursor ``after``, oldest first, with the next cursor and the run's state."""
    with snapshot() as session:
        run = runs.find(session, user_id, run_id)
        columns = (POINTS.c.seq, POINTS.c.key, POINTS.c.step, POINTS.c.value, POINTS.c.at)
        query = select(*columns).where(POINTS.c.run_id == run_id, POINTS.c.seq > after).order_by(POINTS.c.seq)
        rows = session.execute(query.limit(max(1, min(limit, 20_000)))).all()
        state = run.job.state
    points = [{"seq": seq, "key": key, "step": step, "value": value, "at": at} for seq, key, step, value, at in rows]
    return {"points": points, "after": rows[-1].seq if rows else after, "state": state, "more": len(rows) == limit}


def series(
    user_id: str, run_id: str, keys: Sequence[str] | None = None, max_points: int = 1000
) -> dict[str, list[list[float]]]:
    """Whole curves as ``{key: [[step, value], ...]}``, thinned per metric to at most ``max_points``.

    Checks (``eval/``) are never thinned.
    """
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        return series_of(session, [run_id], keys, max_points)[run_id]


def so_far(user_id: str, run_id: str, max_points: int = 1000) -> dict[str, Any]:
    """Whole curves with times, and the cursor for :func:`since` that brings what comes after them.

    Returns:
        ``{"series": {key: [[step, value, at], ...]}, "after"}``, thinned like :func:`series`.
    """
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        found = _curves(session, [run_id], None, max_points)
        after = session.scalar(select(func.max(POINTS.c.seq)).where(POINTS.c.run_id == run_id)) or 0
    return {"series": {key: [list(point) for point in points] for (_, key), points in found.items()}, "after": after}


def series_of(
    session: Session, run_ids: Sequence[str], keys: Sequence[str] | None, max_points: int = 1000
) -> dict[str, dict[str, list[list[float]]]]:
    """The curves of several runs at once: run id -> key -> points, thinned like :func:`series`."""
    told: dict[str, dict[str, list[list[float]]]] = {run_id: {} for run_id in run_ids}
    for (run_id, key), points in _curves(session, run_ids, keys, max_points).items():
        told[run_id][key] = [[step, value] for step, value, _ in points]
    return told


def _curves(
    session: Session, run_ids: Sequence[str], keys: Sequence[str] | None, most: int
) -> dict[tuple[str, str], list[curves.Point]]:
    """``(run, key)`` -> points ``(step, value, at)`` by step; long curves come from their extremes."""
    parts = select(
        EXTREMES.c.run_id, EXTREMES.c.key, func.count(), func.min(EXTREMES.c.part), func.max(EXTREMES.c.part)
    )
    parts = parts.where(EXTREMES.c.run_id.in_(run_ids)).group_by(EXTREMES.c.run_id, EXTREMES.c.key)
    if keys:
        parts = parts.where(EXTREMES.c.key.in_(keys))
    whole: list[Row[Any]] = []
    long: list[Row[Any]] = []
    for row in session.execute(parts):
        # Two points of each part are then enough to fill the curve.
        (long if row[2] > most // 2 and not row[1].startswith(CHECKS) else whole).append(row)
    found = {curve: list(points) for curve, points in _whole_curves(session, whole)}
    found |= {curve: sorted(points) for curve, points in _outlines(session, long).items()}
    return {
        (run_id, key): points if key.startswith(CHECKS) else curves.thin(points, most)
        for (run_id, key), points in sorted(found.items())
    }


def _whole_curves(session: Session, wanted: Sequence[Any]) -> Iterator[tuple[tuple[str, str], Iterator[Any]]]:
    """Every point of these curves."""
    of_run: Any = itemgetter(0)
    alike: dict[tuple[str, ...], list[str]] = {}
    for run_id, rows in groupby(sorted(wanted, key=of_run), of_run):
        alike.setdefault(tuple(sorted(row[1] for row in rows)), []).append(run_id)
    columns = (POINTS.c.run_id, POINTS.c.key, POINTS.c.step, POINTS.c.value, POINTS.c.at)
    for keys, run_ids in alike.items():
        query = select(*columns).where(POINTS.c.run_id.in_(run_ids), POINTS.c.key.in_(keys))
        rows = session.execute(query.order_by(POINTS.c.run_id, POINTS.c.key, POINTS.c.step))
        for curve, points in groupby(rows, itemgetter(0, 1)):
            yield curve, (row[2:] for row in points)


def _outlines(session: Session, wanted: Sequence[Any]) -> dict[tuple[str, str], set[curves.Point]]:
    """The extremes of every part of these curves, and every point of their first and last part."""
    found: dict[tuple[str, str], set[curves.Point]] = {(row[0], row[1]): set() for row in wanted}
    of, at = EXTREMES.c, POINTS.c
    columns = (of.key, of.low_step, of.low, of.low_at, of.high_step, of.high, of.high_at)
    by_run: Any = itemgetter(0)
    for run_id, rows in groupby(sorted(wanted, key=by_run), by_run):
        ends = {row[1]: row[3:5] for row in rows}
        extremes = select(*columns).where(of.run_id == run_id, of.key.in_(ends))
        for key, *low_and_high in session.execute(extremes):
            found[run_id, key].update((tuple(low_and_high[:3]), tuple(low_and_high[3:])))
        places = or_(*(_part(run_id, key, part) for key, parts in ends.items() for part in parts))
        for key, *point in session.execute(select(at.key, at.step, at.value, at.at).where(places)):
            found[run_id, key].add(tuple(point))
    return found


def _part(run_id: str, key: str, part: int) -> ColumnElement[bool]:
    """The points of one part. With the run in each of several: indexes serve such a choice as a whole or not at all."""
    steps = POINTS.c.step.between(part * curves.STRIDE, (part + 1) * curves.STRIDE - 1)
    return and_(POINTS.c.run_id == run_id, POINTS.c.key == key, steps)


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


def _insert_points(session: Session, points: list[dict[str, Any]]) -> Sequence[Row[Any]]:
    """Store what is not there yet and return it; the unique key makes repeated delivery harmless."""
    told = (MetricPoint.key, MetricPoint.step, MetricPoint.value, MetricPoint.at)
    return session.execute(_insert(MetricPoint).on_conflict_do_nothing().returning(*told), points).all()


def extreme_rows(run_id: str, key: str, points: Sequence[curves.Point]) -> list[dict[str, Any]]:
    """What is kept beside points ``(step, value, at)`` of one curve: a row of ``metric_extremes`` for each of their parts."""
    return [
        {
            "run_id": run_id,
            "key": key,
            "part": part,
            "low_step": low[0],
            "low": low[1],
            "low_at": low[2],
            "high_step": high[0],
            "high": high[1],
            "high_at": high[2],
        }
        for part, low, high in curves.extremes(points)
    ]


def _widen(session: Session, run_id: str, stored: Sequence[Row[Any]]) -> None:
    """Take points that have just been stored into the extremes of their parts."""
    by_key: Any = itemgetter(0)
    rows = [
        row
        for key, points in groupby(sorted(stored, key=by_key), by_key)
        for row in extreme_rows(run_id, key, [point[1:] for point in points])
    ]
    if not rows:
        return
    insert = _insert(MetricExtremes)
    new, old = insert.excluded, EXTREMES.c
    lower = or_(new.low < old.low, and_(new.low == old.low, new.low_step < old.low_step))
    higher = or_(new.high > old.high, and_(new.high == old.high, new.high_step < old.high_step))
    sides = (("low", lower), ("high", higher))
    names = [(f"{side}{part}", better) for side, better in sides for part in ("_step", "", "_at")]
    wider = {name: case((better, new[name]), else_=old[name]) for name, better in names}
    session.execute(insert.on_conflict_do_update(index_elements=["run_id", "key", "part"], set_=wider), rows)


def _insert(table: type[Any]) -> Any:
    return (postgresql.insert if dialect().name == "postgresql" else sqlite.insert)(table)
