"""Curves: nothing that matters is thinned away, a cursor brings what is new once, a second delivery changes nothing."""

from hypothesis import given
from hypothesis import strategies as some

from app.db import transaction
from app.services.runs import curves, metrics
from tests.factories import make_run

MANY = [(step, 1.0 + (step % 7) / 100) for step in range(1, 20_001)]


@given(some.sets(some.integers(0, 19_999), max_size=12), some.integers(200, 1500))
def test_every_spike_stays(places: set[int], most: int) -> None:
    points = list(MANY)
    # Spikes in one part of the picture are one line of the picture; here each has its own.
    spikes = {at - at % 400 for at in places}
    for at in spikes:
        points[at] = (points[at][0], 50.0 + at)
    kept = curves.thin(points, most)
    assert len(kept) <= most and kept[0] == points[0] and kept[-1] == points[-1]
    assert all(points[at] in kept for at in spikes)
    assert min(kept, key=lambda p: p[1])[1] == min(points, key=lambda p: p[1])[1]
    assert [point[0] for point in kept] == sorted({point[0] for point in kept})


@given(some.integers(600, 19_000), some.integers(1, 900), some.sampled_from([100, 400, 1000]))
def test_points_stay_where_they_are_while_a_curve_grows(length: int, more: int, most: int) -> None:
    before, after = curves.thin(MANY[:length], most), curves.thin(MANY[: length + more], most)
    # A wider picture leaves points out and never puts others in their place; only the last one was the end of the curve.
    left = set(after) & set(MANY[:length])
    assert left <= set(before) | {point for point in MANY[:length] if point[0] // 256 == MANY[length - 1][0] // 256}


def test_few_points_are_all_shown() -> None:
    assert curves.thin(MANY[:300], 500) == MANY[:300]


def line(key: str, step: int, value: float, n: int) -> dict[str, object]:
    return {"n": n, "type": "metric", "key": key, "step": step, "value": value, "at": float(step)}


def test_all_checks_stay_and_lists_agree(owner: str, any_database: str) -> None:
    run = make_run(owner)
    lines = [line("train/loss", step, 1 / step, step) for step in range(1, 3001)]
    lines += [line("eval/accuracy", step, step / 3000, 3000 + step) for step in range(2, 3001, 2)]
    for _ in range(2):
        with transaction() as session:
            metrics.append(session, run.id, "attempt-1", lines)
    found = metrics.series(owner, run.id, max_points=200)
    assert len(found["train/loss"]) <= 200 and found["train/loss"][0] == [1, 1.0]
    assert len(found["eval/accuracy"]) == 1500
    with transaction() as session:
        together = metrics.series_of(session, [run.id], ["train/loss", "eval/accuracy"], 200)
    assert together == {run.id: found}


def test_a_cursor_brings_each_point_once(owner: str) -> None:
    run = make_run(owner)
    seen: list[int] = []
    after = 0
    for first in (1, 4, 7):
        with transaction() as session:
            metrics.append(
                session, run.id, "attempt-1", [line("train/loss", s, 1.0, s) for s in range(first, first + 3)]
            )
        told = metrics.since(owner, run.id, after)
        seen += [point["step"] for point in told["points"]]
        after = told["after"]
    assert seen == list(range(1, 10)) and metrics.since(owner, run.id, after)["points"] == []


def test_a_long_curve_is_drawn_as_if_all_its_points_were_read(owner: str, any_database: str) -> None:
    run = make_run(owner)
    points = [(step, 9.0 if step in (17, 4000, 5999) else (step * 37 % 101) / 100) for step in range(1, 6001)]
    # Portions arrive out of order, and one twice with another value, as after a crash; the first one counts.
    portions = [points[at : at + 170] for at in range(0, 6000, 170)]
    portions = [*portions[1::2], *portions[::2], [(17, -50.0), (18, 70.0)]]
    with transaction() as session:
        for number, each in enumerate(portions):
            metrics.append(
                session, run.id, "a", [line("train/loss", s, v, number * 1000 + n) for n, (s, v) in enumerate(each)]
            )
    found = metrics.so_far(owner, run.id, 300)
    assert found["series"]["train/loss"] == [[step, value, float(step)] for step, value in curves.thin(points, 300)]
    assert metrics.since(owner, run.id, found["after"])["points"] == []
