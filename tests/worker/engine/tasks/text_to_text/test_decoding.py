"""How a download writes targets."""

from pathlib import Path

from worker.engine.tasks.text_to_text.decoding import Decoding


def test_settings_are_read_back(tmp_path: Path) -> None:
    written = Decoding("übersetze: ", 128, 40, 4)
    written.write(tmp_path)
    assert Decoding.read(tmp_path) == written
