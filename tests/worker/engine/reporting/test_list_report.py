"""A report kept in lists."""

from pathlib import Path

import pytest

from app.run_report import Stopped
from worker.engine.reporting.list_report import ListReport


def test_records_are_kept_by_kind() -> None:
    report = ListReport()
    report.phase("Training")
    for step, loss in ((1, 0.7), (2, 0.5)):
        report.metric("train/loss", loss, step)
        report.metric("eval/f1", 0.1, step)
    report.event("notice", "Rows were cut.", severity="warning", rows=3)
    report.generation_sample(2, 9, input="a", answer="b")
    assert report.phases == ["Training"]
    assert report.curve("train/loss") == [(1, 0.7), (2, 0.5)]
    assert (report.events[0]["rows"], report.events[0]["severity"]) == (3, "warning")
    assert report.samples == [{"step": 2, "row_id": 9, "input": "a", "answer": "b"}]


def test_run_is_stopped_at_the_step_and_not_before() -> None:
    report = ListReport(stop_at=3)
    report.stop_if_asked()
    report.progress(step=2)
    report.stop_if_asked()
    report.metric("train/loss", 0.5, 3)
    with pytest.raises(Stopped):
        report.stop_if_asked()


def test_dropped_checkpoint_is_removed(tmp_path: Path) -> None:
    report, folders = ListReport(), [tmp_path / "step-1", tmp_path / "step-2"]
    for number, folder in enumerate(folders):
        folder.mkdir()
        report.checkpoint(folder, step=number, size=1, sha256="0", metrics={})
    report.dropped(folders[0])
    assert report.checkpoints == folders[1:] and not folders[0].exists()
