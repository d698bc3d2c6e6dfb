"""Folders below the data folder."""

from pathlib import Path

import pytest

from app import storage
from app.errors import Rejected


def test_folders_are_made_private_to_the_user(studio_home: Path) -> None:
    for folder in (storage.data_dir(), storage.uploads_dir(), storage.attempt_dir("a-run", 2), storage.logs_dir()):
        assert folder.is_dir() and folder.is_relative_to(studio_home)
    assert storage.uploads_dir().stat().st_mode & 0o777 == 0o700
    assert storage.attempt_dir("a-run", 2) == studio_home / "runs" / "a-run" / "attempt-2"


def test_data_folder_that_was_there_before_is_made_private(studio_home: Path) -> None:
    studio_home.chmod(0o755)
    storage.data_dir()
    assert studio_home.stat().st_mode & 0o777 == 0o700


def test_path_of_a_row_stays_in_the_data_folder(studio_home: Path) -> None:
    assert storage.recorded_path("runs/a/attempt-1") == studio_home / "runs/a/attempt-1"
    for path in ("../x", "/etc/passwd"):
        with pytest.raises(Rejected):
            storage.recorded_path(path)


@pytest.mark.parametrize("value", ["", "..", "../x", "a/b", "/etc", "a.b", "a b"])
def test_name_that_is_no_id_never_becomes_a_path(studio_home: Path, value: str) -> None:
    for folder in (storage.dataset_dir, storage.run_dir):
        with pytest.raises(ValueError, match="not an id"):
            folder(value)
    assert not (studio_home / "runs").exists()


def test_slash_in_a_model_name_makes_no_folder(studio_home: Path) -> None:
    assert storage.model_dir("org/model") == storage.models_dir() / "org--model"
