"""The progress bar of `studio finetune`, without a terminal."""

import pytest

from studio.progress import ProgressBar


def test_each_new_phase_is_a_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as bar:
        bar.show({"type": "progress", "phase": "Training", "step": 1, "total_steps": 4})
        bar.show({"type": "progress", "phase": "Training", "step": 2, "total_steps": 4})
        bar.show({"type": "event", "kind": "phase", "severity": "info", "message": "Evaluating"})
    printed = capsys.readouterr()
    assert printed.out == ""
    assert [printed.err.count(phase) for phase in ("Training", "Evaluating")] == [1, 1]


def test_warnings_are_printed_as_they_are_and_notices_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as bar:
        bar.show({"type": "event", "kind": "alert", "severity": "warning", "message": "[bold] loss became nan."})
        bar.show({"type": "event", "kind": "notice", "severity": "info", "message": "Half of it is done."})
        bar.show({"type": "metric", "key": "train/loss", "step": 1, "value": 0.5})
    printed = capsys.readouterr().err
    assert "warning: [bold] loss became nan." in printed and "Half of it" not in printed


def test_interrupted_run_is_shown_as_stopping(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as bar:
        bar.stopping = True
        bar.watch("Training", {})
    printed = capsys.readouterr().err
    assert "Stopping" in printed and "Training" not in printed


def test_phases_of_a_cross_validation_name_their_fold(capsys: pytest.CaptureFixture[str]) -> None:
    place = {"part": 2, "parts": 6, "share": 0.2}
    with ProgressBar() as bar:
        bar.show({"type": "event", "kind": "phase", "severity": "info", "message": "Training", "data": place})
        bar.show({"type": "progress", "phase": "Training", "step": 1, "total_steps": 4, **place})
        bar.watch("Training", {"part": 6, "parts": 6, "share": 0.9})
    printed = capsys.readouterr().err
    assert printed.count("Fold 2 of 5: Training") == 1 and printed.count("Model on all rows: Training") == 1
