"""The database: engine, base class, clock, ``transaction()``, the only place that commits, and ``snapshot()`` to look.

SQLite and PostgreSQL take the same path. Knows no table.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Engine, Float, create_engine, event, exc
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.sql.functions import FunctionElement

from app.settings import get_settings

# Below this release two processes that write and checkpoint at once can corrupt a write-ahead log
# (sqlite.org/wal.html, "the WAL-reset bug"); older libraries keep the rollback journal.
SAFE_WAL_VERSION = (3, 51, 3)


# What any of the drivers raises when the database does not answer, is full or is restarting.
AWAY = (exc.OperationalError, exc.InterfaceError, exc.InternalError, exc.TimeoutError)

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
        engine = create_engine(url, connect_args={"timeout": 30.0, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


@contextmanager
def transaction() -> Iterator[Session]:
    """One unit of work: commits at the end, rolls back on any error."""
    with _sessions()() as session, session.begin():
        yield session


@contextmanager
def snapshot() -> Iterator[Session]:
    """One consistent look at the database, which takes no lock that a writer waits for while it works.

    Whoever only looks must use this: many viewers then never keep a supervisor from renewing its lease. The database
    refuses to write here (``DBAPIError``).
    """
    with _readers()() as session, session.begin():
        yield session


def dialect() -> Dialect:
    """The dialect in use, for statements that differ between the databases."""
    return get_engine().dialect


def forget_engine() -> None:
    """Close all connections and read the settings anew; for forked children and tests."""
    get_engine().dispose()
    get_engine.cache_clear()
    _sessions.cache_clear()
    _readers.cache_clear()


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
