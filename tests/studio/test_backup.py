"""`studio backup` and `studio restore`: what they print and refuse."""

from pathlib import Path

import pytest

from app import storage
from app.errors import Conflict
from app.services.accounts import accounts
from studio.backup import make_backup, restore_backup
from studio.claimed_folder import bring_up_to_date, claimed
from tests.conftest import forget_settings


@pytest.fixture
def saved(data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A backup of an installation with the user ann."""
    bring_up_to_date()
    ann = accounts.add_user("ann")
    (tmp_path / "token").write_text(accounts.create_token(ann.id))
    path = tmp_path / "kept.zip"
    make_backup(path)
    printed = capsys.readouterr().out
    assert printed.startswith(f"{path}: ") and " rows, " in printed and "MB.\nNot in it: fetched base models" in printed
    assert path.stat().st_mode & 0o777 == 0o600
    return path


@pytest.fixture
def elsewhere(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings name an empty data folder from here on."""
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path / "elsewhere"))
    forget_settings()
    return tmp_path / "elsewhere"


def test_backup_is_restored_into_an_empty_installation(
    saved: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    restore_backup(saved, keep_tokens=False)
    assert capsys.readouterr().out.startswith("Restored ")
    assert storage.data_dir() == elsewhere
    with pytest.raises(Conflict):
        accounts.add_user("ann")


@pytest.mark.parametrize("kept", [False, True])
def test_tokens_of_a_backup_work_again_only_if_that_is_asked_for(
    saved: Path, elsewhere: Path, tmp_path: Path, kept: bool
) -> None:
    restore_backup(saved, keep_tokens=kept)
    assert (accounts.user_for_token((tmp_path / "token").read_text()) is not None) == kept


def test_restoring_beside_a_running_studio_is_refused(saved: Path, elsewhere: Path) -> None:
    with claimed(), pytest.raises(Conflict) as caught:
        restore_backup(saved, keep_tokens=False)
    assert caught.value.code == "already_running"
    assert not (elsewhere / "studio.db").exists()
