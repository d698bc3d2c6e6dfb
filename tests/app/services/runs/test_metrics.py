"""Metric points: stored once however often they are delivered, read as thinned curves or after a cursor."""

import pytest

from app.db import transaction
from app.errors import NotFound
from app.services.runs import curves, metrics
from tests.factories import make_run, make_user, measured


def line(key: str, step: int, value: float, n: int) -> dict[str, object]:
    return {"n": n, "type": "metric", "key": key, "step": step, "value": value, "at": float(step)}


def test_evaluations_are_never_thinned_and_both_readers_agree(owner: str, any_database: str) -> None:
    run = make_run(owner)
    lines = [line("train/loss", step, 1 / step, step) for step in range(1, 3001)]
    lines += [line("eval/accuracy", step, step / 3000, 3000 + step) for step in range(2, 3001, 2)]
    for _ in range(2):
        with transaction() as session:
            metrics.append(session, run.id, "attempt-1", lines)
    found = metrics.read_curves(owner, run.id, max_points=200).series()
    assert len(found["train/loss"]) <= 200 and found["train/loss"][0] == [1, 1.0]
    assert len(found["eval/accuracy"]) == 1500
    with transaction() as session:
        together = metrics.series_of(session, [run.id], ["train/loss", "eval/accuracy"], 200)
    assert together == {run.id: found}


def test_cursor_returns_each_point_once(owner: str) -> None:
    run = make_run(owner)
    seen: list[int] = []
    after = 0
    for first in (1, 4, 7):
        with transaction() as session:
            metrics.append(
                session, run.id, "attempt-1", [line("train/loss", s, 1.0, s) for s in range(first, first + 3)]
            )
        page = metrics.since(owner, run.id, after)
        seen += [point.step for point in page.points]
        after = page.after
    assert seen == list(range(1, 10)) and metrics.since(owner, run.id, after).points == []


def test_curve_from_stored_extremes_equals_thinning_all_points(owner: str, any_database: str) -> None:
    run = make_run(owner)
    points = [(step, 9.0 if step in (17, 4000, 5999) else (step * 37 % 101) / 100) for step in range(1, 6001)]
    # Batches arrive out of order, and one twice with another value, as after a crash; the first one counts.
    batches = [points[start : start + 170] for start in range(0, 6000, 170)]
    batches = [*batches[1::2], *batches[::2], [(17, -50.0), (18, 70.0)]]
    with transaction() as session:
        for number, batch in enumerate(batches):
            metrics.append(
                session, run.id, "a", [line("train/loss", s, v, number * 1000 + n) for n, (s, v) in enumerate(batch)]
            )
    found = metrics.read_curves(owner, run.id, max_points=300)
    assert found.points["train/loss"] == [(step, value, float(step)) for step, value in curves.thin(points, 300)]
    assert metrics.since(owner, run.id, found.after).points == []


def test_newest_point_of_each_metric_is_found(owner: str) -> None:
    run = make_run(owner)
    with transaction() as session:
        measured(session, run.id, {"train/loss": [(1, 2.0), (40, 1.0), (3, 1.5)], "eval/loss": [(20, 1.2)]})
    assert metrics.newest(owner, run.id, ("train/loss", "eval/loss", "eval/f1")) == {
        "train/loss": (40, 1.0),
        "eval/loss": (20, 1.2),
    }
    with pytest.raises(NotFound):
        metrics.newest(make_user(), run.id, ("train/loss",))
