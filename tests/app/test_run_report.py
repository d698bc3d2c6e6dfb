"""Reports of a run: the same calls for every implementation."""

import json
from pathlib import Path

import pytest

from app.run_report import NullReport, Report, Stopped
from worker.processes.spool import SpoolReport


def make_all_reports(report: Report, folder: Path) -> None:
    report.phase("Training")
    report.progress(step=1, total_steps=4)
    report.metric("train/loss", 0.5, 1)
    report.event("notice", "Half of it is done.", severity="warning", step=1)
    report.generation_sample(1, 7, input="a", expected="b", base_answer="c", answer="d")
    report.checkpoint(folder, step=1, size=10, sha256="00", metrics={"accuracy": 0.5})
    report.dropped(folder)


def test_every_report_becomes_a_numbered_line_of_the_spool(tmp_path: Path) -> None:
    make_all_reports(SpoolReport(tmp_path / "spool.jsonl"), tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "spool.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["n"] for line in lines] == list(range(8))
    assert all(line.pop("at") > 0 and line.pop("n") >= 0 for line in lines)
    assert lines == [
        {"type": "event", "kind": "phase", "severity": "info", "message": "Training", "data": {}},
        {"type": "progress", "phase": "Training"},
        {"type": "progress", "phase": "Training", "step": 1, "total_steps": 4},
        {"type": "metric", "key": "train/loss", "step": 1, "value": 0.5},
        {
            "type": "event",
            "kind": "notice",
            "severity": "warning",
            "message": "Half of it is done.",
            "data": {"step": 1},
        },
        {
            "type": "written",
            "step": 1,
            "row_id": 7,
            "input": "a",
            "expected": "b",
            "base_answer": "c",
            "answer": "d",
        },
        {
            "type": "checkpoint",
            "path": str(tmp_path),
            "step": 1,
            "bytes": 10,
            "sha256": "00",
            "metrics": {"accuracy": 0.5},
        },
        {"type": "dropped", "path": str(tmp_path)},
    ]


def test_metric_that_is_not_finite_becomes_an_alert(tmp_path: Path) -> None:
    SpoolReport(tmp_path / "spool.jsonl").metric("train/loss", float("nan"), 3)
    (line,) = (tmp_path / "spool.jsonl").read_text(encoding="utf-8").splitlines()
    alert = json.loads(line)
    assert (alert["type"], alert["kind"], alert["severity"]) == ("event", "alert", "warning")
    assert alert["message"] == "train/loss became nan at step 3."
    assert alert["data"] == {"key": "train/loss", "step": 3}


def test_request_to_stop_is_raised_where_the_work_asks(tmp_path: Path) -> None:
    report = SpoolReport(tmp_path / "spool.jsonl")
    report.stop_if_asked()
    report.ask_to_stop()
    with pytest.raises(Stopped):
        report.stop_if_asked()


def test_null_report_takes_everything_and_never_stops(tmp_path: Path) -> None:
    make_all_reports(NullReport(), tmp_path)
    assert not NullReport().should_stop()
