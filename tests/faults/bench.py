"""What an injection gets to work with, and what one is. Knows no particular fault."""

import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.world import FaultCounts, World, small_world
from tests.servers import PostgresServer, RedisServer


class NotHere(Exception):
    """This machine does not permit the injection; says which right it would take."""


@dataclass
class Bench:
    """Seeded random generators, a folder, tallies and real servers that are started on first use."""

    folder: Path
    seed: int
    counts: FaultCounts = field(default_factory=FaultCounts)
    notes: dict[str, str] = field(default_factory=dict)
    _servers: dict[type, Any] = field(default_factory=dict)

    def rng(self, name: str) -> random.Random:
        """The same numbers for the same seed and name."""
        return random.Random(f"{self.seed}/{name}")

    @contextmanager
    def world(self, name: str, *, database: str = "sqlite", redis: bool = False, **settings: str) -> Iterator[World]:
        """A fresh installation; its invariants are checked when the block ends well."""
        servers: dict[str, Any] = {"redis": self.redis if redis else None}
        if database == "postgresql":
            servers["postgres"] = self.postgres
        home = Path(tempfile.mkdtemp(dir=self.folder, prefix=f"{name}-"))
        with small_world(home, self.rng(name), self.counts, database=database, **servers, **settings) as world:
            yield world
            world.check()

    @property
    def redis(self) -> RedisServer:
        """A real Redis."""
        return self._server(RedisServer)

    @property
    def postgres(self) -> PostgresServer:
        """A real PostgreSQL."""
        return self._server(PostgresServer)

    def close(self) -> None:
        """Stop the servers."""
        for server in self._servers.values():
            server.stop()
        self._servers.clear()

    def _server(self, sort: type) -> Any:
        if sort not in self._servers:
            self._servers[sort] = sort().__enter__()
        return self._servers[sort]


@dataclass(frozen=True)
class Injection:
    """One fault: ``act(bench, count)`` injects it so often and raises AssertionError on the first miss.

    ``full`` is the count of a full run; a smaller run does a share of it. One that ``forks`` trainers comes before whatever
    starts threads in this process.
    """

    name: str
    title: str
    full: int
    act: Callable[[Bench, int], None]
    forks: bool = False
