"""Exclusive use of GPUs between workers that see the same ones: a lock file per GPU, held during a run.

The kernel releases a lock when its process ends, however it ends. A worker that waits for several GPUs also locks a second file
of each, so that the workers of single GPUs leave them to it after their current run. Must not import torch.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from app import storage

POLL_SECONDS = 0.1


@contextlib.contextmanager
def hold(names: Sequence[str], keep_waiting: Callable[[], bool]) -> Iterator[bool]:
    """Hold all these GPUs while the block runs; yields whether they were acquired.

    Args:
        names: the driver's ids; none for the processor, which has no lock.
        keep_waiting: polled while another worker holds one of them.
    """
    with contextlib.ExitStack() as held:
        wanted = contextlib.ExitStack()
        held.push(wanted)
        for name in names:
            _lock(_file(name, "wanted"), wanted)
        # In the same order everywhere, so that two workers cannot deadlock.
        waiting = sorted(names)
        while waiting and keep_waiting():
            if _lock(_file(waiting[0], "lock"), held):
                waiting.pop(0)
            else:
                time.sleep(POLL_SECONDS)
        wanted.close()
        yield not waiting


def is_wanted(names: Sequence[str]) -> bool:
    """Whether another worker waits for one of these GPUs."""
    with contextlib.ExitStack() as tried:
        return not all(_lock(_file(name, "wanted"), tried) for name in names)


def _lock(path: Path, stack: contextlib.ExitStack) -> bool:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    stack.callback(os.close, descriptor)
    return True


def _file(name: str, kind: str) -> Path:
    folder = storage.state_dir() / "devices"
    folder.mkdir(exist_ok=True)
    return folder / f"{name.replace('/', '-')}.{kind}"
