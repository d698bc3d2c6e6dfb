"""The database: engine, base class, clock, ``transaction()``, the only place that commits, and ``snapshot()`` to look.

SQLite and PostgreSQL take the same path. Knows no table.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Engine, Float, create_engine, event, exc
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.sql.functions import FunctionElement

from app.settings import get_settings

log = logging.getLogger(__name__)

# Below this release two processes that write and checkpoint at once can corrupt a write-ahead log
# (sqlite.org/wal.html, "the WAL-reset bug"); older libraries keep the rollback journal.
SAFE_WAL_VERSION = (3, 51, 3)


# What any of the drivers raises when the database does not answer, is full or is restarting.
AWAY = (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError)

# How long a transaction waits for a connection, or for the other writers of this process, before it gives up; nothing is
# written then, and the door answers 429.
WAIT_SECONDS = 10.0
# Threads of the web process, which hold one connection each at most.
SQLITE_CONNECTIONS = 100
# Key of ``Session.info`` that holds what is called after the commit.
_AFTER_COMMIT = "after_commit"
# Likewise before it.
_BEFORE_COMMIT = "before_commit"

# Marks connections whose transactions do not write.
ONLY_LOOKS = "only_looks"
_POSTGRESQL_SNAPSHOT: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Base(DeclarativeBase):
    """Parent of every table."""


class db_now(FunctionElement[float]):  # named like an SQL function
    """Unix seconds by the database's clock, so that hosts with wrong clocks agree about leases."""

    type = Float()
    inherit_cache = True


@compiles(db_now, "sqlite")
def _now_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(db_now, "postgresql")
def _now_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return "extract(epoch from clock_timestamp())::float8"


@lru_cache
def get_engine() -> Engine:
    """The engine of this process for ``STUDIO_DATABASE_URL``."""
    return make_engine(get_settings().resolved_database_url)


def make_engine(url: str) -> Engine:
    """Engine with the rules of each database: SQLite writes in immediate transactions, PostgreSQL has live connections."""
    if url.startswith("sqlite"):
        engine = create_engine(
            url,
            # What people write does not belong in a log, and errors would carry it there.
            hide_parameters=True,
            connect_args={"timeout": 30.0, "check_same_thread": False},
            max_overflow=SQLITE_CONNECTIONS,
            pool_timeout=WAIT_SECONDS,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        url, hide_parameters=True, pool_pre_ping=True, pool_size=10, max_overflow=20, pool_timeout=WAIT_SECONDS
    )
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


@dataclass
class Commits:
    """How many transactions were committed in a block of :func:`counted_commits`."""

    number: int = 0


_counted: ContextVar[Commits | None] = ContextVar("counted", default=None)


@contextmanager
def counted_commits(commits: Commits | None = None) -> Iterator[Commits]:
    """Count what the block commits, in whichever threads it works: whether a failed request has changed anything.

    Args:
        commits: count on here, for work that is done in several blocks. A block around this one counts its commits too.
    """
    counted = Commits() if commits is None else commits
    outer, before = _counted.get(), counted.number
    token = _counted.set(counted)
    try:
        yield counted
    finally:
        _counted.reset(token)
        if outer is not None:
            outer.number += counted.number - before


def has_committed() -> bool:
    """Whether anything was committed in the surrounding block of :func:`counted_commits`."""
    commits = _counted.get()
    return commits is not None and commits.number > 0


@contextmanager
def transaction(*, wait_seconds: float | None = None) -> Iterator[Session]:
    """One unit of work: commits at the end, rolls back on any error; then does what :func:`after_commit` was given.

    Args:
        wait_seconds: how long the other writers of this process are waited for, where the database takes one at a time;
            ``WAIT_SECONDS`` if it is not given.

    Raises:
        sqlalchemy.exc.TimeoutError: there was no connection or no turn in time; nothing is written.
    """
    with _turn_to_write(WAIT_SECONDS if wait_seconds is None else wait_seconds), _sessions()() as session:
        with session.begin():
            yield session
            for action in session.info.pop(_BEFORE_COMMIT, []):
                action()
        if commits := _counted.get():
            commits.number += 1
    # Not before the connection is given back: with one in hand and waiting for another, many threads would block each other.
    for action in session.info.pop(_AFTER_COMMIT, []):
        action()


