"""One studio for each data folder."""

import os
from pathlib import Path

import pytest

from app.errors import Conflict, Rejected, StudioError
from studio.claimed_folder import bring_up_to_date, check_writable, claimed, running_address
from tests.conftest import forget_settings


def test_second_studio_is_refused_with_process_and_address_of_the_first(data_folder: Path) -> None:
    with claimed() as announce:
        announce("http://127.0.0.1:4711")
        with pytest.raises(Conflict) as caught, claimed():
            pass
    assert caught.value.code == "already_running"
    assert str(os.getpid()) in caught.value.message and "http://127.0.0.1:4711" in caught.value.message
    with claimed():
        pass


def test_address_is_known_only_while_the_studio_runs(data_folder: Path) -> None:
    assert running_address() is None
    with claimed() as announce:
        assert running_address() is None, "it is still starting"
        announce("http://127.0.0.1:4711")
        assert running_address() == "http://127.0.0.1:4711"
    assert running_address() is None


def test_folder_that_cannot_be_made_is_refused_with_its_path(data_folder: Path) -> None:
    data_folder.write_text("a file")
    with pytest.raises(Rejected) as caught:
        check_writable()
    assert caught.value.code == "data_folder" and str(data_folder) in caught.value.message
    assert "STUDIO_DATA_DIR" in caught.value.hint


def test_missing_tables_are_made_once(data_folder: Path) -> None:
    bring_up_to_date()
    before = (data_folder / "studio.db").read_bytes()
    bring_up_to_date()
    assert (data_folder / "studio.db").read_bytes() == before


def test_database_that_does_not_answer_is_named_without_its_password(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_DATABASE_URL", "postgresql+psycopg://someone:hush@127.0.0.1:1/none")
    forget_settings()
    with pytest.raises(StudioError) as caught:
        bring_up_to_date()
    assert (caught.value.code, caught.value.status) == ("database_unreachable", 503)
    assert "127.0.0.1:1" in caught.value.message and "hush" not in caught.value.message
