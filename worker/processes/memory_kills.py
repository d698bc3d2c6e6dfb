"""Counts the processes that the kernel has killed for lack of memory (the OOM killer), from its own counters."""

from collections.abc import Sequence
from pathlib import Path


def oom_kills(counters: Sequence[Path] | None = None) -> int:
    """Number of processes killed for lack of memory, on this machine and in this process's control group.

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
