"""How probabilities become labels."""

from pathlib import Path

from worker.engine.tasks.multi_label.predict import read_thresholds, write_decisions


def test_thresholds_are_read_back_and_the_middle_holds_without_them(tmp_path: Path) -> None:
    assert read_thresholds(tmp_path, ["a", "b"]) == [0.5, 0.5]
    write_decisions(tmp_path, ["a", "b"], [0.25, 0.6])
    assert read_thresholds(tmp_path, ["b", "a"]) == [0.6, 0.25]
