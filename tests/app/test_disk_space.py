"""What is said when the disk is full, and which errors mean that."""

import errno
import sqlite3

import pytest
from sqlalchemy import create_engine, exc, text

from app import disk_space
from app.errors import StudioError
from app.settings import get_settings


@pytest.mark.usefixtures("studio_home")
def test_room_is_what_stays_free_beyond_what_the_studio_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    free = disk_space.free_bytes()
    monkeypatch.setenv("STUDIO_FREE_DISK_BYTES", str(free // 2))
    get_settings.cache_clear()
    disk_space.check_room(free // 4)
    with pytest.raises(StudioError) as refused:
        disk_space.check_room(free * 3 // 4)
    assert (refused.value.status, refused.value.code) == (507, "disk_full")
    assert "MB are left" in refused.value.message and "delete runs" in refused.value.hint


def test_errors_of_a_full_disk_are_known_wherever_they_come_from(tmp_path: object) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/full.db")
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE t (x)"))
        connection.execute(text("PRAGMA max_page_count = 3"))
        with pytest.raises(exc.OperationalError) as full:
            connection.execute(text("INSERT INTO t VALUES (zeroblob(1000000))"))
    assert disk_space.is_full(full.value)
    assert disk_space.is_full(OSError(errno.ENOSPC, "full")) and disk_space.is_full(OSError(errno.EDQUOT, "quota"))
    assert not disk_space.is_full(OSError(errno.EACCES, "no")) and not disk_space.is_full(sqlite3.OperationalError("x"))
