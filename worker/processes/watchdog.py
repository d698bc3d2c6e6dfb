"""Looks after a trainer that runs: is it still getting anywhere, does its log stay small. Knows no database."""

import os
import signal
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from worker.processes.trainer_process import TrainerProcess

# A hang is at least this many of the usual step times, so that a slow machine is not taken for a stuck one.
STEPS_OF_SILENCE = 20
DUMP_SECONDS = 1.0


class Watchdog:
    """Ends a trainer that reports nothing for too long, after it has written all its stacks to its log."""

    def __init__(self, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._heard_at = time.monotonic()
        self._paces: deque[float] = deque(maxlen=50)
        self._last: tuple[int, float] | None = None
        self._dumped_at: float | None = None
        self.silence = 0.0

    @property
    def bitten(self) -> bool:
        """Whether it has ended the trainer."""
        return self._dumped_at is not None

    def hear(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Every line is a sign of life; progress lines say how long a step takes."""
        for line in lines:
            self._heard_at = time.monotonic()
            if line["type"] == "progress" and "step" in line:
                if self._last and line["step"] > self._last[0]:
                    self._paces.append((line["at"] - self._last[1]) / (line["step"] - self._last[0]))
                self._last = (line["step"], line["at"])

    def look(self, trainer: TrainerProcess) -> None:
        """To be called often: asks a silent trainer for its stacks, and a moment later ends it."""
        now = time.monotonic()
        if self._dumped_at is not None:
            if now - self._dumped_at > DUMP_SECONDS:
                trainer.signal_group(signal.SIGKILL)
            return
        usual = STEPS_OF_SILENCE * median(self._paces) if self._paces else 0.0
        if now - self._heard_at > max(self._stall_seconds, usual):
            self.silence = now - self._heard_at
            self._dumped_at = now
            trainer.signal_group(signal.SIGUSR1)


def killed_for_memory(counters: Sequence[Path] | None = None) -> int:
    """How many processes the kernel has ended for lack of memory, here and in whatever bounds this process.

    Args:
        counters: files with a line ``oom_kill N``; by default those of this process's control group (memory.events, or
            memory.oom_control of the older kind) and of the whole machine.
    """
    return sum(_count_kills(path) for path in (MEMORY_COUNTERS if counters is None else counters))


def _count_kills(path: Path) -> int:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _memory_counters() -> list[Path]:
    found = [Path("/proc/vmstat")]
    try:
        groups = Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except OSError:
        return found
    for line in groups:
        _, controllers, path = line.split(":", 2)
        home = Path("/sys/fs/cgroup")
        if not controllers:
            found.append(home / path.strip("/") / "memory.events")
        elif "memory" in controllers.split(","):
            found.append(home / "memory" / path.strip("/") / "memory.oom_control")
    return found


MEMORY_COUNTERS = _memory_counters()


def free_bytes(folder: Path) -> int:
    """Space left on the disk for an ordinary user."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
