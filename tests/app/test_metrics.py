"""Curves: nothing that matters is thinned away, a cursor brings what is new once, a second delivery changes nothing."""

from hypothesis import given
from hypothesis import strategies as some

from app.db import transaction
from app.services import metrics
from tests.factories import make_run

MANY = [[step, 1.0 + (step % 7) / 100] for step in range(1, 20_001)]


@given(some.sets(some.integers(0, 19_999), max_size=12), some.integers(200, 1500))
def test_every_spike_stays(places: set[int], most: int) -> None:
    points = [list(point) for point in MANY]
    # Spikes in one bucket of the picture are one line of the picture; here each has its own.
    spikes = {at - at % 400 for at in places}
    for at in spikes:
        points[at][1] = 50.0 + at
    kept = metrics.thin(points, most)
    assert len(kept) <= most and kept[0] == points[0] and kept[-1] == points[-1]
    assert all(points[at] in kept for at in spikes)
    assert min(kept, key=lambda p: p[1])[1] == min(points, key=lambda p: p[1])[1]
    assert [point[0] for point in kept] == sorted({point[0] for point in kept})


def test_a_second_look_shows_the_same_points() -> None:
    assert metrics.thin(MANY, 500) == metrics.thin([list(point) for point in MANY], 500)
    assert metrics.thin(MANY[:300], 500) is not None and len(metrics.thin(MANY[:300], 500)) == 300


def line(key: str, step: int, value: float, n: int) -> dict[str, object]:
    return {"n": n, "type": "metric", "key": key, "step": step, "value": value, "at": float(step)}


def test_all_checks_stay_and_lists_agree(owner: str, any_database: str) -> None:
    run = make_run(owner)
    lines = [line("train/loss", step, 1 / step, step) for step in range(1, 3001)]
    lines += [line("eval/accuracy", step, step / 3000, 3000 + step) for step in range(2, 3001, 2)]
    for _ in range(2):
        with transaction() as session:
            metrics.append(session, run.id, "attempt-1", lines)
    curves = metrics.series(owner, run.id, max_points=200)
    assert len(curves["train/loss"]) <= 200 and curves["train/loss"][0] == [1, 1.0]
    assert len(curves["eval/accuracy"]) == 1500
    with transaction() as session:
        together = metrics.series_of(session, [run.id], ["train/loss", "eval/accuracy"], 200)
    assert together == {run.id: curves}


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
