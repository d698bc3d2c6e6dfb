"""Child processes that are watched: started with a log, restarted when they die, ended whole, never left behind."""

import signal
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from app import storage
from app.processes.subprocess import Command, ManagedProcess
from studio.commands import ROOT

OLD_LOGS = 3
DEATHS, WITHIN_SECONDS = 5, 60.0
FIRST_WAIT_SECONDS, MAX_WAIT_SECONDS = 0.5, 8.0


@dataclass
class ChildProcess:
    """One process that should be running."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: ManagedProcess | None = None
    deaths: deque[float] = field(default_factory=lambda: deque(maxlen=DEATHS))
    start_after: float = 0.0

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return storage.logs_dir() / f"{self.name}.log"

    def start(self) -> None:
        """Start it in a process group of its own, with the signal that it gets if this process is killed."""
        self.process = ManagedProcess(
            Command(tuple(self.command), self.environment, ROOT, log=self.log, ends_with_parent=True)
        )

    def died(self) -> int | None:
        """Exit code if it ended since the last look; whatever it left behind is ended too."""
        if self.process is None or (code := self.process.poll()) is None:
            return None
        self.kill_group()
        self.process = None
        return code

    def plan_restart(self) -> float | None:
        """Seconds to wait before the next start, or None when it has died too often."""
        now = time.monotonic()
        self.deaths.append(now)
        if len(self.deaths) == DEATHS and now - self.deaths[0] < WITHIN_SECONDS:
            return None
        recent = sum(now - moment < WITHIN_SECONDS for moment in self.deaths)
        wait = min(FIRST_WAIT_SECONDS * 2 ** (recent - 1), MAX_WAIT_SECONDS)
        self.start_after = now + wait
        return float(wait)

    def terminate(self) -> None:
        """Ask the main process alone: it knows best how to end what it started."""
        if self.process is not None:
            self.process.terminate()

    def kill_group(self) -> None:
        """End everything in its process group by force."""
        if self.process is not None:
            self.process.signal_group(signal.SIGKILL)


def rotate_log(path: Path) -> None:
    """Put the log of the last start aside as ``.1``, the one before as ``.2``, and so on."""
    if not path.exists() or path.stat().st_size == 0:
        return
    for number in range(OLD_LOGS - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))


def descendants() -> list[psutil.Process]:
    """Every process that descends from this one, also those in sessions of their own."""
    children: list[psutil.Process] = psutil.Process().children(recursive=True)
    return children


def end_all(children: Iterable[ChildProcess], grace_seconds: float, hurry: "Urgency") -> None:
    """Ask every child to end, wait, then end by force whatever is left of them and their descendants."""
    running = [child for child in children if child.process is not None]
    seen = descendants()
    for child in running:
        child.terminate()
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and not hurry.asked and any(_alive(child) for child in running):
        time.sleep(0.05)
        # A trainer may start while we wait; it would otherwise be missed.
        seen += [descendant for descendant in descendants() if descendant not in seen]
    for child in running:
        child.kill_group()
        if child.process is not None:
            child.process.wait()
    _end_leftovers(seen)


@dataclass
class Urgency:
    """Set when a person asks a second time to stop."""

    asked: bool = False


def _alive(child: ChildProcess) -> bool:
    return child.process is not None and child.process.poll() is None


def _end_leftovers(seen: list[psutil.Process]) -> None:
    """Orphans notice their closed pipes by themselves; who has not after a moment is ended by force."""
    _, left = psutil.wait_procs(seen, timeout=0.5)
    for process in left:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=1)
