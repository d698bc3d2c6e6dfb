"""Progress of work on rows: reported in steps, and able to stop the work."""

import pytest

from app.services.datasets.progress import EVERY_ROWS, with_progress


def test_progress_is_reported_every_two_thousand_rows():
    reports: list[tuple[str, int, int]] = []
    rows = list(with_progress(range(4500), lambda *report: reports.append(report), "Checking", 4500))
    assert rows == list(range(4500)) and EVERY_ROWS == 2000
    assert reports == [("Checking", done, 4500) for done in (0, 2000, 4000)]


def test_report_that_raises_stops_the_work():
    def stop(phase: str, done: int, total: int) -> None:
        if done:
            raise InterruptedError(phase)

    rows = with_progress(iter(range(4500)), stop, "Checking", 4500)
    with pytest.raises(InterruptedError, match="Checking"):
        list(rows)
    assert list(rows) == []
