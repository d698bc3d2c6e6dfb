"""Real PostgreSQL and Redis servers for tests: free loopback ports, nothing kept, ended with the session."""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import redis

START_SECONDS = 90.0


def free_port() -> int:
    """A loopback port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server process in a temporary folder; used as a context manager."""

    def __init__(self) -> None:
        # Not pytest's own folder: the server may run as another user, who cannot look into that one.
        self.folder = Path(tempfile.mkdtemp(prefix="studio-test-server-"))
        self.port = free_port()
        self.log = self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and wait until it answers."""
        raise NotImplementedError

    def wait_until(self, answers: Callable[[], bool]) -> None:
        """Ask until it answers; otherwise fail with the end of its log."""
        deadline = time.monotonic() + START_SECONDS
        while self.process and self.process.poll() is None and time.monotonic() < deadline:
            if answers():
                return
            signal.sigtimedwait([], 0.02)
        raise RuntimeError(f"{type(self).__name__} did not start: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End the process and remove its folder."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class RedisServer(Server):
    """Redis without persistence."""

    @property
    def url(self) -> str:
        """Address of database 0."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start on loopback only."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    _binary("redis-server"),
                    "--port",
                    str(self.port),
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                    "--dir",
                    str(self.folder),
                ],
                stdout=log,
                stderr=log,
            )
        self.wait_until(self._answers)

    def empty(self) -> None:
        """Forget everything."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


class PostgresServer(Server):
    """PostgreSQL with durability off; it refuses to run as root, so then it runs as another user."""

    @property
    def url(self) -> str:
        """Address of the maintenance database, for psycopg."""
        return f"postgresql://studio@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Make a cluster and start it on loopback only."""
        data = self.folder / "cluster"
        account = self._hand_over_folder()
        with self.log.open("wb") as log:
            subprocess.run(
                [
                    _binary("initdb"),
                    "-D",
                    str(data),
                    "-U",
                    "studio",
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "--locale=C",
                    "--no-sync",
                ],
                check=True,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **account,
            )
        self._serve(account)

    def start_again(self) -> None:
        """Start on the cluster that is there, after its process has ended."""
        self._serve(self._hand_over_folder())

    def _serve(self, account: dict[str, int | list[int]]) -> None:
        quick = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]
        places = ["listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self.folder}"]
        options = [part for value in (*quick, *places) for part in ("-c", value)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [_binary("postgres"), "-D", str(self.folder / "cluster"), *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **account,
            )
        self.wait_until(self._answers)

    @contextmanager
    def database(self, like: str = "template1") -> Iterator[str]:
        """A fresh database, dropped afterwards; yields its address for SQLAlchemy.

        Args:
            like: name of the database that it is a copy of, to which nobody may be connected.
        """
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        try:
            yield f"postgresql+psycopg://studio@127.0.0.1:{self.port}/{name}"
        finally:
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _owner(self) -> pwd.struct_passwd | None:
        if os.geteuid() != 0:
            return None
        known = {item.pw_name: item for item in pwd.getpwall()}
        return known.get("postgres") or known["nobody"]

    def _hand_over_folder(self) -> dict[str, int | list[int]]:
        """Who runs the server: this user, or for root somebody without its rights."""
        account = self._owner()
        if account is None:
            return {}
        os.chown(self.folder, account.pw_uid, account.pw_gid)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _binary(name: str) -> str:
    """Debian keeps PostgreSQL's programs outside PATH."""
    newest_first = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or next(iter(map(str, newest_first)), None)
    if found is None:
        raise RuntimeError(f"The program {name} is missing; `make test` installs it.")
    return found
