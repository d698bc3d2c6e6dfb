"""The processes of ranks 1 and above of a run on several devices, started and watched by rank 0.

As with torchrun they get ``RANK`` and ``WORLD_SIZE`` in the environment, but they stay in the process group of rank 0, so that
a signal to the group reaches all of them. When one fails, rank 0 ends in the same way: the supervisor sees one process with one
cause. Must not import torch.
"""

import json
import os
import tempfile
import threading
import time
from pathlib import Path

from app.processes.subprocess import ROOT, Command, ManagedProcess, inherited, inherited_all, python_module

RANK, COUNT = "RANK", "WORLD_SIZE"
POLL_SECONDS = 0.2
# A failed rank shows as a broken connection in the others, perhaps before its exit is seen here.
FAILURE_SECONDS = 5.0


def own_rank() -> int:
    """0 for the process that the supervisor started."""
    return int(inherited([RANK]).get(RANK, "0"))


class RankProcesses:
    """The processes 1 to ``count`` - 1, started by process 0."""

    def __init__(self, folder: Path, count: int) -> None:
        self._processes = [_start(folder, rank, count) for rank in range(1, count)]
        self._released = False
        if self._processes:
            threading.Thread(target=self._watch, daemon=True, name="ranks").start()

    def release(self) -> None:
        """Ignore from now on how the other ranks end: the common part of the work is done."""
        self._released = True

    def exit_with_failed_rank(self) -> None:
        """After a failure of rank 0: exit as the first other rank that failed, if one did within some seconds."""
        deadline = time.monotonic() + FAILURE_SECONDS
        while self._processes and time.monotonic() < deadline:
            self._exit_as_failed_rank()
            time.sleep(POLL_SECONDS)

    def _watch(self) -> None:
        while not self._released:
            self._exit_as_failed_rank()
            time.sleep(POLL_SECONDS)

    def _exit_as_failed_rank(self) -> None:
        codes = [process.poll() for process in self._processes]
        code = next((code for code in codes if code), None)
        if code is None or self._released:
            return
        if code < 0:
            os.kill(os.getpid(), -code)
        os._exit(code)


def _start(folder: Path, rank: int, count: int) -> ManagedProcess:
    process = ManagedProcess(
        Command(
            python_module("worker.trainer"),
            {**inherited_all(), "TMPDIR": tempfile.gettempdir(), RANK: str(rank), COUNT: str(count)},
            # The package is found from where rank 0 was started, which has moved to the run's folder since.
            folder=ROOT,
            # The pipe stays open as long as rank 0 lives; its end tells the others that they are alone.
            has_input=True,
            own_group=False,
        )
    )
    process.send_line(json.dumps({"folder": str(folder)}))
    return process
