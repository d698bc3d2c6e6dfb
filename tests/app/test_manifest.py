"""A folder with a valid manifest is complete and undamaged."""

import hashlib
import json
from pathlib import Path

import pytest

from app import manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "weights").write_bytes(b"12345")
    (tmp_path / "deep" / "config.json").write_text("{}")
    manifest.write(tmp_path)
    return tmp_path


def test_every_file_is_listed_with_size_and_hash(folder: Path) -> None:
    files = json.loads((folder / manifest.NAME).read_text())["files"]
    assert set(files) == {"weights", "deep/config.json"}
    assert files["weights"] == {"bytes": 5, "sha256": hashlib.sha256(b"12345").hexdigest()}
    assert manifest.holds(folder)


def test_hash_of_the_manifest_changes_with_any_file(folder: Path) -> None:
    before = manifest.write(folder)
    assert manifest.write(folder) == before == manifest.sha256_of(folder / manifest.NAME)
    (folder / "weights").write_bytes(b"54321")
    assert manifest.write(folder) != before


def test_whole_folder_with_another_manifest_is_not_the_recorded_one(folder: Path) -> None:
    recorded = manifest.sha256_of(folder / manifest.NAME)
    assert manifest.holds(folder, recorded)
    (folder / "weights").write_bytes(b"54321")
    manifest.write(folder)
    assert manifest.holds(folder) and not manifest.holds(folder, recorded)


def test_changed_shortened_or_missing_file_is_noticed(folder: Path) -> None:
    (folder / "weights").write_bytes(b"12346")
    assert not manifest.holds(folder)
    (folder / "weights").write_bytes(b"1234")
    assert not manifest.holds(folder)
    (folder / "weights").unlink()
    assert not manifest.holds(folder)


@pytest.mark.parametrize("content", [None, "", "[]", '{"files": {"weights": {}}}'])
def test_folder_without_a_readable_manifest_is_incomplete(folder: Path, content: str | None) -> None:
    (folder / manifest.NAME).unlink()
    if content is not None:
        (folder / manifest.NAME).write_text(content)
    assert not manifest.holds(folder)
