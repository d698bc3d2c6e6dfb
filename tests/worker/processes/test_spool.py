"""The lines that a trainer writes about its run."""

import json
import math
import threading
from pathlib import Path
from typing import Any

import pytest

from app.run_report import Stopped
from worker.processes import spool
from worker.processes.spool import SpoolReport


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_lines_are_numbered_timed_and_on_disk_at_once(path: Path) -> None:
    report = SpoolReport(path)
    report.metric("train/loss", 0.5, 3)
    report.event("notice", "Gekürzt: 3 Zeilen", rows=3)
    first, second = lines(path)
    assert (first["n"], first["type"], first["key"], first["step"], first["value"]) == (
        0,
        "metric",
        "train/loss",
        3,
        0.5,
    )
    assert (second["n"], second["message"], second["data"]) == (1, "Gekürzt: 3 Zeilen", {"rows": 3})
    assert first["at"] <= second["at"]


def test_phase_is_reported_and_stands_in_all_progress_after_it(path: Path) -> None:
    report = SpoolReport(path)
    report.progress(step=1)
    report.phase("Testing")
    report.progress(step=2)
    assert [(line["type"], line.get("phase")) for line in lines(path)] == [
        ("progress", "Starting"),
        ("event", None),
        ("progress", "Testing"),
        ("progress", "Testing"),
    ]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_number_that_is_not_finite_becomes_a_warning(path: Path, value: float) -> None:
    SpoolReport(path).metric("train/loss", value, 7)
    (line,) = lines(path)
    assert (line["type"], line["kind"], line["severity"]) == ("event", "alert", "warning")
    assert "step 7" in line["message"] and line["data"] == {"key": "train/loss", "step": 7}


def test_threads_write_whole_lines_in_the_order_of_their_numbers(path: Path) -> None:
    report = SpoolReport(path)

    def write(number: int) -> None:
        for step in range(200):
            report.metric(f"thread/{number}", float(step), step)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = lines(path)
    assert [line["n"] for line in written] == list(range(800))
    for number in range(4):
        assert [line["step"] for line in written if line["key"] == f"thread/{number}"] == list(range(200))


def test_request_to_stop_is_heard_and_asking_tells_now_and_then_that_the_run_is_alive(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = SpoolReport(path)
    report.stop_if_asked()
    assert lines(path) == []
    monkeypatch.setattr(spool, "ALIVE_SECONDS", -1.0)
    report.stop_if_asked()
    assert [line["type"] for line in lines(path)] == ["alive"]
    report.ask_to_stop()
    with pytest.raises(Stopped):
        report.stop_if_asked()


def test_later_report_continues_the_file(path: Path) -> None:
    SpoolReport(path).phase("Training")
    SpoolReport(path).phase("Saving")
    assert [line["message"] for line in lines(path) if line["type"] == "event"] == ["Training", "Saving"]
