"""Thinning of curves: no spike is lost, kept points stay kept while a curve grows, short curves stay whole."""

from hypothesis import given
from hypothesis import strategies as st

from app.services.runs import curves

POINTS = [(step, 1.0 + (step % 7) / 100) for step in range(1, 20_001)]


@given(st.sets(st.integers(0, 19_999), max_size=12), st.integers(200, 1500))
def test_every_spike_is_kept(spikes: set[int], max_points: int) -> None:
    points = list(POINTS)
    # Only one spike of a part can be its extreme, so each spike gets a part of its own.
    indices = {index - index % 400 for index in spikes}
    for index in indices:
        points[index] = (points[index][0], 50.0 + index)
    kept = curves.thin(points, max_points)
    assert len(kept) <= max_points and kept[0] == points[0] and kept[-1] == points[-1]
    assert all(points[index] in kept for index in indices)
    assert min(kept, key=lambda point: point[1])[1] == min(points, key=lambda point: point[1])[1]
    assert [point[0] for point in kept] == sorted({point[0] for point in kept})


@given(st.integers(600, 19_000), st.integers(1, 900), st.sampled_from([100, 400, 1000]))
def test_kept_points_do_not_move_while_a_curve_grows(length: int, more: int, max_points: int) -> None:
    before, after = curves.thin(POINTS[:length], max_points), curves.thin(POINTS[: length + more], max_points)
    # Wider parts leave points out and never put others in their place, except in the part where the curve ended before.
    remaining = set(after) & set(POINTS[:length])
    last_part = {point for point in POINTS[:length] if point[0] // 256 == POINTS[length - 1][0] // 256}
    assert remaining <= set(before) | last_part


def test_short_curve_is_not_thinned() -> None:
    assert curves.thin(POINTS[:300], 500) == POINTS[:300]


def test_extremes_are_the_earliest_lowest_and_highest_point_of_each_part() -> None:
    points = [(3, 1.0), (17, 5.0), (2, 1.0), (18, 4.0), (20, 5.0)]
    assert curves.extremes(points) == [(0, (2, 1.0), (2, 1.0)), (1, (18, 4.0), (17, 5.0))]
