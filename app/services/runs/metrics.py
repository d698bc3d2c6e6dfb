"""Metric points and events of a run: appended by its supervisor under a claim, read as whole curves or after a cursor."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import dialect, snapshot
from app.models import Event, MetricExtremes, MetricPoint
from app.services.runs import curves, runs

# Core tables instead of mapped classes: curves are many rows, and mapping them would cost time.
POINTS = MetricPoint.__table__
EXTREMES = MetricExtremes.__table__
# Evaluations are few, so their curves are never thinned.
EVALUATION = "eval/"
MAX_POINTS = 1000


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
        _update_extremes(session, run_id, _insert_points(session, points))
    if events:
        session.execute(_insert(Event).on_conflict_do_nothing(), events)


@dataclass(frozen=True)
class RunCurves:
    """The thinned curves of one run: key -> points ``(step, value, at)`` by step; ``after`` is the cursor of what comes next."""

    points: Mapping[str, Sequence[curves.Point]]
    after: int

    def series(self) -> dict[str, list[list[float]]]:
        """``{key: [[step, value], ...]}``, without times."""
        return {key: _pairs(points) for key, points in self.points.items()}

    def as_dict(self) -> dict[str, Any]:
        """``{"series": {key: [[step, value, at], ...]}, "after"}``."""
        series = {key: [list(point) for point in points] for key, points in self.points.items()}
        return {"series": series, "after": self.after}


class StoredPoint(NamedTuple):
    """One stored value of a metric; ``seq`` is the cursor that comes after it."""

    seq: int
    key: str
    step: int
    value: float
    at: float


@dataclass(frozen=True)
class MetricPage:
    """Points after a cursor, oldest first; ``more``: the page was full."""

    points: Sequence[StoredPoint]
    after: int
    state: str
    more: bool

    def as_dict(self) -> dict[str, Any]:
        """With one object for each point."""
        points = [point._asdict() for point in self.points]
        return {"points": points, "after": self.after, "state": self.state, "more": self.more}


@dataclass(frozen=True)
class EventDetails:
    """One event of a run as its page shows it."""

    seq: int
    kind: str
    severity: str
    message: str
    data: dict[str, Any]
    at: float


@dataclass(frozen=True)
class EventPage:
    """Events after a cursor, oldest first."""

    events: Sequence[EventDetails]
    after: int

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the REST API."""
        return {"events": [vars(event) for event in self.events], "after": self.after}


def read_curves(
    user_id: str, run_id: str, keys: Sequence[str] | None = None, max_points: int = MAX_POINTS
) -> RunCurves:
    """All curves of a run (or those of ``keys``), each thinned to at most ``max_points``; ``eval/`` is never thinned.

    Raises:
        NotFound: the run is not theirs.
    """
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        found = _thinned_curves(session, [run_id], keys, max_points)
        after = session.scalar(select(func.max(POINTS.c.seq)).where(POINTS.c.run_id == run_id)) or 0
    return RunCurves({key: points for (_, key), points in found.items()}, after)


def series_of(
    session: Session, run_ids: Sequence[str], keys: Sequence[str] | None, max_points: int = MAX_POINTS
) -> dict[str, dict[str, list[list[float]]]]:
    """The curves of several runs: run id -> key -> ``[[step, value], ...]``, thinned like :func:`read_curves`."""
    series: dict[str, dict[str, list[list[float]]]] = {run_id: {} for run_id in run_ids}
    for (run_id, key), points in _thinned_curves(session, run_ids, keys, max_points).items():
        series[run_id][key] = _pairs(points)
    return series


def since(user_id: str, run_id: str, after: int = 0, limit: int = 5000) -> MetricPage:
    """Points newer than the cursor ``after``, and the run's state.

    Raises:
        NotFound: the run is not theirs.
    """
    with snapshot() as session:
        run = runs.find(session, user_id, run_id)
        columns = (POINTS.c[name] for name in StoredPoint._fields)
        query = select(*columns).where(POINTS.c.run_id == run_id, POINTS.c.seq > after).order_by(POINTS.c.seq)
        rows = session.execute(query.limit(max(1, min(limit, 20_000)))).all()
        state = run.job.state
    return MetricPage([StoredPoint(*row) for row in rows], rows[-1].seq if rows else after, state, len(rows) == limit)


