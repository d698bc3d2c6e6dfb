"""A lock that is granted in order of arrival, so that replies computed on one device alternate step by step."""

import threading
from collections import deque
from types import TracebackType


class FairLock:
    """First come, first served. A context manager; a holder that acquires again at once goes to the end of the queue."""

    def __init__(self) -> None:
        self._waiting: deque[threading.Event] = deque()
        self._locked = False
        self._guard = threading.Lock()

    def acquire(self) -> None:
        """Wait until all who came before have released the lock."""
        with self._guard:
            if not self._locked:
                self._locked = True
                return
            granted = threading.Event()
            self._waiting.append(granted)
        granted.wait()

    def release(self) -> None:
        """Pass the lock to the longest waiting thread, if there is one."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._locked = False

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def locked(self) -> bool:
        """Whether a thread holds the lock."""
        return self._locked
