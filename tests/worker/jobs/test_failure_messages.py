"""Portions are doubled after memory ran out, until one row or the limit is reached."""

import pytest

from worker.jobs.failure_messages import MAX_PORTIONS, next_portions


@pytest.mark.parametrize(
    ("portions", "rows", "expected"),
    [(1, 32, 2), (8, 32, 16), (MAX_PORTIONS, 64, None), (2, 2, None), (8, 8, None), (1, 1, None), (4, 5.5, 8)],
)
def test_next_portions(portions: int, rows: float, expected: int | None) -> None:
    assert next_portions(portions, rows) == expected
