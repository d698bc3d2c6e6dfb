"""Snapshots see one moment, write nothing, and neither wait for a writer nor make one wait."""

import threading
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, exc, func, select, update

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


def test_what_follows_a_commit_needs_no_second_connection(
    owner: str, studio_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = create_engine(db.get_engine().url, pool_size=1, max_overflow=0, pool_timeout=0.5)
    event.listen(one, "connect", db._prepare_sqlite)
    monkeypatch.setattr(db, "make_engine", lambda url: one)
    db.forget_engine()
    seen: list[str] = []
    with transaction() as session:
        session.execute(update(User).values(name="changed"))
        db.after_commit(session, lambda: seen.extend(names()))
    assert seen == ["changed"]


def test_what_was_to_follow_is_dropped_with_the_transaction(owner: str) -> None:
    seen: list[str] = []
    with pytest.raises(RuntimeError), transaction() as session:
        db.after_commit(session, lambda: seen.append("done"))
        raise RuntimeError
    assert seen == []


def test_writer_without_a_turn_gives_up_and_has_written_nothing(owner: str) -> None:
    raised: list[Exception] = []

    def write() -> None:
        try:
            with transaction(wait_seconds=0.05) as session:
                session.execute(update(User).values(name="second"))
        except exc.TimeoutError as error:
            raised.append(error)

    with transaction() as session:
        session.execute(update(User).values(name="first"))
        assert at_once(write)
    assert len(raised) == 1 and names() == ["first"]


def test_what_is_only_kept_for_the_record_counts_as_nothing_saved_and_may_fail(
    owner: str, caplog: pytest.LogCaptureFixture
) -> None:
    with db.counted_commits():
        db.try_write(lambda session: session.execute(update(User).values(name="noted")), "a name")
        assert names() == ["noted"] and not db.has_committed()
        with transaction() as session:
            session.execute(update(User).values(name="kept"))
            refused = update(User).values(name="refused")
            assert at_once(lambda: db.try_write(lambda other: other.execute(refused), "a name", wait_seconds=0.0))
        assert db.has_committed()
    assert names() == ["kept"] and "a name was not noted: TimeoutError" in caplog.text


def test_commits_are_counted_across_threads(owner: str) -> None:
    with db.counted_commits():
        assert not db.has_committed()
        copy_context().run(accounts.add_user, "bob")
        assert db.has_committed()
    assert not db.has_committed()
