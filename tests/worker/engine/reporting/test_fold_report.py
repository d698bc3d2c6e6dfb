"""The reports of a cross-validation as those of one run."""

from pathlib import Path
from typing import Any

from app.run_report import Report
from worker.engine.reporting.fold_report import FoldReport, TrainingReport


class Records(Report):
    def __init__(self) -> None:
        self.records: list[tuple[str, dict[str, Any]]] = []

    def record(self, kind: str, /, **fields: Any) -> None:
        self.records.append((kind, fields))


def test_progress_says_which_part_works_and_how_much_of_all_is_done() -> None:
    records = Records()
    report = FoldReport(records, 2, [10, 10, 20], ())
    report.progress(step=5, total_steps=10, eta_seconds=10.0)
    (kind, fields) = records.records[-1]
    # Two seconds a step, and 25 of 40 steps are left.
    assert kind == "progress" and (fields["part"], fields["parts"], fields["share"]) == (2, 3, 15 / 40)
    assert fields["eta_seconds"] == 50.0


def test_a_fold_keeps_its_checkpoints_and_notices_to_itself(tmp_path: Path) -> None:
    records = Records()
    report = FoldReport(records, 1, [10, 10, 20], ("eval/loss",))
    folder = tmp_path / "step-1"
    folder.mkdir()
    report.checkpoint(folder, step=1, size=1, sha256="", metrics={})
    report.dropped(folder)
    report.event("notice", "12 of 42 texts are cut.", "warning")
    report.metric("train/loss", 1.0, 1)
    assert not records.records and not folder.exists()
    report.event("alert", "It happened.", "warning")
    report.metric("eval/loss", 1.0, 1)
    assert records.records[0][1]["message"] == "Fold 1 of 2: It happened."
    assert records.records[1] == ("metric", {"key": "fold-1/eval/loss", "value": 1.0, "step": 1})


def test_the_last_training_reports_everything() -> None:
    records = Records()
    report = TrainingReport(records, 3, [10, 10, 20])
    report.metric("train/loss", 1.0, 1)
    report.phase("Training")
    assert records.records[1:] == [("phase", {"title": "Training", "part": 3, "parts": 3, "share": 0.5})]
