"""The warm spare: one trainer process that is already past its slow imports and waits for a job.

Each trainer serves one job and ends. It gets no secret and no database address, only a folder.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from app import storage
from app.settings import get_settings
from worker.processes.sandbox import MEMORY_VARIABLE

# What a trainer may know of our environment; everything else, secrets above all, stays here.
PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "CUDA_VISIBLE_DEVICES",
    "LD_LIBRARY_PATH",
    "GOMP_SPINCOUNT",
    "OMP_NUM_THREADS",
)

FIXED = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
    # Threads that wait by spinning for ever take the cores away from everybody else: with two runs at once a step took
    # 1,450 ms instead of 370. This much spinning costs a lone run nothing.
    "GOMP_SPINCOUNT": "20000",
}


class TrainerProcess:
    """A fresh interpreter in its own process group, spoken to by its standard input."""

    def __init__(self, *, without_device: bool = False) -> None:
        passed = environment() | ({"CUDA_VISIBLE_DEVICES": ""} if without_device else {})
        log = (storage.logs_dir() / "trainer-spare.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", get_settings().trainer_module],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=passed,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id, also the id of its process group."""
        return self._process.pid

    def give(self, folder: Path) -> None:
        """Hand over the attempt folder; the pipe keeps it until the imports are done."""
        self._say(json.dumps({"folder": str(folder)}))

    def ask_to_stop(self) -> None:
        """Ask for an orderly end that keeps the last checkpoint."""
        self._say("cancel")

    def poll(self) -> int | None:
        """Exit code, or None while it lives."""
        return self._process.poll()

    def wait(self, seconds: float) -> int | None:
        """Exit code as soon as it ends, or None when it still lives after so long."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the trainer and everything that it started."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def end(self) -> None:
        """Make sure that nothing of it is left."""
        if self._process.stdin:
            try:
                self._process.stdin.close()
            except BrokenPipeError:
                pass
        self.signal_group(signal.SIGKILL)
        self._process.wait()

    def _say(self, line: str) -> None:
        if self._process.stdin is None:
            return
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return  # It has ended; poll() says how.


_waiting: TrainerProcess | None = None


def take() -> TrainerProcess:
    """The waiting spare if it lives, else a new process."""
    global _waiting
    ready, _waiting = _waiting, None
    if ready is not None and ready.poll() is None:
        return ready
    return TrainerProcess()


def refill() -> None:
    """Start a spare for the next job, if none waits."""
    global _waiting
    if _waiting is None or _waiting.poll() is not None:
        _waiting = TrainerProcess()


def dismiss() -> None:
    """End the waiting spare."""
    global _waiting
    if _waiting is not None:
        _waiting.end()
        _waiting = None


def environment() -> dict[str, str]:
    """What a process that holds models may know of ours: no secret and no address."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**FIXED, **passed, MEMORY_VARIABLE: str(get_settings().trainer_memory_bytes)}
