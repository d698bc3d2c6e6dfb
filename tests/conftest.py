"""Fixtures for every test: a data folder of its own, the owner, and real database and message servers on loopback."""

import asyncio
import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher

from app import db, storage
from app import models as _tables  # noqa: F401 - fills the metadata
from app.migrate import upgrade
from app.processes import garbage_collection
from app.queue import celery_app
from app.readers import isolation
from app.services.accounts import attempts, denials, passwords
from app.services.accounts.accounts import ensure_owner
from app.settings import get_settings
from tests.forked_parser import ParserProcess
from tests.servers import PostgresServer, RedisServer
from worker.processes import prewarmed

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Workers under test would take seconds of the processor away from each other.
os.environ.setdefault("STUDIO_MEASURE_SPEED", "false")
# Several files run at a time. Threads of one training that wait for each other at every operation lose what the other file's
# training takes: with one thread each, both end sooner. Set before torch is loaded, and passed on to trainers.
os.environ.setdefault("OMP_NUM_THREADS", "1")


# Modules and tests are made once and stay: a quarter of the time that collecting them takes went into looking for garbage.
gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a browser test once more, listed as RERUN: what it reads may come late on a busy machine. A fault of the page fails twice."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["AssertionError", "Timeout"]))


def pytest_collection_finish() -> None:
    """Collect garbage from here on, but never what modules and tests have left."""
    garbage_collection.resume()


def forget_settings() -> None:
    """Let the next caller read settings, database and broker anew."""
    get_settings.cache_clear()
    db.forget_engine()
    celery_app.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def prewarmed_trainer() -> Iterator[None]:
    """The trainer that waits for the next job serves the next test's run, as it does in a worker; it ends with the session.

    A test that runs another trainer module dismisses it before and after.
    """
    yield
    prewarmed.dismiss()


@pytest.fixture(scope="session", autouse=True)
def parser_process() -> Iterator[None]:
    """Files are parsed in forks of one process; `tests/app/readers/test_isolation.py` starts one for each, as the studio does."""
    with ParserProcess() as process, pytest.MonkeyPatch.context() as patch:
        patch.setattr(isolation, "_run", process.run)
        yield


@pytest.fixture(scope="session")
def empty_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no row, to copy: making it takes longer than most tests."""
    made = tmp_path_factory.mktemp("tables") / "empty.db"
    engine = db.make_engine(f"sqlite:///{made}")
    db.Base.metadata.create_all(engine)
    engine.dispose()
    return made


@pytest.fixture
def studio_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_tables: Path) -> Iterator[Path]:
    """A fresh data folder with all tables."""
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path / "data"))
    forget_settings()
    shutil.copyfile(empty_tables, storage.data_dir() / "studio.db")
    yield tmp_path / "data"
    forget_settings()


@pytest.fixture(autouse=True)
def no_earlier_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Denials and failed sign-ins of other tests from the same address do not count."""
    monkeypatch.setattr(denials, "BOUND", denials.Bound())
    monkeypatch.setattr(attempts, "BY_ADDRESS", attempts.Attempts(20, 60.0))
    monkeypatch.setattr(attempts, "BY_ACCOUNT", attempts.Attempts(10, 300.0))


# A hash of full strength takes a tenth of a second; how strong it is has a test of its own.
STRONG_HASHER, passwords.HASHER = passwords.HASHER, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def owner(request: pytest.FixtureRequest, studio_home: Path) -> str:
    """The owner's user id, in whichever database the test uses."""
    if "any_database" in request.fixturenames:
        request.getfixturevalue("any_database")
    return ensure_owner().id


@contextmanager
def light_executor() -> Iterator[None]:
    """A light worker in threads of this process, with its real processes for checks, on the data folder of the settings."""
    from app.queue import LIGHT_QUEUE
    from worker.executor import Executor
    from worker.jobs import supervisor

    executor = Executor(LIGHT_QUEUE)
    executor.start()
    yield
    supervisor.stopping.set()
    executor.leave()
    supervisor.stopping.clear()


@pytest.fixture
def light_worker(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A light worker on the test's own data folder."""
    monkeypatch.setenv("STUDIO_POLL_SECONDS", "0.1")
    get_settings.cache_clear()
    with light_executor():
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Chromium without a window, for all files; each page or person has a context of its own in it."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(autouse=True)
def loop_without_browser(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let tests without the browser run loops of their own: Playwright's, which stands still meanwhile, counts as running."""
    standing = asyncio._get_running_loop()
    if standing is None or "browser" in request.fixturenames:
        yield
        return
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(standing)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL server for the whole session."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Address of a fresh, empty PostgreSQL database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One Redis server for the whole session."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """Address of an emptied Redis server."""
    redis_server.empty()
    return redis_server.url


def _migrate(url: str) -> None:
    """Bring a database to the newest revision, and let go of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_DATABASE_URL", url)
        forget_settings()
        upgrade()
    forget_settings()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file without rows, to copy."""
    made = tmp_path_factory.mktemp("migrated") / "migrated.db"
    _migrate(f"sqlite:///{made}")
    return made


@pytest.fixture(scope="session")
def migrated_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a migrated PostgreSQL database without rows, to copy."""
    with postgres_server.database() as url:
        _migrate(url)
        yield url.rpartition("/")[2]


@pytest.fixture
def migrated_postgres_url(postgres_server: PostgresServer, migrated_database: str) -> Iterator[str]:
    """Address of a migrated PostgreSQL database of the test's own."""
    with postgres_server.database(like=migrated_database) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request: pytest.FixtureRequest, studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a migrated database, once of each kind; the settings already name it."""
    if request.param == "sqlite":
        url = f"sqlite:///{studio_home / 'migrated.db'}"
        shutil.copyfile(request.getfixturevalue("migrated_file"), studio_home / "migrated.db")
    else:
        url = request.getfixturevalue("migrated_postgres_url")
    monkeypatch.setenv("STUDIO_DATABASE_URL", url)
    forget_settings()
    yield url
    # Connections must be closed before a PostgreSQL database can be dropped.
    db.forget_engine()