def _pairs(points: Sequence[curves.Point]) -> list[list[float]]:
    return [[step, value] for step, value, _ in points]


def _thinned_curves(
    session: Session, run_ids: Sequence[str], keys: Sequence[str] | None, max_points: int
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
        # From so many parts on, the two extremes of each are enough points for the curve.
        (long if row[2] > max_points // 2 and not row[1].startswith(EVALUATION) else whole).append(row)
    found = {curve: list(points) for curve, points in _whole_curves(session, whole)}
    found |= {curve: sorted(points) for curve, points in _outlines(session, long).items()}
    return {
        (run_id, key): points if key.startswith(EVALUATION) else curves.thin(points, max_points)
        for (run_id, key), points in sorted(found.items())
    }


def _whole_curves(session: Session, wanted: Sequence[Any]) -> Iterator[tuple[tuple[str, str], Iterator[Any]]]:
    """Every point of these curves."""
    of_run: Any = itemgetter(0)
    same_keys: dict[tuple[str, ...], list[str]] = {}
    for run_id, rows in groupby(sorted(wanted, key=of_run), of_run):
        same_keys.setdefault(tuple(sorted(row[1] for row in rows)), []).append(run_id)
    columns = (POINTS.c.run_id, POINTS.c.key, POINTS.c.step, POINTS.c.value, POINTS.c.at)
    for keys, run_ids in same_keys.items():
        query = select(*columns).where(POINTS.c.run_id.in_(run_ids), POINTS.c.key.in_(keys))
        rows = session.execute(query.order_by(POINTS.c.run_id, POINTS.c.key, POINTS.c.step))
        for curve, points in groupby(rows, itemgetter(0, 1)):
            yield curve, (row[2:] for row in points)


def _outlines(session: Session, wanted: Sequence[Any]) -> dict[tuple[str, str], set[curves.Point]]:
    """The extremes of every part of these curves, and every point of their first and last part."""
    found: dict[tuple[str, str], set[curves.Point]] = {(row[0], row[1]): set() for row in wanted}
    extreme, point = EXTREMES.c, POINTS.c
    columns = (extreme.key, *(extreme[f"{side}{field}"] for side in ("low", "high") for field in ("_step", "", "_at")))
    by_run: Any = itemgetter(0)
    for run_id, rows in groupby(sorted(wanted, key=by_run), by_run):
        ends = {row[1]: row[3:5] for row in rows}
        extremes = select(*columns).where(extreme.run_id == run_id, extreme.key.in_(ends))
        for key, *low_and_high in session.execute(extremes):
            found[run_id, key].update((tuple(low_and_high[:3]), tuple(low_and_high[3:])))
        end_parts = or_(*(_part(run_id, key, part) for key, parts in ends.items() for part in parts))
        for key, *rest in session.execute(select(point.key, point.step, point.value, point.at).where(end_parts)):
            found[run_id, key].add(tuple(rest))
    return found


def _part(run_id: str, key: str, part: int) -> ColumnElement[bool]:
    """The points of one part. The run is repeated in each such condition, because an index serves an OR only if it serves
    every branch of it."""
    steps = POINTS.c.step.between(part * curves.STRIDE, (part + 1) * curves.STRIDE - 1)
    return and_(POINTS.c.run_id == run_id, POINTS.c.key == key, steps)


def newest(user_id: str, run_id: str, keys: Sequence[str]) -> dict[str, tuple[int, float]]:
    """The last point of these metrics, ``(step, value)``; a metric without points is missing.

    Raises:
        NotFound: the run is not theirs.
    """
    found: dict[str, tuple[int, float]] = {}
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        # One look into the index for each; a single query would read all points of the run.
        for key in keys:
            last = select(POINTS.c.step, POINTS.c.value).where(POINTS.c.run_id == run_id, POINTS.c.key == key)
            if row := session.execute(last.order_by(POINTS.c.step.desc()).limit(1)).first():
                found[key] = (row[0], math.nan if row[1] is None else row[1])
    return found


def events_since(user_id: str, run_id: str, after: int = 0) -> EventPage:
    """Up to 1000 events newer than the cursor.

    Raises:
        NotFound: the run is not theirs.
    """
    with snapshot() as session:
        runs.find(session, user_id, run_id)
        newer = select(Event).where(Event.run_id == run_id, Event.seq > after).order_by(Event.seq).limit(1000)
        rows = session.scalars(newer).all()
    events = [EventDetails(row.seq, row.kind, row.severity, row.message, row.data, row.at) for row in rows]
    return EventPage(events, rows[-1].seq if rows else after)


def sparkline(session: Session, run_id: str, points: int = 24) -> list[float]:
    """The training loss as at most ``points`` means over equal parts of the run, for the sparkline in the table of runs."""
    query = select(MetricPoint.value).where(MetricPoint.run_id == run_id, MetricPoint.key == "train/loss")
    values = [value for value in session.scalars(query.order_by(MetricPoint.step)) if math.isfinite(value)]
    count = min(points, len(values))
    parts = [values[part * len(values) // count : (part + 1) * len(values) // count] for part in range(count)]
    return [float(f"{sum(part) / len(part):.4g}") for part in parts]


def best_evaluations(session: Session, run_ids: Sequence[str]) -> dict[str, dict[str, float]]:
    """The best value so far of every ``eval/`` metric except losses, by run id and key."""
    query = (
        select(MetricPoint.run_id, MetricPoint.key, func.max(MetricPoint.value))
        .where(MetricPoint.run_id.in_(run_ids), MetricPoint.key.like("eval/%"), MetricPoint.key != "eval/loss")
        .group_by(MetricPoint.run_id, MetricPoint.key)
    )
    found: dict[str, dict[str, float]] = {}
    for run_id, key, value in session.execute(query):
        found.setdefault(run_id, {})[key] = value
    return found


def evaluations_of(session: Session, run_ids: Sequence[str], key: str) -> dict[str, list[tuple[float, int, float]]]:
    """Every finite value of one ``eval/`` metric by run id, oldest first: ``(time, step, value)``."""
    query = select(MetricPoint.run_id, MetricPoint.at, MetricPoint.step, MetricPoint.value)
    query = query.where(MetricPoint.run_id.in_(run_ids), MetricPoint.key == key).order_by(MetricPoint.step)
    found: dict[str, list[tuple[float, int, float]]] = {}
    for run_id, at, step, value in session.execute(query):
        if math.isfinite(value):
            found.setdefault(run_id, []).append((at, step, value))
    return found


def checks_of(session: Session, run_id: str) -> dict[int, dict[str, float]]:
    """The scores of every check of the validation rows by step and metric, without those that are no finite number."""
    query = select(MetricPoint.step, MetricPoint.key, MetricPoint.value)
    found: dict[int, dict[str, float]] = {}
    for step, key, value in session.execute(
        query.where(MetricPoint.run_id == run_id, MetricPoint.key.like(f"{EVALUATION}%"))
    ):
        if value is not None and math.isfinite(value):
            found.setdefault(step, {})[key.removeprefix(EVALUATION)] = value
    return found


def _insert_points(session: Session, points: list[dict[str, Any]]) -> Sequence[Row[Any]]:
    """Store what is not there yet and return it; the unique key makes repeated delivery harmless."""
    columns = (MetricPoint.key, MetricPoint.step, MetricPoint.value, MetricPoint.at)
    return session.execute(_insert(MetricPoint).on_conflict_do_nothing().returning(*columns), points).all()


def extreme_rows(run_id: str, key: str, points: Sequence[curves.Point]) -> list[dict[str, Any]]:
    """Rows of ``metric_extremes``, one for each part of the curve that the points ``(step, value, at)`` fall into."""
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


def _update_extremes(session: Session, run_id: str, stored: Sequence[Row[Any]]) -> None:
    """Update the extremes of the parts of a curve with points that have just been stored."""
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
    updated = {name: case((better, new[name]), else_=old[name]) for name, better in names}
    session.execute(insert.on_conflict_do_update(index_elements=["run_id", "key", "part"], set_=updated), rows)


def _insert(table: type[Any]) -> Any:
    return (postgresql.insert if dialect().name == "postgresql" else sqlite.insert)(table)
