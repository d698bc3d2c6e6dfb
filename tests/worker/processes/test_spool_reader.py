"""Spool lines are read as they are written: whole, in order, again until they are accepted."""

import json
from pathlib import Path

import pytest

from worker.processes import spool_reader
from worker.processes.spool import SpoolReport
from worker.processes.spool_reader import SpoolReader


def test_reports_are_read_in_order_and_once_after_acceptance(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    reader = SpoolReader(path)
    assert reader.peek() == []
    report = SpoolReport(path)
    report.phase("Training")
    report.metric("train/loss", 0.5, 1)
    lines = reader.peek()
    assert [(line["n"], line["type"]) for line in lines] == [(0, "event"), (1, "progress"), (2, "metric")]
    assert reader.peek() == lines, "not accepted yet"
    reader.accept(lines)
    assert reader.peek() == []
    report.progress(step=2)
    assert [(line["n"], line["phase"], line["step"]) for line in reader.peek()] == [(3, "Training", 2)]


def test_incomplete_line_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    path.write_text('{"n": 0}\n{"n": ')
    reader = SpoolReader(path)
    reader.accept(lines := reader.peek())
    assert lines == [{"n": 0}] and reader.peek() == []
    with path.open("a") as spool:
        spool.write("1}\n")
    assert reader.peek() == [{"n": 1}]


def test_lines_come_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_reader, "BATCH_LINES", 2)
    path = tmp_path / "spool.jsonl"
    path.write_text("".join(json.dumps({"n": number}) + "\n" for number in range(3)))
    reader = SpoolReader(path)
    batches = []
    while lines := reader.peek():
        reader.accept(lines)
        batches.append([line["n"] for line in lines])
    assert batches == [[0, 1], [2]]


def test_removed_file_is_read_on_as_long_as_the_trainer_writes_to_it(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    report, reader = SpoolReport(path), SpoolReader(path)
    report.metric("train/loss", 0.5, 1)
    reader.accept(reader.peek())
    path.unlink()
    report.metric("train/loss", 0.4, 2)
    assert [line["step"] for line in reader.peek()] == [2] and not reader.was_cut


def test_shortened_file_is_noticed_and_read_on_from_its_new_end(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    report, reader = SpoolReport(path), SpoolReader(path)
    for step in (1, 2, 3):
        report.metric("train/loss", 0.5, step)
    reader.accept(reader.peek())
    path.write_bytes(b"")
    report.metric("train/loss", 0.4, 4)
    assert [line["step"] for line in reader.peek()] == [4] and reader.was_cut
