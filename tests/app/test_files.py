"""Files and folders appear complete or not at all."""

import json
import os
from pathlib import Path

import pytest

from app import files


def test_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """The new content replaces the old, and no temporary file stays."""
    path = tmp_path / "made" / "result.json"
    files.write_json(path, {"step": 1})
    files.write_json(path, {"step": 2, "word": "naïve"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"step": 2, "word": "naïve"}
    assert [entry.name for entry in path.parent.iterdir()] == ["result.json"]


def test_failed_write_leaves_the_old_content(tmp_path: Path) -> None:
    """A block that raises changes nothing."""
    path = tmp_path / "weights"
    files.write_bytes(path, b"old")
    with pytest.raises(RuntimeError), files.atomic_file(path) as temporary:
        temporary.write_bytes(b"half of the ne")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["weights"]


def test_number_that_is_not_finite_writes_no_json(tmp_path: Path) -> None:
    """JSON has no infinity; what other programs cannot read is not written."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "result.json", {"loss": float("inf")})
    assert list(tmp_path.iterdir()) == []


def test_folder_appears_with_all_its_files(tmp_path: Path) -> None:
    """Until the block ends nothing stands at the path; a block that raises leaves nothing."""
    final = tmp_path / "step-3"
    with files.atomic_folder(final) as folder:
        (folder / "weights").write_bytes(b"1")
        assert not final.exists()
    assert (final / "weights").read_bytes() == b"1"
    with pytest.raises(RuntimeError), files.atomic_folder(tmp_path / "step-4"):
        raise RuntimeError
    assert [entry.name for entry in tmp_path.iterdir()] == ["step-3"]


def test_second_writer_of_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder with content stays as it is."""
    final = tmp_path / "tokens"
    for content in (b"first", b"second"):
        try:
            with files.atomic_folder(final) as folder:
                (folder / "table").write_bytes(content)
        except OSError:
            assert content == b"second"
    assert (final / "table").read_bytes() == b"first"
    assert [entry.name for entry in tmp_path.iterdir()] == ["tokens"]


def test_remains_of_killed_processes_are_swept_and_what_is_in_use_stays(tmp_path: Path) -> None:
    deep = tmp_path / "runs" / "1"
    deep.mkdir(parents=True)
    for name in (".aside-old", ".reading-old", ".aside-busy"):
        (deep / name).mkdir()
        (deep / name / "part").write_text("canary")
    (deep / ".unpacked-old").write_text("canary")
    (deep / "kept").write_text("mine")
    for path in (*deep.rglob("*"), deep):
        os.utime(path, (1000.0, 1000.0))
    (deep / ".aside-busy" / "part").write_text("still written")
    assert files.sweep_temporary(tmp_path, before=2000.0) == 3
    assert sorted(path.name for path in deep.iterdir()) == [".aside-busy", "kept"]
