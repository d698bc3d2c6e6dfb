"""The other processes of a run that learns on several devices: started, told what to do, and never outliving the first.

They are started as torchrun starts its own, with ``RANK`` and ``WORLD_SIZE`` in the environment, but in the first one's process
group instead of sessions of their own: whoever stops, freezes or kills the group reaches all of them. When one ends badly,
the first ends in the same way, so that the supervisor sees one process with one cause. Must not import torch.
"""

import json
import os
import threading
import time
from pathlib import Path

from app.processes.subprocess import ROOT, Command, ManagedProcess, inherited_prefix, python_module

RANK, COUNT = "RANK", "WORLD_SIZE"
LOOK_SECONDS = 0.2
# A process whose companion died learns of it by a broken connection, a moment before or after the death is seen here.
AFTERMATH_SECONDS = 5.0


def own_rank() -> int:
    """0 for the process that the supervisor started."""
    return int(os.environ.get(RANK, "0"))


class RankProcesses:
    """The processes 1 to ``count`` - 1, started by process 0."""

    def __init__(self, folder: Path, count: int) -> None:
        self._processes = [_start(folder, number, count) for number in range(1, count)]
        self._over = False
        if self._processes:
            threading.Thread(target=self._watch, daemon=True, name="companions").start()

    def release(self) -> None:
        """The common part of the work is done; from now on nobody minds how they end."""
        self._over = True

    def share_fate(self) -> None:
        """After a failure of this process: if another failed first, end in its way; returns if none did."""
        deadline = time.monotonic() + AFTERMATH_SECONDS
        while self._processes and time.monotonic() < deadline:
            self._end_as_the_first_that_failed()
            time.sleep(LOOK_SECONDS)

    def _watch(self) -> None:
        while not self._over:
            self._end_as_the_first_that_failed()
            time.sleep(LOOK_SECONDS)

    def _end_as_the_first_that_failed(self) -> None:
        codes = [each.poll() for each in self._processes]
        code = next((each for each in codes if each), None)
        if code is None or self._over:
            return
        if code < 0:
            os.kill(os.getpid(), -code)
        os._exit(code)


def _start(folder: Path, rank: int, count: int) -> ManagedProcess:
    process = ManagedProcess(
        Command(
            python_module("worker.trainer"),
            {**inherited_prefix(""), RANK: str(rank), COUNT: str(count)},
            # The package is found from where rank 0 was started, which has moved to the run's folder since.
            folder=ROOT,
            # The pipe stays open as long as rank 0 lives; its end tells the others that they are alone.
            has_input=True,
            own_group=False,
        )
    )
    process.send_line(json.dumps({"folder": str(folder)}))
    return process
