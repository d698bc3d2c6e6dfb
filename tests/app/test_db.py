"""Snapshots see one moment, write nothing, and neither wait for a writer nor make one wait."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import exc, func, select, update

from app import db
from app.db import snapshot, transaction
from app.models import User
from app.services.accounts import accounts
from tests.conftest import forget_settings

# Far more than a commit takes on a busy machine, far less than the 30 s that a writer would wait for its turn.
AT_ONCE_SECONDS = 5.0
# A write-ahead log is kept by new SQLite libraries only; one process with one writer may try it on any.
WAL, JOURNAL = "write-ahead log", "rollback journal"


@pytest.fixture(params=[WAL, JOURNAL])
def sqlite(request: pytest.FixtureRequest, studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    db.forget_engine()
    monkeypatch.setattr(db, "SAFE_WAL_VERSION", (3, 7) if request.param == WAL else (99,))
    yield request.param
    db.forget_engine()


def names() -> list[str]:
    with snapshot() as session:
        return list(session.scalars(select(User.name).order_by(User.name)))


def at_once(act: Callable[[], object]) -> bool:
    """Whether it ends within moments, in a thread of its own."""
    done = threading.Thread(target=act, daemon=True)
    done.start()
    done.join(AT_ONCE_SECONDS)
    return not done.is_alive()


def test_snapshot_refuses_to_write(any_database: str, owner: str) -> None:
    with pytest.raises(exc.DBAPIError), snapshot() as session:
        session.execute(update(User).values(name="changed"))
    assert names() == ["owner"]
    with transaction() as session:
        session.execute(update(User).values(name="changed"))
    assert names() == ["changed"], "the same connection may write again"


def test_snapshot_does_not_wait_for_a_writer(any_database: str, owner: str) -> None:
    with transaction() as session:
        session.execute(update(User).values(name="not yet"))
        seen: list[str] = []
        assert at_once(lambda: seen.extend(names()))
    assert seen == ["owner"]


@pytest.mark.parametrize("sqlite", [WAL], indirect=True)
def test_long_snapshot_sees_one_moment_and_blocks_no_writer(sqlite: str, owner: str) -> None:
    with snapshot() as session:
        before = session.scalar(select(User.name))
        assert at_once(lambda: accounts.add_user("bob"))
        assert session.scalar(select(func.count()).select_from(User)) == 1
    assert before == "owner" and names() == ["bob", "owner"]


def test_snapshot_of_postgresql_sees_one_moment_and_blocks_no_writer(
    postgres_url: str, studio_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STUDIO_DATABASE_URL", postgres_url)
    forget_settings()
    db.Base.metadata.create_all(db.get_engine())
    accounts.ensure_owner()
    with snapshot() as session:
        assert session.scalar(select(User.name)) == "owner"
        assert at_once(lambda: accounts.add_user("bob"))
        assert session.scalar(select(func.count()).select_from(User)) == 1
    assert names() == ["bob", "owner"]


def test_constant_readers_do_not_starve_a_writer(sqlite: str, owner: str) -> None:
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            names()

    viewers = [threading.Thread(target=look, daemon=True) for _ in range(4)]
    for viewer in viewers:
        viewer.start()
    waits = []
    try:
        for number in range(20):
            began = time.monotonic()
            with transaction() as session:
                session.execute(update(User).values(role=f"role {number}"))
            waits.append(time.monotonic() - began)
    finally:
        stop.set()
        for viewer in viewers:
            viewer.join()
    assert max(waits) < AT_ONCE_SECONDS, f"a write waited {max(waits):.1f} s"