def try_write(action: Callable[[Session], object], what: str, *, wait_seconds: float | None = None) -> bool:
    """Write what is only kept for the record, such as a last use, if the database can take it; a failure is logged.

    Neither a full disk nor a busy database keeps anybody from their work, and what is written here is not what a request asked
    for: it does not count in :func:`has_committed`.

    Args:
        action: writes with the session of a transaction of its own.
        what: names it in the log.
        wait_seconds: as in :func:`transaction`.

    Returns:
        Whether it was written.
    """
    token = _counted.set(None)
    try:
        with transaction(wait_seconds=wait_seconds) as session:
            action(session)
        return True
    except AWAY as error:
        log.warning("%s was not noted: %s", what, type(error).__name__)
        return False
    finally:
        _counted.reset(token)


def before_commit(session: Session, action: Callable[[], object]) -> None:
    """Call this as the last step of the session's :func:`transaction`; what it raises rolls everything back."""
    session.info.setdefault(_BEFORE_COMMIT, []).append(action)


def after_commit(session: Session, action: Callable[[], object]) -> None:
    """Call this once the session's :func:`transaction` is committed and its connection free; it must not raise."""
    session.info.setdefault(_AFTER_COMMIT, []).append(action)


@contextmanager
def snapshot() -> Iterator[Session]:
    """One consistent look at the database, which takes no lock that a writer waits for while it works.

    Whoever only looks must use this: many viewers then never keep a supervisor from renewing its lease. The database
    refuses to write here (``DBAPIError``).
    """
    with _readers()() as session, session.begin():
        yield session


def is_busy(error: BaseException) -> bool:
    """Whether the database had no turn or no connection in time: nothing is broken, there is only too much at once."""
    if isinstance(error, exc.TimeoutError):
        return True
    cause = error.orig if isinstance(error, exc.OperationalError) else None
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def is_bad_text(error: BaseException) -> bool:
    """Whether a text was refused for a character that the database does not take."""
    if isinstance(error, UnicodeEncodeError):
        return error.reason == "surrogates not allowed"
    cause = error.orig if isinstance(error, exc.StatementError) else error.__cause__
    return isinstance(cause, UnicodeEncodeError) or (isinstance(error, exc.DataError) and "NUL" in str(cause))


def dialect() -> Dialect:
    """The dialect in use, for statements that differ between the databases."""
    return get_engine().dialect


def forget_engine() -> None:
    """Close all connections and read the settings anew; for forked children and tests."""
    get_engine().dispose()
    get_engine.cache_clear()
    _writers.cache_clear()
    _sessions.cache_clear()
    _readers.cache_clear()


@lru_cache
def _writers() -> threading.Lock:
    return threading.Lock()


@contextmanager
def _turn_to_write(wait_seconds: float) -> Iterator[None]:
    """SQLite has one writer at a time, and lets those who wait find out by chance that it is free; here they queue up."""
    if dialect().name != "sqlite":
        yield
        return
    writers = _writers()
    if not writers.acquire(timeout=wait_seconds):
        raise exc.TimeoutError(f"no turn to write within {wait_seconds:g} s")
    try:
        yield
    finally:
        writers.release()


@lru_cache
def _sessions() -> sessionmaker[Session]:
    return sessionmaker(get_engine(), expire_on_commit=False)


@lru_cache
def _readers() -> sessionmaker[Session]:
    look = {ONLY_LOOKS: True} if dialect().name == "sqlite" else _POSTGRESQL_SNAPSHOT
    return sessionmaker(get_engine().execution_options(**look), expire_on_commit=False)


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    # The driver must not begin transactions by itself: a read that later becomes a write would fail at once
    # with "database is locked" instead of waiting.
    connection.isolation_level = None
    cursor = connection.cursor()
    wal = sqlite3.sqlite_version_info >= SAFE_WAL_VERSION
    cursor.execute(f"PRAGMA journal_mode={'WAL' if wal else 'TRUNCATE'}")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA mmap_size=0")
    cursor.close()


def _prepare_postgresql(connection: Any, record: Any) -> None:
    # A process that is frozen inside a transaction would keep its rows locked, and the sweeper could not take its job.
    timeout_ms = int(max(5.0, get_settings().lease_seconds) * 1000)
    connection.execute(f"SET idle_in_transaction_session_timeout = {timeout_ms}")
    connection.commit()


def _begin_sqlite(connection: Any) -> None:
    looks = connection.get_execution_options().get(ONLY_LOOKS, False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if looks else 'OFF'}")
    connection.exec_driver_sql("BEGIN DEFERRED" if looks else "BEGIN IMMEDIATE")
