"""Turns on one device: whoever computes does one step, then goes to the end of the line. Knows no model."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FairLock:
    """Lets many replies share one device: first come, first served, one step at a time."""

    def __init__(self) -> None:
        self._line: deque[threading.Event] = deque()
        self._busy = False
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for the turn."""
        with self._lock:
            if not self._busy:
                self._busy = True
                return
            mine = threading.Event()
            self._line.append(mine)
        mine.wait()

    def give(self) -> None:
        """End the turn; the next in line begins."""
        with self._lock:
            if self._line:
                self._line.popleft().set()
            else:
                self._busy = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One step."""
        self.take()
        try:
            yield
        finally:
            self.give()

    @property
    def taken(self) -> bool:
        """Whether somebody computes."""
        return self._busy
