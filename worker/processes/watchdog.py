"""Detects a hung trainer: its stacks are written to its log, then it is killed."""

import signal
import time
from collections import deque
from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from app.processes.subprocess import ManagedProcess

# A hang is at least this many median step times, so that a slow machine is not taken for a hung trainer.
MIN_SILENT_STEPS = 20
DUMP_SECONDS = 1.0


class Watchdog:
    """Ends a trainer that reports nothing for too long, after it has written the stacks of its threads to its log."""

    def __init__(self, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._observed_at = time.monotonic()
        self._step_seconds: deque[float] = deque(maxlen=50)
        self._last: tuple[int, float] | None = None
        self._dumped_at: float | None = None
        self.silence = 0.0

    @property
    def ended_trainer(self) -> bool:
        """Whether it found a hang and ended the trainer."""
        return self._dumped_at is not None

    def observe(self, lines: Iterable[Mapping[str, Any]]) -> None:
        """Note spool lines: any of them is a sign of life, those of progress tell the time of a step."""
        for line in lines:
            self._observed_at = time.monotonic()
            if line["type"] == "progress" and "step" in line:
                if self._last and line["step"] > self._last[0]:
                    self._step_seconds.append((line["at"] - self._last[1]) / (line["step"] - self._last[0]))
                self._last = (line["step"], line["at"])

    def check(self, trainer: ManagedProcess) -> None:
        """To be called often: asks a silent trainer for its stacks, and a second later kills it."""
        now = time.monotonic()
        if self._dumped_at is not None:
            if now - self._dumped_at > DUMP_SECONDS:
                trainer.signal_group(signal.SIGKILL)
            return
        min_silence = MIN_SILENT_STEPS * median(self._step_seconds) if self._step_seconds else 0.0
        if now - self._observed_at > max(self._stall_seconds, min_silence):
            self.silence = now - self._observed_at
            self._dumped_at = now
            trainer.signal_group(signal.SIGUSR1)
